"""A job's folder: its owner's alone, and gone with the job, at the latest when the next one begins."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from CovidQuantLib.slicer_app.private_folder import PrivateFolder


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_only_its_owner_may_look_into_it(tmp_path: Path) -> None:
    assert stat.S_IMODE(PrivateFolder(tmp_path).path.stat().st_mode) == 0o700


def test_names_are_random_and_say_nothing_of_the_case(tmp_path: Path) -> None:
    assert PrivateFolder(tmp_path).path.name != PrivateFolder(tmp_path).path.name


def test_it_is_gone_with_all_that_lies_in_it(tmp_path: Path) -> None:
    folder = PrivateFolder(tmp_path)
    (folder.path / "results").mkdir()
    (folder.path / "results" / "ct.nrrd").write_bytes(b"voxels")
    folder.remove()
    folder.remove()
    assert list(tmp_path.iterdir()) == []


def test_what_a_crash_has_left_goes_when_the_next_job_begins(tmp_path: Path) -> None:
    code = "import pathlib, sys; from CovidQuantLib.slicer_app.private_folder import PrivateFolder\n"
    code += "PrivateFolder(pathlib.Path(sys.argv[1]))"
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)
    (left,) = tmp_path.iterdir()
    folder = PrivateFolder(tmp_path)
    assert list(tmp_path.iterdir()) == [folder.path]
    assert not left.exists()


def test_the_folder_of_another_running_job_stays(tmp_path: Path) -> None:
    other = PrivateFolder(tmp_path)
    PrivateFolder(tmp_path)
    assert other.path.is_dir()


def test_a_folder_that_is_just_being_made_stays(tmp_path: Path) -> None:
    young, old = tmp_path / "covidquant-job-young", tmp_path / "covidquant-job-old"
    for folder in (young, old):
        folder.mkdir()
    os.utime(old, (0, 0))
    PrivateFolder(tmp_path)
    assert young.is_dir()
    assert not old.exists()

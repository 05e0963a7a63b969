"""Outputs appear whole or not at all, and nothing of the user's is written over."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from CovidQuantLib.files import check_free, whole_file, whole_folder
from CovidQuantLib.messages import Cancelled, InputError


def test_a_folder_appears_only_when_it_is_complete(tmp_path: Path) -> None:
    target = tmp_path / "results"
    with whole_folder(target) as folder:
        (folder / "a.txt").write_text("a")
        assert not target.exists()
    assert [path.name for path in target.iterdir()] == ["a.txt"]


@pytest.mark.parametrize("stop", [Cancelled, KeyboardInterrupt, ValueError])
def test_a_stopped_job_leaves_nothing_behind(tmp_path: Path, stop: type[BaseException]) -> None:
    with pytest.raises(stop), whole_folder(tmp_path / "results") as folder:
        (folder / "a.txt").write_text("a")
        raise stop
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_anything_is_refused_and_kept(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="not empty"), whole_folder(tmp_path):
        pytest.fail("nothing may be computed for a folder that is taken")
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_an_empty_folder_may_be_filled(tmp_path: Path) -> None:
    target = tmp_path / "results"
    target.mkdir()
    with whole_folder(target) as folder:
        (folder / "a.txt").write_text("a")
    assert (target / "a.txt").exists()


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_to_an_empty_folder_fills_that_folder(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    with whole_folder(tmp_path / "link") as folder:
        (folder / "a.txt").write_text("a")
    assert (tmp_path / "real" / "a.txt").exists()
    assert (tmp_path / "link").is_symlink()
    assert len(list(tmp_path.iterdir())) == 2


def refused(target: Path) -> str:
    with pytest.raises(InputError) as refusal:
        check_free(target)
    return str(refusal.value)


def test_what_cannot_become_the_output_folder_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "SECRET").write_text("a file where the folder should be")
    assert "SECRET" not in refused(tmp_path / "SECRET" / "deep" / "results")
    assert "xxx" not in refused(tmp_path / ("x" * 300))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    assert "new folder in it" in refused(Path())
    check_free(Path("results"))
    check_free(tmp_path / "deep" / "results")


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_to_itself_is_no_output_folder(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    assert "output folder" in refused(tmp_path / "loop")


def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No space left"), whole_folder(tmp_path / "results") as folder:
        (folder / "a.txt").write_text("a")
        raise OSError(errno.ENOSPC, "No space left on device", "/home/SECRET/results/a.txt")
    assert list(tmp_path.iterdir()) == []


def test_a_bug_that_looks_like_a_disk_stays_a_bug(tmp_path: Path) -> None:
    # A template that is missing is an OSError too, but one without a number.
    with pytest.raises(OSError, match=r"report\.html"), whole_folder(tmp_path / "results"):
        raise OSError("report.html")
    assert list(tmp_path.iterdir()) == []


def test_the_sentence_about_a_refused_write_names_no_path(tmp_path: Path) -> None:
    (tmp_path / "SECRET").write_text("a file where the folder should be")
    with pytest.raises(InputError) as refused, whole_folder(tmp_path / "SECRET" / "results"):
        pass
    assert "SECRET" not in str(refused.value)


def test_a_file_keeps_its_old_content_until_the_new_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "numbers.json"
    target.write_text("old")
    with pytest.raises(ValueError), whole_file(target) as temporary:  # noqa: PT011 - raised here
        temporary.write_text("half")
        raise ValueError
    assert target.read_text() == "old"
    with whole_file(target) as temporary:
        assert temporary.suffix == ".json"
        temporary.write_text("new")
    assert target.read_text() == "new"
    assert len(list(tmp_path.iterdir())) == 1

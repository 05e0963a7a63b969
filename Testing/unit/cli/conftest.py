"""A small synthetic chest on disk, and the command line in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from CovidQuantLib.cli.main import main
from CovidQuantLib.ct.writing import write_ct
from CovidQuantLib.synthetic_chest import SMALL, SyntheticChest, make_chest
from Testing.dicom_factory import SeriesSpec, plant, write_series
from Testing.planted import DATE, DIGITS, WORD

Run = Callable[..., "subprocess.CompletedProcess[str]"]
SaidBy = Callable[..., tuple[int, str]]


@pytest.fixture(scope="session")
def chest() -> SyntheticChest:
    return make_chest(SMALL)


@pytest.fixture(scope="session")
def ct_file(chest: SyntheticChest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ct") / "ct.nii.gz"
    write_ct(path, chest.ct)
    return path


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {**os.environ, "COVIDQUANT_CONFIG": str(tmp_path / "configuration")}


@pytest.fixture
def covidquant(environment: dict[str, str], tmp_path: Path) -> Run:
    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        # A standard input that stays open, as the module that starts a worker keeps it.
        commands, kept_open = os.pipe()
        try:
            return subprocess.run(
                [sys.executable, "-m", "CovidQuantLib.cli", *map(str, arguments)],
                stdin=commands,
                capture_output=True,
                text=True,
                cwd=tmp_path,
                env=environment,
                check=False,
            )
        finally:
            os.close(kept_open)
            os.close(commands)

    return run


@pytest.fixture(scope="session")
def planted(chest: SyntheticChest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DICOM series that carries the planted words in every tag, UID, date, file name and folder name."""
    folder = tmp_path_factory.mktemp("dicom") / WORD / DATE
    i, j, k = chest.ct.geometry.spacing
    spec = SeriesSpec(
        spacing=(i, j, k),
        name=f"{WORD}-{DIGITS}-{{:03d}}.dcm",
        each=lambda _, dataset: plant(dataset, word=WORD, digits=DIGITS, date=DATE),
    )
    write_series(folder, chest.ct.hu, spec)
    return folder


@pytest.fixture
def said_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> SaidBy:
    """The command line in this process: its exit code, and everything that it said."""
    monkeypatch.setenv("COVIDQUANT_CONFIG", str(tmp_path / "configuration"))
    monkeypatch.setenv("COVIDQUANT_DATA", str(tmp_path / "data"))
    monkeypatch.setattr("CovidQuantLib.cli.main.logging.disable", lambda _: None)

    def run(*words: str | Path) -> tuple[int, str]:
        code = main([str(word) for word in words])
        return code, "".join(capfd.readouterr())

    return run

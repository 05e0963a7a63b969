"""A small synthetic chest on disk, and the command line in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from CovidQuantLib.ct.writing import write_ct
from CovidQuantLib.synthetic_chest import SMALL, SyntheticChest, make_chest

Run = Callable[..., "subprocess.CompletedProcess[str]"]


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

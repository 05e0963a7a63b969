"""How the worker is called: Slicer's own Python, this library first on its path, nothing of the working folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

LIBRARY_FOLDER = Path(__file__).resolve().parents[2]
"""The folder that holds `CovidQuantLib`: of the sources, of the build tree or of the installed extension."""


def worker_command(arguments: Sequence[str]) -> list[str]:
    """Program and arguments of `covidquant ARGUMENTS --json-progress`.

    In Slicer `sys.executable` is PythonSlicer, a launcher that has the real Python as its child.
    """
    return [sys.executable, "-m", "CovidQuantLib.cli", *map(str, arguments), "--json-progress"]


def worker_variables(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables that differ from those of this process."""
    given = [entry for entry in environment.get("PYTHONPATH", "").split(os.pathsep) if entry]
    return {
        "PYTHONPATH": os.pathsep.join([str(LIBRARY_FOLDER), *given]),
        "PYTHONSAFEPATH": "1",
        "PYTHONUTF8": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def working_folder() -> Path:
    """A folder that exists and that no results are written into: the user's home, else the root of the disk."""
    home = Path.home()
    return home if home.is_dir() else Path(home.anchor or os.sep)

"""A folder for one job's files: with a random name, for its owner only, and gone when the job is."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from pathlib import Path

import psutil

_PREFIX = "covidquant-job-"
_OWNER_FILE = "owner"
_HALF_MADE_S = 60.0
_CLOCK_TOLERANCE_S = 60.0


class PrivateFolder:
    """Made at once; removed by `remove`, and by the next one that is made where this program has ended without it.

    `path` has mode 0700 and a random name. Raises `OSError` where the disk refuses.
    """

    def __init__(self, parent: Path | None = None) -> None:
        parent = Path(tempfile.gettempdir()) if parent is None else parent
        remove_left_over(parent)
        # mkdtemp gives mode 0700 and a name that cannot be guessed.
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        started = psutil.Process().create_time()
        (self.path / _OWNER_FILE).write_text(f"{os.getpid()} {started}", encoding="ascii")

    def remove(self) -> None:
        """Remove the folder with everything in it; not an error where it is gone."""
        shutil.rmtree(self.path, ignore_errors=True)


def remove_left_over(parent: Path) -> None:
    """Remove the folders in `parent` whose owner has ended: a crash left them. Others' folders are left alone."""
    for folder in parent.glob(f"{_PREFIX}*"):
        if _is_left_over(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_left_over(folder: Path) -> bool:
    try:
        pid, started = (folder / _OWNER_FILE).read_text(encoding="ascii").split()
        return not _still_runs(int(pid), float(started))
    except (OSError, ValueError):
        # Made this very moment, or cut off while it was made.
        return _age_s(folder) > _HALF_MADE_S


def _age_s(folder: Path) -> float:
    try:
        return time.time() - folder.stat().st_mtime
    except OSError:
        return 0.0


def _still_runs(pid: int, started: float) -> bool:
    """Whether the process runs that had this number then: numbers are given again, and clocks are put right."""
    try:
        return abs(psutil.Process(pid).create_time() - started) < _CLOCK_TOLERANCE_S
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True

"""A folder for one job's files: with a random name, for its owner only, and gone when the job is."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_PREFIX = "covidquant-job-"
_LOCK_FILE = "in-use"
_HALF_MADE_S = 60.0


class PrivateFolder:
    """Made at once; removed by `remove`, and by the next one that is made where this program has ended without it.

    `path` has mode 0700 and a random name. Raises `OSError` where the disk refuses.
    """

    def __init__(self, parent: Path | None = None) -> None:
        parent = Path(tempfile.gettempdir()) if parent is None else parent
        remove_left_over(parent)
        # mkdtemp gives mode 0700 and a name that cannot be guessed.
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
        # Locked for as long as this process lives; the system unlocks it however that ends.
        self._lock: int | None = os.open(self.path / _LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
        _take(self._lock)

    def remove(self) -> None:
        """Remove the folder with everything in it; not an error where it is gone."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        shutil.rmtree(self.path, ignore_errors=True)


def remove_left_over(parent: Path) -> None:
    """Remove the folders in `parent` whose owner has ended: a crash left them. Others' folders are left alone."""
    for folder in parent.glob(f"{_PREFIX}*"):
        if _is_left_over(folder):
            shutil.rmtree(folder, ignore_errors=True)


def _is_left_over(folder: Path) -> bool:
    try:
        lock = os.open(folder / _LOCK_FILE, os.O_RDWR)
    except FileNotFoundError:
        # Made this very moment, or cut off while it was made.
        return _age_s(folder) > _HALF_MADE_S
    except OSError:
        return False
    try:
        return _take(lock)
    finally:
        os.close(lock)


def _take(lock: int) -> bool:
    """Lock a file, where nobody has; gives whether that was so."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(lock, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _age_s(folder: Path) -> float:
    try:
        return time.time() - folder.stat().st_mtime
    except OSError:
        return 0.0

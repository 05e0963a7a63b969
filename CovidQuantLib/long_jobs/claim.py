"""One job at a time into one output: a lock that the system takes back from a process that dies."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from CovidQuantLib.messages import InputError

LOCK_FILE = "lock"


@contextlib.contextmanager
def claimed(folder: Path, what: str = "training") -> Iterator[None]:
    """Hold `folder`, which is made, for this `what` until the block ends; it goes where nothing was put into it.

    A share that knows no locks lets everybody in. Raises `InputError` where another process holds the folder, or it
    cannot be written.
    """
    path = folder / LOCK_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = path.open("ab")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"What the {what} keeps while it runs has no place at the output: {reason}. Choose another output."
        ) from error
    with file:
        # A file without a name is that of a training which has ended just now, and holds nobody else up.
        if not _is_locked_for_us(file.fileno()) or os.fstat(file.fileno()).st_nlink == 0:
            raise InputError(
                f"Another {what} into this output is running. Wait until it has ended, or choose another output."
            )
        try:
            yield
        finally:
            # While it is held: whoever comes later makes a new one. Windows removes no file that is open.
            with contextlib.suppress(OSError):
                path.unlink()
                folder.rmdir()


if sys.platform == "win32":
    import msvcrt

    def _is_locked_for_us(descriptor: int) -> bool:
        """Whether this process holds the file now."""
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        except OSError:
            return True
        return True

else:
    import fcntl

    def _is_locked_for_us(descriptor: int) -> bool:
        """Whether this process holds the file now, or the disk knows no locks."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

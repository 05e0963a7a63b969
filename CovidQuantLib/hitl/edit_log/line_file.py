"""A file that grows by whole lines: each is with the operating system when `write` returns."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import NoReturn

from CovidQuantLib.messages import InputError

_FLAGS = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)


class LineFile:
    """Appends lines to `path`, which is made with mode 0600. All methods raise `InputError` where the disk refuses."""

    def __init__(self, path: Path) -> None:
        try:
            self._descriptor = os.open(path, _FLAGS, 0o600)
            self._length = os.fstat(self._descriptor).st_size
            _sync_folder(path.parent)
        except OSError as error:
            _refuse(error)

    def write(self, line: bytes) -> None:
        """Append `line` whole; on failure the file stays as it was."""
        try:
            written = 0
            while written < len(line):
                written += os.write(self._descriptor, line[written:])
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self._length)
            _refuse(error)
        self._length += len(line)

    def sync(self) -> None:
        """Bring what was written onto the disk: it survives a power cut."""
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            _refuse(error)

    def close(self) -> None:
        """Bring it onto the disk and close it."""
        try:
            self.sync()
        finally:
            os.close(self._descriptor)


def _sync_folder(folder: Path) -> None:
    """Make the file's name survive a power cut, where the system lets folders be synced (not Windows, some shares)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _refuse(error: OSError) -> NoReturn:
    reason = error.strerror or type(error).__name__
    raise InputError(
        f"The edit log cannot be written: {reason}. The correction itself is not affected, but its time is not logged."
    ) from error

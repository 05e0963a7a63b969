"""Silence for native readers: ITK, GDCM and the NIfTI library write paths and identifiers to the process's streams."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from CovidQuantLib.messages import InputError

_ONE_AT_A_TIME = threading.RLock()
_STREAMS = (1, 2)


def native_name(path: Path) -> str:
    """The path as native readers take it. Raises `InputError` where it is no Unicode: they would end the process."""
    name = str(path)
    try:
        name.encode()
    except UnicodeEncodeError:
        raise InputError(
            "The name of the file, or of a folder that it lies in, holds characters that cannot be read. Rename it."
        ) from None
    return name


@contextlib.contextmanager
def silence() -> Iterator[IO[bytes]]:
    """Keep what native code and pydicom write to the standard streams, to warnings and to logging out of everything.

    Yields the file that holds what native code wrote: for a program to look for known words, never to be shown.
    The redirection holds for the whole process: keep the body short, and call no progress in it.
    """
    pydicom_log = logging.getLogger("pydicom")
    level = pydicom_log.level
    with _ONE_AT_A_TIME, contextlib.ExitStack() as restore:
        said = restore.enter_context(tempfile.TemporaryFile())
        for stream in _STREAMS:
            _redirect(stream, said.fileno(), restore)
        restore.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        restore.callback(pydicom_log.setLevel, level)
        pydicom_log.setLevel(logging.CRITICAL + 1)
        yield said


def _redirect(stream: int, target: int, restore: contextlib.ExitStack) -> None:
    """Point a file descriptor to `target` until `restore` closes; a process without that stream has nothing to hide."""
    try:
        kept = os.dup(stream)
    except OSError:
        return
    restore.callback(os.close, kept)
    restore.callback(os.dup2, kept, stream)
    os.dup2(target, stream)

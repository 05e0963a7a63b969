"""Silence for native readers: ITK, GDCM and the NIfTI library write paths and identifiers to the process's streams."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
import warnings
from collections.abc import Iterator

_ONE_AT_A_TIME = threading.RLock()
_STREAMS = (1, 2)


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Drop what native code and pydicom write to standard output, standard error, warnings and logging meanwhile.

    The redirection holds for the whole process: keep the body short, and call no progress in it.
    """
    pydicom_log = logging.getLogger("pydicom")
    level = pydicom_log.level
    with _ONE_AT_A_TIME, contextlib.ExitStack() as restore:
        for stream in _STREAMS:
            _redirect(stream, restore)
        restore.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        restore.callback(pydicom_log.setLevel, level)
        pydicom_log.setLevel(logging.CRITICAL + 1)
        yield


def _redirect(stream: int, restore: contextlib.ExitStack) -> None:
    """Point the file descriptor to the null device until `restore` closes; a process without it has nothing to hide."""
    try:
        kept = os.dup(stream)
    except OSError:
        return
    restore.callback(os.close, kept)
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, stream)
    finally:
        os.close(null)
    restore.callback(os.dup2, kept, stream)

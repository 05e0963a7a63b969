"""Outputs appear whole: everything is written under a temporary name beside its target and renamed when complete."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from CovidQuantLib.messages import InputError

_TEMPORARY = ".covidquant-"


@contextlib.contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A temporary path beside `target` to write to; renamed onto `target` on success, removed on any failure.

    The temporary name keeps the target's suffixes, since writers choose their format by them.
    Raises `InputError` where the disk refuses the write (full, read-only, no such folder).
    """
    temporary = target.with_name(f"{_TEMPORARY}{secrets.token_hex(4)}-{target.name}")
    try:
        yield temporary
        _flush(temporary)
        temporary.replace(target)
    except OSError as error:
        _refuse(error)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """A temporary folder beside `target` to fill; renamed to `target` on success, removed on any failure.

    `target` must not exist or be an empty folder: nothing of the user's is ever written over.
    Raises `InputError` where it holds anything, or where the disk refuses the write.
    """
    check_free(target)
    # A link stays one: what it points to is filled.
    target = target.resolve()
    temporary = target.with_name(f"{_TEMPORARY}{secrets.token_hex(4)}")
    try:
        temporary.parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir()
        yield temporary
        for file in temporary.rglob("*"):
            if file.is_file():
                _flush(file)
        if target.is_dir():
            target.rmdir()
        temporary.replace(target)
    except OSError as error:
        _refuse(error)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_free(target: Path) -> None:
    """Raise `InputError` where `target` is a file, holds anything, or cannot be made or replaced where it lies.

    Asked before the work as well, so that nobody waits for results that have no place to go.
    """
    try:
        target = target.resolve()
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise InputError(
                "The output folder already exists and is not empty. Nothing was written; choose another folder or "
                "empty it."
            )
        if target.is_mount() or target == Path.cwd():
            raise InputError("The output folder is the current folder or a whole disk. Choose a new folder in it.")
        above = next(folder for folder in target.parents if folder.exists())
    except (OSError, RuntimeError) as error:
        # RuntimeError: a link that leads to itself, before Python 3.13.
        raise InputError("The output folder cannot be used. Choose another one.") from error
    if not above.is_dir() or not os.access(above, os.W_OK):
        raise InputError("The output folder cannot be made where it is wanted. Choose another one.")


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _refuse(error: OSError) -> NoReturn:
    """Raise what a user reads of a refused write. An error without a number is not the disk's: it stays a bug."""
    if error.errno is None:
        raise error
    reason = error.strerror or type(error).__name__
    raise InputError(
        f"The disk refuses to write: {reason}. Nothing half-written is left; what was there before is kept."
    ) from error

"""Writing that survives a crash at any instant: it is there whole afterwards, or it is not there.

What is written gets a temporary name, is synced, and only then renamed; folders are synced where the system has that.
Correctness does not rest on the rename: each file and folder says in a record, written last, what belongs to it, and
whoever reads it compares. After a failed rename the target is looked at: on a network share it may have come to pass.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from CovidQuantLib.hitl.pool.layout import temporary_name
from CovidQuantLib.messages import InputError

Content = bytes | Path
"""What a file is to hold: bytes, or a copy of a file."""

_PIECE = 1 << 20
_FIRST_PAUSE_S = 0.02
_ON_WINDOWS = os.name == "nt"


@dataclass(frozen=True)
class FileFact:
    """What a record says of a file: its length in bytes and the SHA-256 of its content, in hexadecimal digits."""

    length: int
    sha256: str


class PoolWriteError(InputError):
    """The disk refuses: whatever is tried next would fail as well."""


class Disk:
    """The few operations by which a pool is written. A test puts another one in its place.

    A virus scanner or an indexer on Windows holds a new file for a moment, and a rename then fails: it is tried
    `attempts` times with growing pauses.
    """

    def __init__(self, *, attempts: int = 9 if _ON_WINDOWS else 1, sleep: Callable[[float], None] = time.sleep) -> None:
        self._attempts = attempts
        self._sleep = sleep

    def make_folder(self, path: Path) -> None:
        """Make a folder; `FileExistsError` where there is one."""
        path.mkdir()

    def write(self, path: Path, pieces: Iterable[bytes]) -> None:
        """Write a new file, not synced yet."""
        with path.open("xb") as file:
            for piece in pieces:
                file.write(piece)

    def sync_file(self, path: Path) -> None:
        """Bring a file's content onto the disk."""
        with path.open("rb+") as file:
            os.fsync(file.fileno())

    def sync_folder(self, path: Path) -> None:
        """Bring a folder's entries onto the disk, where the system can do that."""
        if _ON_WINDOWS:
            return
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        except OSError as error:
            # Some network file systems know no such call; their rename is synchronous.
            if error.errno not in (errno.EINVAL, errno.ENOTSUP, errno.EBADF):
                raise
        finally:
            os.close(handle)

    def rename(self, source: Path, target: Path) -> None:
        """Give `source` the name `target` beside it; a file there is replaced, a folder with content is not."""
        pause = _FIRST_PAUSE_S
        for attempt in range(1, self._attempts + 1):
            try:
                source.replace(target)
            except PermissionError:
                if attempt == self._attempts or target.is_dir():
                    raise
                self._sleep(pause)
                pause *= 2
            else:
                return


def ensure_folder(disk: Disk, path: Path, pool: Path) -> None:
    """Make `path`, a folder in the pool whose parent exists, where it is missing, and sync every folder above it.

    One above may have been made a moment ago by another process that has not synced it yet: what is accepted in it
    must not go with it.
    """
    if not path.is_dir():
        with contextlib.suppress(FileExistsError):
            disk.make_folder(path)
    for above in path.parents:
        disk.sync_folder(above)
        if above == pool:
            return


def write_folder(
    disk: Disk,
    target: Path,
    contents: Mapping[str, Content],
    record: Callable[[Mapping[str, FileFact]], tuple[str, bytes]],
    is_whole: Callable[[Path], bool],
) -> None:
    """Write a folder of files that appears whole under the name `target`, in a folder that exists.

    `record` gets the facts of all files and gives the name and the bytes of the file that is written last. `is_whole`
    looks at a folder that is there after a rename has failed: where it approves, the folder counts as written.
    Raises `OSError` where the disk refuses; nothing is then there under `target`.
    """
    temporary = target.with_name(temporary_name())
    try:
        disk.make_folder(temporary)
        facts = {name: _write_synced(disk, temporary / name, content) for name, content in contents.items()}
        name, content = record(facts)
        _write_synced(disk, temporary / name, content)
        disk.sync_folder(temporary)
        _publish(disk, temporary, target, is_whole)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_file(disk: Disk, target: Path, content: bytes, is_whole: Callable[[Path], bool]) -> None:
    """Write a file that appears whole under the name `target`, in a folder that exists; as `write_folder`."""
    temporary = target.with_name(temporary_name())
    try:
        _write_synced(disk, temporary, content)
        _publish(disk, temporary, target, is_whole)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def write_file_in_steps(
    disk: Disk, target: Path, pieces: Iterable[bytes], is_whole: Callable[[Path], bool]
) -> Iterator[None]:
    """`write_file` with a pause after each piece, which is synced by itself: one long sync would stall an interface."""
    temporary = target.with_name(temporary_name())
    try:
        with temporary.open("xb") as file:
            for piece in pieces:
                if file.write(piece):
                    file.flush()
                    os.fsync(file.fileno())
                yield
        _publish(disk, temporary, target, is_whole)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def file_fact(path: Path) -> FileFact:
    """The length and the hash of a file. Raises `OSError` where it cannot be read."""
    return _fact(_pieces(path))


def refuse(error: OSError, outcome: str) -> NoReturn:
    """Raise what a user reads of a refused write; `outcome` is a sentence. An error without a number stays a bug."""
    if error.errno is None:
        raise error
    reason = error.strerror or type(error).__name__
    raise PoolWriteError(f"The pool cannot be written: {reason}. {outcome}") from error


def _write_synced(disk: Disk, path: Path, content: Content) -> FileFact:
    pieces = [content] if isinstance(content, bytes) else _pieces(content)
    counter = _Counter()
    disk.write(path, counter.counted(pieces))
    disk.sync_file(path)
    return counter.fact


def _publish(disk: Disk, temporary: Path, target: Path, is_whole: Callable[[Path], bool]) -> None:
    try:
        disk.rename(temporary, target)
    except OSError:
        if not (target.exists() and is_whole(target)):
            raise
    disk.sync_folder(target.parent)


class _Counter:
    """The fact of a file, gathered while it is written."""

    def __init__(self) -> None:
        self._length = 0
        self._hash = hashlib.sha256()

    def counted(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._length += len(piece)
            self._hash.update(piece)
            yield piece

    @property
    def fact(self) -> FileFact:
        return FileFact(self._length, self._hash.hexdigest())


def _fact(pieces: Iterable[bytes]) -> FileFact:
    counter = _Counter()
    for _ in counter.counted(pieces):
        pass
    return counter.fact


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece

"""Disks that record, fail or lose: what a pool meets when the power goes, the disk is full, or a share is odd."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from CovidQuantLib.hitl.pool.durable import Disk


@dataclass(frozen=True)
class Step:
    """One operation, or the moment at which a caller was told that `name` is accepted."""

    kind: Literal["make_folder", "write", "sync_file", "sync_folder", "rename", "accepted"]
    path: Path = Path()
    target: Path = Path()
    content: bytes = b""
    name: str = ""


class RecordingDisk(Disk):
    """A disk that does everything, and remembers in which order."""

    def __init__(self, *, forgets_to_sync: bool = False) -> None:
        super().__init__()
        self.steps: list[Step] = []
        self._forgets = forgets_to_sync

    def accepted(self, name: str) -> None:
        self.steps.append(Step("accepted", name=name))

    def make_folder(self, path: Path) -> None:
        super().make_folder(path)
        self.steps.append(Step("make_folder", path))

    def write(self, path: Path, pieces: Iterable[bytes]) -> None:
        super().write(path, pieces)
        self.steps.append(Step("write", path, content=path.read_bytes()))

    def sync_file(self, path: Path) -> None:
        super().sync_file(path)
        if not self._forgets:
            self.steps.append(Step("sync_file", path))

    def sync_folder(self, path: Path) -> None:
        super().sync_folder(path)
        self.steps.append(Step("sync_folder", path))

    def rename(self, source: Path, target: Path) -> None:
        super().rename(source, target)
        self.steps.append(Step("rename", source, target))


class FailingDisk(Disk):
    """A disk that refuses its operation number `fails_at` (counted from 0) and every later one."""

    def __init__(self, fails_at: int, number: int = errno.ENOSPC) -> None:
        super().__init__()
        self._left = fails_at
        self._number = number
        self.has_failed = False

    def _step(self) -> None:
        self._left -= 1
        if self._left < 0:
            self.has_failed = True
            raise OSError(self._number, os.strerror(self._number), "/SECRET/path")

    def make_folder(self, path: Path) -> None:
        self._step()
        super().make_folder(path)

    def write(self, path: Path, pieces: Iterable[bytes]) -> None:
        content = b"".join(pieces)
        try:
            self._step()
        except OSError:
            super().write(path, [content[: len(content) // 2]])
            raise
        super().write(path, [content])

    def sync_file(self, path: Path) -> None:
        self._step()
        super().sync_file(path)

    def sync_folder(self, path: Path) -> None:
        self._step()
        super().sync_folder(path)

    def rename(self, source: Path, target: Path) -> None:
        self._step()
        super().rename(source, target)


@dataclass
class _File:
    written: bytes
    on_disk: bytes | None = None


@dataclass
class _Folder:
    entries: dict[str, _File | _Folder] = field(default_factory=dict)
    on_disk: dict[str, _File | _Folder] = field(default_factory=dict)


Survives = Literal["synced", "entries", "all", "chance"]
"""What of the unsynced survives a power cut: nothing; names but no content; everything; some of each by chance."""


class Platter:
    """A model of a disk: what of a sequence of steps is there after the power was cut.

    A file's content is safe once the file is synced, a name once its folder is; a rename moves a name at once or not at
    all.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._top = _read(root)

    def do(self, step: Step) -> None:
        if step.kind == "accepted":
            return
        if step.kind == "sync_folder":
            folder = self._at(step.path)
            assert isinstance(folder, _Folder)
            folder.on_disk = dict(folder.entries)
            return
        above, name = self._above(step.path)
        if step.kind == "make_folder":
            above.entries[name] = _Folder()
        elif step.kind == "write":
            above.entries[name] = _File(step.content)
        elif step.kind == "sync_file":
            file = above.entries[name]
            assert isinstance(file, _File)
            file.on_disk = file.written
        else:
            target, new_name = self._above(step.target)
            target.entries[new_name] = above.entries.pop(name)

    def cut(self, survives: Survives, chance: random.Random, into: Path) -> None:
        """Write what is there after a power cut into the new folder `into`."""
        into.mkdir()
        _write(self._top, survives, chance, into)

    def _at(self, path: Path) -> _File | _Folder:
        node: _File | _Folder = self._top
        for part in path.relative_to(self._root).parts:
            assert isinstance(node, _Folder)
            node = node.entries[part]
        return node

    def _above(self, path: Path) -> tuple[_Folder, str]:
        folder = self._at(path.parent)
        assert isinstance(folder, _Folder)
        return folder, path.name


def _read(path: Path) -> _Folder:
    """What lies in a folder already, all of it safe."""
    entries: dict[str, _File | _Folder] = {}
    for one in path.iterdir():
        entries[one.name] = _read(one) if one.is_dir() else _File(one.read_bytes(), one.read_bytes())
    return _Folder(entries, dict(entries))


def _write(folder: _Folder, survives: Survives, chance: random.Random, into: Path) -> None:
    keeps_names = survives in ("entries", "all") or (survives == "chance" and chance.random() < 0.5)
    for name, node in (folder.entries if keeps_names else folder.on_disk).items():
        if isinstance(node, _Folder):
            (into / name).mkdir()
            _write(node, survives, chance, into / name)
        else:
            (into / name).write_bytes(_content(node, survives, chance))


def _content(file: _File, survives: Survives, chance: random.Random) -> bytes:
    if file.on_disk is not None or survives == "all":
        return file.written if file.on_disk is None else file.on_disk
    return file.written[: chance.randrange(len(file.written) + 1)] if survives == "chance" else b""

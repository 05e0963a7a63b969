"""Pools with readings, a trainer that learns nothing in no time, and models that find a known share of a lesion."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from CovidQuantLib.ct import CtVolume, LabelArray
from CovidQuantLib.hitl.pool import Pool, Reading, Scan, Subject, add_scan, init_pool, submit_anatomy, submit_reading
from CovidQuantLib.hitl.pool.durable import Disk
from CovidQuantLib.hitl.rounds import Means, Timing
from CovidQuantLib.models import ModelCard, read_card
from CovidQuantLib.models.card import format_card
from CovidQuantLib.models.folder import write_model_files
from CovidQuantLib.progress import Progress
from CovidQuantLib.training import Datalist, TrainingOptions
from Testing.model_factory import a_card
from Testing.pool_factory import tiny_anatomy, tiny_ct, tiny_infection, tiny_reading

BASELINE = 0.5
"""The share of a lesion that the threshold baseline finds."""
QUICK = Timing(beat_s=1000.0, dead_after_s=0.0)


def read_pool(
    folder: Path, *, training: int = 2, held_out: int = 1, reading: Callable[[int], Reading] | None = None
) -> tuple[Pool, list[Scan]]:
    """A pool in which every scan is read, the held-out patients last."""
    pool = replace(init_pool(folder, fraction=0.0), disk=LazyDisk())
    found = []
    for number in range(training + held_out):
        is_held_out = number >= training
        scan = add_scan(pool, tiny_ct(number), Subject(f"patient {number}"), held_out=is_held_out).scan
        submit_anatomy(pool, scan, tiny_anatomy())
        submit_reading(pool, scan, reading(number) if reading else tiny_reading())
        found.append(scan)
    return pool, found


class Trainer:
    """Writes a model that finds `shares[n]` of a lesion at its call n, and remembers what it was given.

    `during` is done first, and may raise; `seen` are hashes of cases that the model was trained on.
    """

    def __init__(self, *shares: float, during: Callable[[], object] = lambda: None, seen: Iterable[str] = ()) -> None:
        self.shares = list(shares) or [0.9]
        self.during = during
        self.seen = tuple(seen)
        self.lists: list[Datalist] = []
        self.options: list[TrainingOptions] = []

    def __call__(self, listed: Datalist, output: Path, options: TrainingOptions, progress: Progress) -> ModelCard:
        progress(0.5, "Training")
        self.during()
        share = self.shares[min(len(self.lists), len(self.shares) - 1)]
        self.lists.append(listed)
        self.options.append(options)
        return write_fake_model(output, share, trained_on=self.seen)


def write_fake_model(folder: Path, share: float, *, trained_on: Iterable[str] = ()) -> ModelCard:
    weights = f"no weights {share}".encode()
    card = a_card(recipe={"share": share}, trained_on=tuple(trained_on), sha256=hashlib.sha256(weights).hexdigest())
    write_model_files(folder, format_card(card), weights)
    return card


def fake_proposals(
    ct: CtVolume, lungs: LabelArray, folders: Sequence[Path | None], progress: Progress
) -> tuple[LabelArray, ...]:
    """The first voxels of the lesion, as many as the model's share says."""
    progress(0.5, "Proposing")
    assert lungs.shape == ct.hu.shape
    return tuple(
        part_of_lesion(BASELINE if one is None else float(str(read_card(one).recipe["share"]))) for one in folders
    )


def part_of_lesion(share: float) -> LabelArray:
    found = tiny_infection()
    voxels = np.flatnonzero(found)
    found.flat[voxels[round(share * len(voxels)) :]] = 0
    return found


def means(trainer: Trainer | None = None, **changes: object) -> Means:
    quick = Means(check=lambda _: None, trainer=trainer or Trainer(), proposer=fake_proposals, timing=QUICK)
    return replace(quick, **changes)  # type: ignore[arg-type]


class LazyDisk(Disk):
    """A disk that syncs nothing: these tests cut no power."""

    def sync_file(self, path: Path) -> None:
        """Leave it to the system."""

    def sync_folder(self, path: Path) -> None:
        """Leave it to the system."""


class Killed(BaseException):
    """What ends a process in these tests: nothing of it runs on."""


class DyingDisk(LazyDisk):
    """A disk that does `steps` operations; at the next one the process is dead, and so is all that it still tries."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.left = steps

    def _step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Killed

    def make_folder(self, path: Path) -> None:
        self._step()
        super().make_folder(path)

    def write(self, path: Path, pieces: Iterable[bytes]) -> None:
        if self.left <= 0:
            super().write(path, [b"cut off"])
        self._step()
        super().write(path, pieces)

    def rename(self, source: Path, target: Path) -> None:
        self._step()
        super().rename(source, target)

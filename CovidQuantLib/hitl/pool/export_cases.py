"""One case of an export: a CT as it is in the pool, its reference as labels, and its lungs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from CovidQuantLib.ct import LabelArray
from CovidQuantLib.hitl.pool.file_facts import is_whole
from CovidQuantLib.hitl.pool.grids import read_map, written_maps
from CovidQuantLib.hitl.pool.layout import CT_FILE, INFECTION_FILE
from CovidQuantLib.hitl.pool.opening import Pool
from CovidQuantLib.hitl.pool.reading_maps import read_lungs
from CovidQuantLib.hitl.pool.selection import Item, Selection, select
from CovidQuantLib.messages import InputError

Labels = Literal["infection", "classes"]
"""`infection`: 1 is infection; `classes`: 1 ground glass, 2 consolidation, of readings that tell them apart."""

HoldoutAs = Literal["test", "validation"]
"""What held-out cases are called in an export. Many programs choose a model by its validation cases: `test` is safe."""

FOLDS = 5
CASE_SUFFIX = ".nii.gz"


@dataclass(frozen=True)
class ExportedPool:
    """What an export holds: cases by side, and scans left out by reason."""

    training: int
    held_out: int
    left_out: dict[str, int]


def chosen_items(pool: Pool, labels: Labels, *, non_commercial: bool) -> Selection:
    """The references to export. Raises `InputError` where none is for training."""
    selection = select(pool, non_commercial=non_commercial)
    left_out = {str(reason): count for reason, count in selection.left_out.items()}
    training, holdout = (_with_classes(items, labels) for items in (selection.training, selection.holdout))
    if not training:
        raise InputError(
            "There is no reference reading for training that could be exported: "
            + (", ".join(f"{count} {reason}" for reason, count in left_out.items()) or "the pool holds no such scan")
            + ". See: covidquant pool status POOL."
        )
    return Selection(training, holdout, selection.left_out)


def label_names(labels: Labels) -> dict[str, int]:
    """Label values by name."""
    return {"infection": 1} if labels == "infection" else {"ground_glass": 1, "consolidation": 2}


def fold_of(item: Item) -> int:
    """The fold of a training patient, 0 to 4, by hash: it never changes, whoever joins the pool later."""
    digest = hashlib.sha256(f"fold {item.patient.kin}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % FOLDS


def write_case(item: Item, labels: Labels, *, image: Path, label: Path, lungs: Path | None = None) -> bool:
    """Write a case's files; gives whether there were lungs to write into `lungs`.

    Raises `InputError` where a file of the pool is not what was written.
    """
    if not is_whole(item.scan.folder, item.scan.files) or not is_whole(item.revision.folder, item.revision.files):
        raise InputError("A file of the pool was changed or is damaged. See which: covidquant pool verify POOL.")
    _copy(item.scan.folder / CT_FILE, image)
    mask = read_map(item.revision.folder / INFECTION_FILE, item.scan.grid)
    _write(mask if labels == "classes" else (mask > 0).astype(np.uint8), item, label)
    found = read_lungs(item.scan, item.revision, item.found)
    if lungs is None or found is None:
        return False
    _write(found, item, lungs)
    return True


def _with_classes(items: Sequence[Item], labels: Labels) -> tuple[Item, ...]:
    return tuple(item for item in items if labels == "infection" or item.revision.classes != "infection")


def _write(labels: LabelArray, item: Item, path: Path) -> None:
    with written_maps({path.name: labels}, item.scan.grid) as files:
        _copy(files[path.name], path)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    # Without the times and rights of the source.
    with source.open("rb") as file, target.open("xb") as copy:
        while piece := file.read(1 << 20):
            copy.write(piece)

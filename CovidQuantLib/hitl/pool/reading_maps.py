"""What a reader hands in, and the maps that are stored of it: on one grid, with lawful labels, nested in each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

import numpy as np

from CovidQuantLib.anatomy import INFECTION, LOBES, LUNGS, SEGMENTS
from CovidQuantLib.ct import LabelArray
from CovidQuantLib.hitl.pool.anatomy_fit import fitted_lobes, fitted_segments, lungs_with
from CovidQuantLib.hitl.pool.grids import read_map
from CovidQuantLib.hitl.pool.history import History
from CovidQuantLib.hitl.pool.layout import INFECTION_FILE, LOBES_FILE, LUNGS_FILE, SEGMENTS_FILE, START_FILE
from CovidQuantLib.hitl.pool.revisions import Classes, Revision, Start, check_source
from CovidQuantLib.hitl.pool.scans import Scan
from CovidQuantLib.messages import InputError

Outside = Literal["refuse", "add", "cut"]
"""Infection outside the lungs: refuse the reading, add it to the lungs, or cut it away."""

EDITED = "edited"
HIGHEST = {
    INFECTION_FILE: len(INFECTION),
    START_FILE: len(INFECTION),
    LUNGS_FILE: len(LUNGS),
    LOBES_FILE: len(LOBES),
    SEGMENTS_FILE: len(SEGMENTS),
}
"""The highest lawful label of each map, by file name."""


@dataclass(frozen=True)
class AnatomyMaps:
    """Lungs, and lobes and segments where they are known: uint8, axes (k, j, i), on the scan's grid.

    Values are those of `anatomy`. `sources` says by `"lungs"`, `"lobes"`, `"segments"` where each comes from:
    `estimated`, `edited`, a model's id, a program's name.
    """

    lungs: LabelArray
    lobes: LabelArray | None = None
    segments: LabelArray | None = None
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """What a reader hands in for one scan.

    `infection` and `start_mask`: uint8, axes (k, j, i), on the scan's grid, 1 ground glass, 2 consolidation (or with
    `classes` "infection": 1). `start_mask` is what the reader was shown first, None with a blank or unknown start.
    `anatomy` are lungs (and parts) that the reader changed, None where those of the reading that it continues, else of
    the scan's newest anatomy, hold. `parent` is the id of the reading that this one continues; None: the reader's own
    last one, or the one it started from. `edit_log` is the file of an edit log. `outside`: see `Outside`.
    """

    infection: LabelArray
    reader: str
    start: Start
    start_mask: LabelArray | None = None
    classes: Classes = "ground glass and consolidation"
    anatomy: AnatomyMaps | None = None
    parent: str | None = None
    edit_log: Path | None = None
    outside: Outside = "refuse"


@dataclass(frozen=True)
class StoredMaps:
    """The maps to store by file name, where each map of the anatomy among them comes from, and what they stand on."""

    maps: dict[str, LabelArray]
    sources: dict[str, str]
    anatomy: str | None


def maps_to_store(reading: Reading, scan: Scan, past: History, parent: Revision | None) -> StoredMaps:
    """What is stored of `reading`, which continues `parent`.

    Lungs that a reader has changed before come before a newer anatomy: the reading stands on those of `parent`, where
    it has any. Raises `InputError` where a map stands elsewhere, holds unknown labels, or leaves the lungs against the
    reading's will.
    """
    maps = {INFECTION_FILE: reading.infection}
    if reading.start_mask is not None:
        maps[START_FILE] = reading.start_mask
    _check_maps(maps, scan)
    base = parent if parent is not None and parent.has_lungs else past.anatomy
    own = reading.anatomy
    lungs = own.lungs if own is not None else None if base is None else read_map(base.folder / LUNGS_FILE, scan.grid)
    if lungs is None:
        return StoredMaps(maps, {}, None)
    _check_maps({LUNGS_FILE: lungs}, scan)
    outside = (reading.infection > 0) & (lungs == 0)
    if outside.any() and reading.outside == "refuse":
        millilitres = float(outside.sum()) * scan.grid.voxel_ml
        raise InputError(
            f"{millilitres:.2f} ml of the infection lie outside the lungs. Add them to the lungs, or cut them away "
            "(--outside-lungs add, --outside-lungs cut)."
        )
    if outside.any() and reading.outside == "cut":
        maps[INFECTION_FILE] = np.where(outside, np.uint8(0), reading.infection)
    elif outside.any():
        grown = lungs_with(lungs, reading.infection, scan.grid)
        own = AnatomyMaps(grown) if own is None else replace(own, lungs=grown, sources={**own.sources, "lungs": EDITED})
    if own is None:
        return StoredMaps(maps, {}, base.id if base else None)
    whole = _completed(own, base, scan)
    files = anatomy_files(whole, scan)
    return StoredMaps({**maps, **files}, sources_of(whole, files), base.id if base else None)


def anatomy_files(anatomy: AnatomyMaps, scan: Scan) -> dict[str, LabelArray]:
    """The maps by file name, checked and made to lie in each other."""
    given = {LUNGS_FILE: anatomy.lungs, LOBES_FILE: anatomy.lobes, SEGMENTS_FILE: anatomy.segments}
    _check_maps({name: labels for name, labels in given.items() if labels is not None}, scan)
    files = {LUNGS_FILE: anatomy.lungs}
    if anatomy.lobes is not None:
        files[LOBES_FILE] = fitted_lobes(anatomy.lobes, anatomy.lungs, scan.grid)
        if anatomy.segments is not None:
            files[SEGMENTS_FILE] = fitted_segments(anatomy.segments, files[LOBES_FILE], scan.grid)
    return files


def sources_of(anatomy: AnatomyMaps, files: Iterable[str]) -> dict[str, str]:
    """Where each map in `files` comes from, by file name; a map without a source was edited."""
    return {name: check_source(anatomy.sources.get(_stem(name), EDITED)) for name in files}


def _completed(own: AnatomyMaps, base: Revision | None, scan: Scan) -> AnatomyMaps:
    """The reader's anatomy, with lobes and segments of `base` where the reader gave none: they follow the lungs."""

    def of_base(name: str) -> LabelArray | None:
        return read_map(base.folder / name, scan.grid) if base is not None and name in base.files else None

    lobes, segments = own.lobes, own.segments
    sources = dict(own.sources)
    for name, given in ((LOBES_FILE, lobes), (SEGMENTS_FILE, segments)):
        if given is None and base is not None and name in base.sources:
            sources[_stem(name)] = base.sources[name]
    return AnatomyMaps(
        own.lungs,
        of_base(LOBES_FILE) if lobes is None else lobes,
        of_base(SEGMENTS_FILE) if segments is None else segments,
        sources,
    )


def _stem(name: str) -> str:
    return name.removesuffix(".nii.gz")


def _check_maps(maps: Mapping[str, LabelArray], scan: Scan) -> None:
    for name, labels in maps.items():
        if labels.shape != scan.grid.shape:
            raise InputError("A mask does not stand on the grid of the scan. Resample it, without interpolation.")
        lowest, highest = int(labels.min(initial=0)), int(labels.max(initial=0))
        if lowest < 0 or highest > HIGHEST[name]:
            raise InputError(
                f"A mask holds the label {min(lowest, 0) or highest}, which no structure has. Give infection as 1 "
                "ground glass and 2 consolidation, lungs as 1 right and 2 left."
            )


def read_lungs(scan: Scan, revision: Revision, found: tuple[Revision, ...]) -> LabelArray | None:
    """The lungs that a revision stands on: its own, else those of the revision that it names; None where unknown."""
    return read_anatomy_map(LUNGS_FILE, scan, revision, found)


def read_anatomy_map(name: str, scan: Scan, revision: Revision, found: tuple[Revision, ...]) -> LabelArray | None:
    """The map `name` (a file name) that a revision stands on; a reading with lungs of its own has all of its own."""
    owner = revision
    if not revision.has_lungs and revision.anatomy is not None:
        owner = next((one for one in found if one.id == revision.anatomy), revision)
    return read_map(owner.folder / name, scan.grid) if name in owner.files else None

"""What a reader hands in, and the maps that are stored of it: on one grid, with lawful labels, nested in each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

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
    `anatomy` are lungs (and parts) that the reader changed, None where the scan's newest anatomy holds. `parent` is the
    id of the reading that this one continues; None: the reader's own last one, or the one it started from.
    `edit_log` is a file of JSON lines, copied as it is. `outside`: see `Outside`.
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


def maps_to_store(
    reading: Reading, scan: Scan, past: History
) -> tuple[dict[str, LabelArray], dict[str, str], str | None]:
    """The maps to store, the sources of the anatomy among them, and the anatomy that the reading stands on."""
    maps = {INFECTION_FILE: reading.infection}
    if reading.start_mask is not None:
        maps[START_FILE] = reading.start_mask
    _check_maps(maps, scan)
    base = past.anatomy
    anatomy = reading.anatomy or (_stored(base, scan) if base else None)
    if anatomy is None:
        return maps, {}, None
    _check_maps(_named(anatomy), scan)
    outside = (reading.infection > 0) & (anatomy.lungs == 0)
    if outside.any() and reading.outside == "refuse":
        millilitres = float(outside.sum()) * scan.grid.voxel_ml
        raise InputError(
            f"{millilitres:.2f} ml of the infection lie outside the lungs. Add them to the lungs, or cut them away "
            "(--outside-lungs add, --outside-lungs cut)."
        )
    if outside.any() and reading.outside == "cut":
        maps[INFECTION_FILE] = reading.infection.copy()
        maps[INFECTION_FILE][outside] = 0
    elif outside.any():
        grown = lungs_with(anatomy.lungs, reading.infection, scan.grid)
        anatomy = AnatomyMaps(grown, anatomy.lobes, anatomy.segments, {**anatomy.sources, "lungs": EDITED})
    elif reading.anatomy is None and base is not None:
        return maps, {}, base.id
    return {**maps, **anatomy_files(anatomy, scan)}, sources_of(anatomy), base.id if base else None


def _stored(base: Revision, scan: Scan) -> AnatomyMaps:
    def read(name: str) -> LabelArray | None:
        return read_map(base.folder / name, scan.grid) if name in base.files else None

    lungs = read(LUNGS_FILE)
    if lungs is None:
        raise InputError("An anatomy of the pool holds no lungs. Look at the pool: covidquant pool verify POOL.")
    sources = {name.removesuffix(".nii.gz"): source for name, source in base.sources.items()}
    return AnatomyMaps(lungs, read(LOBES_FILE), read(SEGMENTS_FILE), sources)


def anatomy_files(anatomy: AnatomyMaps, scan: Scan) -> dict[str, LabelArray]:
    """The maps by file name, checked and made to lie in each other."""
    _check_maps(_named(anatomy), scan)
    files = {LUNGS_FILE: anatomy.lungs}
    if anatomy.lobes is not None:
        files[LOBES_FILE] = fitted_lobes(anatomy.lobes, anatomy.lungs, scan.grid)
        if anatomy.segments is not None:
            files[SEGMENTS_FILE] = fitted_segments(anatomy.segments, files[LOBES_FILE], scan.grid)
    return files


def _named(anatomy: AnatomyMaps) -> dict[str, LabelArray]:
    maps = {LUNGS_FILE: anatomy.lungs, LOBES_FILE: anatomy.lobes, SEGMENTS_FILE: anatomy.segments}
    return {name: labels for name, labels in maps.items() if labels is not None}


def sources_of(anatomy: AnatomyMaps) -> dict[str, str]:
    """Where each map comes from, by file name; a map without a source was edited."""
    stems = {name: name.removesuffix(".nii.gz") for name in _named(anatomy)}
    return {name: check_source(anatomy.sources.get(stem, EDITED)) for name, stem in stems.items()}


def _check_maps(maps: Mapping[str, LabelArray], scan: Scan) -> None:
    for name, labels in maps.items():
        if labels.shape != scan.grid.shape:
            raise InputError("A mask does not stand on the grid of the scan. Resample it, without interpolation.")
        highest = int(labels.max(initial=0))
        if highest > HIGHEST[name]:
            raise InputError(
                f"A mask holds the label {highest}, which no structure has. Give infection as 1 ground glass and "
                "2 consolidation, lungs as 1 right and 2 left."
            )


def read_lungs(scan: Scan, revision: Revision, found: tuple[Revision, ...]) -> LabelArray | None:
    """The lungs that a revision stands on: its own, else those of the anatomy that it names; None where unknown."""
    return read_anatomy_map(LUNGS_FILE, scan, revision, found)


def read_anatomy_map(name: str, scan: Scan, revision: Revision, found: tuple[Revision, ...]) -> LabelArray | None:
    """The map `name` (a file name) that a revision stands on; a reading with lungs of its own has all of its own."""
    owner = revision
    if not revision.has_lungs and revision.anatomy is not None:
        owner = next((one for one in found if one.id == revision.anatomy), revision)
    return read_map(owner.folder / name, scan.grid) if name in owner.files else None

"""What `verify` looks at in one scan: the CT, and every revision with its maps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from CovidQuantLib.anatomy import lobe_of_segment, lung_of_lobe
from CovidQuantLib.ct import Geometry, LabelArray
from CovidQuantLib.hitl.pool.file_facts import Facts, changed_files, missing_files
from CovidQuantLib.hitl.pool.grids import read_map, stands_on
from CovidQuantLib.hitl.pool.layout import (
    CT_FILE,
    EDIT_LOG_FILE,
    INFECTION_FILE,
    LOBES_FILE,
    LUNGS_FILE,
    RECORD_FILE,
    SCAN_FILE,
    SEGMENTS_FILE,
    coded_entries,
    is_temporary,
    revisions_folder,
)
from CovidQuantLib.hitl.pool.opening import Pool
from CovidQuantLib.hitl.pool.problems import Problem
from CovidQuantLib.hitl.pool.reading_maps import HIGHEST, read_lungs
from CovidQuantLib.hitl.pool.revisions import Revision, read_revision
from CovidQuantLib.hitl.pool.scans import Scan, read_scan
from CovidQuantLib.messages import InputError

_NESTED = ((LOBES_FILE, LUNGS_FILE, lung_of_lobe()), (SEGMENTS_FILE, LOBES_FILE, lobe_of_segment()))


def scan_problems(pool: Pool, folder: Path, counts: Counter[str]) -> Iterator[Problem]:
    """Every broken promise of the scan in `folder`; counts its revisions."""
    where = f"scan {folder.name}"
    try:
        scan = read_scan(folder)
    except InputError as error:
        yield Problem("damaged_record", where, str(error))
        return
    yield from _file_problems(folder, scan.files, SCAN_FILE, where)
    if not missing_files(folder, scan.files) and not _is_on(folder / CT_FILE, scan.grid):
        yield Problem("another_grid", where, "The CT does not stand on the grid that its record says.")
    found, folders = [], coded_entries(revisions_folder(pool.folder, scan.patient, scan.code))
    for path in folders:
        counts["revision"] += 1
        try:
            found.append(read_revision(path))
        except InputError as error:
            yield Problem("damaged_record", f"{where}, revision {path.name}", str(error))
    names = frozenset(path.name for path in folders)
    for revision in found:
        yield from _revision_problems(scan, revision, tuple(found), names)


def _revision_problems(
    scan: Scan, revision: Revision, found: tuple[Revision, ...], names: frozenset[str]
) -> Iterator[Problem]:
    where = f"scan {scan.code}, revision {revision.id}"
    yield from _file_problems(revision.folder, revision.files, RECORD_FILE, where)
    # A folder whose record is damaged is there: that is named once, where it lies.
    if revision.parent is not None and revision.parent not in names:
        yield Problem("unknown_parent", where, "The reading that this one continues is not there.")
    if revision.anatomy is not None and not revision.has_lungs and revision.anatomy not in names:
        yield Problem("unknown_anatomy", where, "The anatomy that this reading stands on is not there.")
    readable = True
    for name in sorted(set(revision.files) - {EDIT_LOG_FILE}):
        for problem in _map_problems(revision.folder / name, name, scan.grid, where):
            readable = False
            yield problem
    if readable:
        yield from _content_problems(scan, revision, found, where)


def _file_problems(folder: Path, facts: Facts, record: str, where: str) -> Iterator[Problem]:
    for name in missing_files(folder, facts):
        yield Problem("missing_file", where, f"{name} is missing, or not as long as when it was written.")
    for name in changed_files(folder, facts):
        yield Problem("changed_file", where, f"{name} is not what was written: its hash is another.")
    known = {*facts, record, "revisions"}
    for path in sorted(folder.iterdir()):
        if path.name not in known and not is_temporary(path):
            yield Problem("unlisted_file", where, "There is a file that the record does not list.")


def _map_problems(path: Path, name: str, grid: Geometry, where: str) -> Iterator[Problem]:
    if not path.is_file():
        yield Problem("unreadable_map", where, f"{name} cannot be read: it is not there.")
        return
    try:
        if not stands_on(path, grid):
            yield Problem("another_grid", where, f"{name} does not stand on the grid of the CT.")
            return
        labels = read_map(path, grid)
    except InputError as error:
        yield Problem("unreadable_map", where, f"{name} cannot be read: {error}")
        return
    if (highest := int(labels.max(initial=0))) > HIGHEST[name]:
        yield Problem("labels_out_of_range", where, f"{name} holds the label {highest}, which no structure has.")


def _content_problems(scan: Scan, revision: Revision, found: tuple[Revision, ...], where: str) -> Iterator[Problem]:
    """What maps say that are readable each: infection in the lungs, segments in their lobes, lobes in their lungs."""
    try:
        if revision.kind == "reading":
            infection = read_map(revision.folder / INFECTION_FILE, scan.grid)
            if revision.classes == "infection" and infection.max(initial=0) > 1:
                yield Problem("labels_out_of_range", where, "The mask holds classes, against its record.")
            yield from _outside(infection, read_lungs(scan, revision, found), scan.grid, where)
        for part, whole, whole_of_part in _NESTED:
            if part in revision.files and whole in revision.files:
                parts, wholes = (read_map(revision.folder / name, scan.grid) for name in (part, whole))
                stray = int(np.count_nonzero((parts > 0) & (np.array(whole_of_part, np.uint8)[parts] != wholes)))
                if stray:
                    sentence = f"{part} leaves {whole} in {stray} voxels."
                    yield Problem("anatomy_not_nested", where, sentence)
    except InputError as error:
        yield Problem("unreadable_map", where, str(error))


def _outside(infection: LabelArray, lungs: LabelArray | None, grid: Geometry, where: str) -> Iterator[Problem]:
    if lungs is None:
        return
    outside = int(np.count_nonzero((infection > 0) & (lungs == 0)))
    if outside:
        sentence = f"{outside * grid.voxel_ml:.2f} ml of the infection lie outside the lungs."
        yield Problem("infection_outside_lungs", where, sentence)


def _is_on(path: Path, grid: Geometry) -> bool:
    try:
        return stands_on(path, grid)
    except InputError:
        return False

"""Scans of a pool: a CT that is written once, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from CovidQuantLib.ct import CtVolume, Geometry
from CovidQuantLib.ct.reading import read_ct
from CovidQuantLib.hitl.pool.clinical import Clinical, clinical_from
from CovidQuantLib.hitl.pool.durable import FileFact
from CovidQuantLib.hitl.pool.file_facts import facts_from, is_whole, missing_files
from CovidQuantLib.hitl.pool.grids import grid_from
from CovidQuantLib.hitl.pool.layout import (
    CT_FILE,
    SCAN_FILE,
    coded_entries,
    is_code,
    patients_folder,
    scans_folder,
)
from CovidQuantLib.hitl.pool.licences import OWN, Licence, licence_from
from CovidQuantLib.hitl.pool.opening import FORMAT, Pool
from CovidQuantLib.hitl.pool.sealed import read_sealed
from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import Progress, no_progress

OWN_SOURCE = "this site"
_SHORTEST_NAME = 4


@dataclass(frozen=True)
class ScanDetails:
    """What is recorded of a scan beside its voxels; nothing of it names a person or a date.

    `source` is the data set that it came with; `synthetic`: the CT, or the lesions in it, were computed.
    """

    licence: Licence = OWN
    source: str = OWN_SOURCE
    clinical: Clinical = field(default_factory=Clinical)
    synthetic: bool = False


@dataclass(frozen=True)
class Scan:
    """A scan of the pool. `grid` is that of its CT and of every map in its revisions.

    `day` counts within the patient (`subjects.day_number`), None where the date is unknown. `voxels` is a code of the
    HU: the same for the same voxels, whatever file they came in.
    """

    code: str
    patient: str
    folder: Path
    grid: Geometry
    day: int | None
    details: ScanDetails
    voxels: str
    files: dict[str, FileFact]
    acquisition: dict[str, Any]


def scans(pool: Pool, patient: str | None = None) -> tuple[Scan, ...]:
    """All scans (of one patient) whose record is whole and whose CT is there in its length, by code."""
    found = []
    owners = [patient] if patient is not None else [path.name for path in coded_entries(patients_folder(pool.folder))]
    for owner in owners:
        for folder in coded_entries(scans_folder(pool.folder, owner)):
            try:
                scan = read_scan(folder)
            except InputError:
                continue
            if not missing_files(folder, scan.files):
                found.append(scan)
    return tuple(found)


def find_scan(pool: Pool, name: str) -> Scan:
    """The scan whose code begins with `name` (4 letters or more). Raises `InputError` where none or several do."""
    name = name.strip().lower()
    owners = [path.name for path in coded_entries(patients_folder(pool.folder))]
    if is_code(name):  # a whole code is looked up, without reading the record of every scan
        owners = [owner for owner in owners if (scans_folder(pool.folder, owner) / name).is_dir()]
    found = [scan for owner in owners for scan in scans(pool, owner)]
    matches = [scan for scan in found if len(name) >= _SHORTEST_NAME and scan.code.startswith(name)]
    if not matches:
        raise InputError("There is no such scan in the pool. See the list: covidquant pool status POOL --list.")
    if len(matches) > 1:
        raise InputError(f"{len(matches)} scans of the pool begin like that. Give more letters of the code.")
    return matches[0]


def read_scan(folder: Path) -> Scan:
    """The scan whose folder this is; the CT is not looked at. Raises `InputError` where the record is damaged."""
    values = read_sealed(folder / SCAN_FILE, "A scan's record")
    patient = folder.parent.parent.name
    if values.get("v") != FORMAT or values.get("id") != folder.name or values.get("patient") != patient:
        raise InputError("A scan's record belongs to another scan, patient or format. Restore it from a backup.")
    voxels, day = values.get("voxels"), values.get("day")
    if not isinstance(voxels, str) or not is_code(voxels) or not (day is None or isinstance(day, int)):
        raise InputError("A scan's record is not whole. Restore it from a backup of the pool.")
    grid, acquisition = values.get("grid"), values.get("acquisition")
    return Scan(
        code=folder.name,
        patient=patient,
        folder=folder,
        grid=grid_from(grid if isinstance(grid, dict) else {}),
        day=day,
        details=ScanDetails(
            licence=licence_from(values.get("licence")),
            source=str(values.get("source")),
            clinical=clinical_from(values.get("clinical")),
            synthetic=values.get("synthetic") is True,
        ),
        voxels=voxels,
        files=facts_from(values.get("files"), frozenset({CT_FILE})),
        acquisition=acquisition if isinstance(acquisition, dict) else {},
    )


def read_scan_ct(scan: Scan, progress: Progress = no_progress) -> CtVolume:
    """The CT of a scan, on `scan.grid`. Raises `InputError` where the file is not what was written."""
    if not is_whole(scan.folder, scan.files):
        raise InputError("A CT of the pool was changed or is damaged. Restore it from a backup of the pool.")
    return read_ct(scan.folder / CT_FILE, progress=progress)

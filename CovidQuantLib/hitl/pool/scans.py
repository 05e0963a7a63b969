"""Scans of a pool: a CT that is written once, and what is known of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from CovidQuantLib.ct import CtVolume, Geometry
from CovidQuantLib.ct.reading import read_ct
from CovidQuantLib.hitl.pool.clinical import Clinical, clinical_from, clinical_values
from CovidQuantLib.hitl.pool.durable import FileFact, ensure_folder, refuse, write_folder
from CovidQuantLib.hitl.pool.file_facts import fact_values, facts_from, is_whole, missing_files
from CovidQuantLib.hitl.pool.grids import grid_from, grid_values, written_ct
from CovidQuantLib.hitl.pool.keys import keyed_code
from CovidQuantLib.hitl.pool.layout import (
    CT_FILE,
    SCAN_FILE,
    coded_entries,
    is_code,
    patients_folder,
    scan_folder,
    scans_folder,
)
from CovidQuantLib.hitl.pool.licences import OWN, Licence, licence_from, licence_values
from CovidQuantLib.hitl.pool.opening import FORMAT, Pool
from CovidQuantLib.hitl.pool.patients import Patient, ensure_patient, kin_of
from CovidQuantLib.hitl.pool.sealed import read_sealed, seal
from CovidQuantLib.hitl.pool.subjects import PatientCodes, Subject, day_number, patient_codes
from CovidQuantLib.messages import CaseWarning, InputError
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


@dataclass(frozen=True)
class AddedScan:
    """What `add_scan` gave: the scan, its patient, whether it is new, and what a reader has to be told."""

    scan: Scan
    patient: Patient
    is_new: bool
    warnings: tuple[CaseWarning, ...]


def add_scan(
    pool: Pool,
    ct: CtVolume,
    subject: Subject,
    *,
    details: ScanDetails | None = None,
    held_out: bool | None = None,
    progress: Progress = no_progress,
) -> AddedScan:
    """Enter `ct` as a scan of the patient `subject`; one that is here already is given back as it is.

    `held_out` names a new patient into (True) or out of (False) the hold-out. Raises `InputError` where the patient is
    not named, where the same CT is here under another patient, where `held_out` contradicts the side on which the
    patient stands, or where the pool cannot be written: nothing was then added.
    """
    details = details or ScanDetails()
    codes = patient_codes(pool.key, subject)
    progress(0.0, "Looking whether the CT is in the pool")
    known, code, voxels = known_scan(pool, ct), _series_code(pool, ct), _voxel_code(pool, ct)
    if known is not None and known.patient != codes.patient:
        raise InputError(
            "This CT is in the pool already, under another patient. Check the patient's ID; nothing was added."
        )
    patient, is_new_patient = ensure_patient(pool, codes, held_out=held_out)
    warnings = _kin_warnings(pool, codes) if is_new_patient else ()
    if known is not None:
        return AddedScan(known, patient, is_new=False, warnings=warnings)
    progress(0.2, "Writing the CT into the pool")
    day = day_number(pool.key, codes.patient, subject.study_date)
    scan = _write(pool, ct, code, voxels, details, codes.patient, day)
    progress(1.0, "Writing the CT into the pool")
    return AddedScan(scan, patient, is_new=True, warnings=warnings)


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
    matches = [scan for scan in scans(pool) if len(name) >= _SHORTEST_NAME and scan.code.startswith(name)]
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


def known_scan(pool: Pool, ct: CtVolume) -> Scan | None:
    """The scan of the pool that this CT is, by its series or by its voxels; None where it is new."""
    code, voxels = _series_code(pool, ct), _voxel_code(pool, ct)
    return next((scan for scan in scans(pool) if scan.code == code or scan.voxels == voxels), None)


def _series_code(pool: Pool, ct: CtVolume) -> str:
    return keyed_code(pool.key, "scan", ct.scan.content_code_source)


def _voxel_code(pool: Pool, ct: CtVolume) -> str:
    return keyed_code(pool.key, "voxels", hashlib.sha256(np.ascontiguousarray(ct.hu).data).digest())


def _kin_warnings(pool: Pool, codes: PatientCodes) -> tuple[CaseWarning, ...]:
    if not kin_of(pool, codes):
        return ()
    sentence = (
        "The pool holds a patient whose ID differs from this one by case or spaces only. They count as two patients on "
        "one side of the hold-out; if it is one person, type the ID as before."
    )
    return (CaseWarning("similar_patient", sentence),)


def _write(
    pool: Pool, ct: CtVolume, code: str, voxels: str, details: ScanDetails, patient: str, day: int | None
) -> Scan:
    folder = scan_folder(pool.folder, patient, code)

    def record(written: Mapping[str, FileFact]) -> tuple[str, bytes]:
        values = {
            "v": FORMAT,
            "kind": "scan",
            "id": code,
            "patient": patient,
            "day": day,
            "voxels": voxels,
            "licence": licence_values(details.licence),
            "source": details.source,
            "synthetic": details.synthetic,
            "clinical": clinical_values(details.clinical),
            "acquisition": {
                "slice_thickness_mm": ct.scan.slice_thickness_mm,
                "kernel": ct.scan.kernel,
                "kernel_sharpness": ct.scan.kernel_sharpness,
                "contrast": ct.scan.contrast,
                "patient_position": ct.scan.patient_position,
            },
            "grid": grid_values(ct.geometry),
            "files": fact_values(written),
        }
        return SCAN_FILE, seal(values)

    try:
        ensure_folder(pool.disk, scans_folder(pool.folder, patient), pool.folder)
        with written_ct(CT_FILE, ct.hu, ct.geometry) as files:
            write_folder(pool.disk, folder, files, record, _is_whole_scan)
    except OSError as error:
        refuse(error, "The CT was not added; nothing is lost: add it again.")
    return read_scan(folder)


def _is_whole_scan(folder: Path) -> bool:
    try:
        return is_whole(folder, read_scan(folder).files)
    except InputError:
        return False

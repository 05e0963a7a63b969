"""Adding a CT to a pool: codes in place of the patient, the series and the date, and a file that is written once."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from CovidQuantLib.ct import CtVolume
from CovidQuantLib.hitl.pool.clinical import clinical_values
from CovidQuantLib.hitl.pool.durable import FileFact, ensure_folder, refuse, write_folder
from CovidQuantLib.hitl.pool.file_facts import fact_values, is_whole
from CovidQuantLib.hitl.pool.grids import grid_values, written_ct
from CovidQuantLib.hitl.pool.keys import keyed_code
from CovidQuantLib.hitl.pool.layout import CT_FILE, SCAN_FILE, scan_folder, scans_folder
from CovidQuantLib.hitl.pool.licences import licence_values
from CovidQuantLib.hitl.pool.opening import FORMAT, Pool
from CovidQuantLib.hitl.pool.own_words import check_own_words
from CovidQuantLib.hitl.pool.patients import Patient, ensure_patient, kin_of
from CovidQuantLib.hitl.pool.revisions import check_source
from CovidQuantLib.hitl.pool.scans import Scan, ScanDetails, read_scan, scans
from CovidQuantLib.hitl.pool.sealed import seal
from CovidQuantLib.hitl.pool.subjects import PatientCodes, Subject, day_number, patient_codes
from CovidQuantLib.messages import CaseWarning, InputError
from CovidQuantLib.progress import Progress, no_progress


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
    check_source(details.source)
    check_own_words("A note", details.clinical.note or "")
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

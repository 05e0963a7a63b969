"""Whose CT a volume node is, by pseudonym, and when it was taken: for what is compared over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from CovidQuantLib.hitl.pool import Pool, Subject, find_scan
from CovidQuantLib.hitl.pool.history import clinical_facts
from CovidQuantLib.hitl.pool.subjects import day_number, patient_codes
from CovidQuantLib.identity import site_key
from CovidQuantLib.messages import InputError
from CovidQuantLib.slicer_app.patient import patient_of
from CovidQuantLib.slicer_app.submission import SCAN, scan_of


@dataclass(frozen=True)
class Whose:
    """The patient's pseudonym, empty where nobody says whose the CT is.

    `day` is the day of the study, of which only differences mean anything; `onset` counts from the first symptoms, as
    the pool's clinical facts say; `scan` is the scan of the pool. None or empty where it is not known.
    """

    patient: str
    day: int | None = None
    onset: int | None = None
    scan: str = ""


def whose(volume: Any, pool: Pool | None) -> Whose:
    """Whose CT a volume node is: as the pool knows the scan, else as the DICOM tags say it.

    With a pool the pseudonyms are the pool's, so that a scan that was loaded from it and one from DICOM are known to
    be of one patient; else they are this site's.
    """
    scan = scan_of(volume, pool) if pool is not None else None
    if pool is not None and scan is not None:
        try:
            found = find_scan(pool, scan)
        except InputError:
            return Whose("")
        return Whose(found.patient, found.day, clinical_facts(pool, found).day_from_onset, found.code)
    subject: Subject | None = patient_of(volume)
    if subject is None:
        # Of a pool that is not at hand: the scan is known again, but not whose it is.
        return Whose(str(volume.GetAttribute(SCAN) or ""))
    key = pool.key if pool is not None else site_key()
    patient = patient_codes(key, subject).patient
    return Whose(patient, day_number(key, patient, subject.study_date))

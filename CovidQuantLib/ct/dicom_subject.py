"""Whose scan a DICOM series is, and of which day: read for a pool's codes, never kept and never shown."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import dataclass, field
from pathlib import Path

import pydicom

from CovidQuantLib.ct.dicom_headers import looks_like_dicom
from CovidQuantLib.ct.native import silence
from CovidQuantLib.messages import InputError

_DATE_TAGS = ("StudyDate", "SeriesDate", "AcquisitionDate", "ContentDate")
_TAGS = ["SeriesInstanceUID", "PatientID", "IssuerOfPatientID", *_DATE_TAGS]


@dataclass(frozen=True)
class DicomSubject:
    """The patient's ID and its issuer as the header says them (empty: not said), and the study's date."""

    patient_id: str = field(repr=False)
    issuer: str = field(repr=False)
    study_date: dt.date | None = field(repr=False)


def read_subject(path: Path, series_uid: str) -> DicomSubject | None:
    """Whose scan the series `series_uid` in the DICOM folder or file `path` is; None where `path` is no DICOM.

    Raises `InputError` where images of that series name different patients.
    """
    folder = path.parent if path.is_file() else path
    if path.is_file() and path.name.upper() != "DICOMDIR" and not _is_dicom(path):
        return None
    found: list[DicomSubject] = []
    for root, _, names in os.walk(folder):
        for name in sorted(names):
            dataset = _read(Path(root) / name)
            if dataset is not None and _text(dataset, "SeriesInstanceUID") == series_uid:
                found.append(_subject(dataset))
    if not found:
        return None
    if len({(one.patient_id, one.issuer) for one in found}) > 1:
        raise InputError("The images of this series name different patients. Export the series of one patient again.")
    return found[0]


def _is_dicom(path: Path) -> bool:
    try:
        return looks_like_dicom(path)
    except OSError:
        return False


def _read(path: Path) -> pydicom.Dataset | None:
    if not path.is_file() or not _is_dicom(path):
        return None
    with silence():
        try:
            return pydicom.dcmread(path, stop_before_pixels=True, force=True, specific_tags=list(_TAGS))
        except Exception:
            # pydicom raises many kinds for files that break the standard; the CT was read without this file.
            return None


def _subject(dataset: pydicom.Dataset) -> DicomSubject:
    dates = (_date(_text(dataset, tag)) for tag in _DATE_TAGS)
    return DicomSubject(
        patient_id=_text(dataset, "PatientID"),
        issuer=_text(dataset, "IssuerOfPatientID"),
        study_date=next((date for date in dates if date is not None), None),
    )


def _text(dataset: pydicom.Dataset, tag: str) -> str:
    try:
        return str(dataset.get(tag) or "").strip()
    except Exception:
        return ""


def _date(text: str) -> dt.date | None:
    try:
        return dt.datetime.strptime(text.replace(".", ""), "%Y%m%d").replace(tzinfo=dt.UTC).date()
    except ValueError:
        return None

"""Whose CT a volume node is, as the DICOM tags of the subject hierarchy say it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import slicer

from CovidQuantLib.hitl.pool import Subject
from CovidQuantLib.hitl.pool.subjects import patient_codes
from CovidQuantLib.messages import InputError


def patient_of(volume: Any) -> Subject | None:
    """The patient and the study's date of a volume node; None where they have to be asked for.

    That is so for a CT that did not come from DICOM, and where the ID is empty or a placeholder.
    """
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    constants = slicer.vtkMRMLSubjectHierarchyConstants
    item = hierarchy.GetItemByDataNode(volume) if hierarchy is not None else 0
    if not item:
        return None
    patient = hierarchy.GetItemAncestorAtLevel(item, constants.GetDICOMLevelPatient())
    study = hierarchy.GetItemAncestorAtLevel(item, constants.GetDICOMLevelStudy())
    if not patient:
        return None
    patient_id = hierarchy.GetItemAttribute(patient, constants.GetDICOMPatientIDAttributeName())
    date = hierarchy.GetItemAttribute(study, constants.GetDICOMStudyDateAttributeName()) if study else ""
    subject = Subject(str(patient_id or ""), study_date=_date(str(date or "")))
    return subject if _is_named(subject) else None


def _is_named(subject: Subject) -> bool:
    try:
        patient_codes(b"", subject)
    except InputError:
        return False
    return True


def _date(text: str) -> dt.date | None:
    try:
        return dt.datetime.strptime(text.replace("-", "").replace(".", ""), "%Y%m%d").replace(tzinfo=dt.UTC).date()
    except ValueError:
        return None

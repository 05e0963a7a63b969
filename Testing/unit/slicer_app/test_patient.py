"""Whose CT it is: told by the DICOM tags of the subject hierarchy, and asked for otherwise."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import slicer

from CovidQuantLib.slicer_app.patient import patient_of


def place(volume: Any, patient_id: str, date: str = "20200310") -> None:
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    constants = slicer.vtkMRMLSubjectHierarchyConstants
    patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "somebody")
    study = hierarchy.CreateStudyItem(patient, "a study")
    hierarchy.SetItemAttribute(patient, constants.GetDICOMPatientIDAttributeName(), patient_id)
    hierarchy.SetItemAttribute(study, constants.GetDICOMStudyDateAttributeName(), date)
    hierarchy.CreateItem(study, volume)


def test_the_dicom_tags_above_the_ct_name_the_patient_and_the_day(a_volume: Any) -> None:
    place(a_volume, "12-34")
    subject = patient_of(a_volume)
    assert subject is not None
    assert subject.patient_id == "12-34"
    assert subject.study_date == dt.date(2020, 3, 10)


@pytest.mark.parametrize("patient_id", ["", "ANONYMOUS", "0000"])
def test_an_empty_or_placeholder_id_has_to_be_asked_for(patient_id: str, a_volume: Any) -> None:
    place(a_volume, patient_id)
    assert patient_of(a_volume) is None


def test_a_ct_from_a_file_has_to_be_asked_for(a_volume: Any) -> None:
    assert patient_of(a_volume) is None


def test_a_date_that_is_none_is_left_out(a_volume: Any) -> None:
    place(a_volume, "7", "last spring")
    subject = patient_of(a_volume)
    assert subject is not None
    assert subject.study_date is None

"""The cases of one patient in the scene, in order of time; and those that do not belong, with the reason."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import slicer
from slicer.i18n import tr as _

from CovidQuantLib.hitl.pool import Subject
from CovidQuantLib.identity import keyed_code, site_key
from CovidQuantLib.messages import InputError
from CovidQuantLib.quantification.change import TimePoint
from CovidQuantLib.slicer_app.case_numbers import CaseNumbers, kept_numbers
from CovidQuantLib.slicer_app.patient import patient_of
from CovidQuantLib.slicer_app.segmentation_nodes import CaseNodes, case_nodes_of
from CovidQuantLib.slicer_app.submission import SCAN


@dataclass(frozen=True)
class Visit:
    """One CT of the patient: its case, its numbers, its date where it is known."""

    nodes: CaseNodes
    point: TimePoint


@dataclass(frozen=True)
class Course:
    """A patient's CTs in order, and the others in the scene as (name of the node, reason)."""

    patient: str
    visits: tuple[Visit, ...]
    skipped: tuple[tuple[str, str], ...]


def course_of(chosen: Any, shown: CaseNodes | None, numbers: CaseNumbers | None) -> Course:
    """The course of the patient of the volume node `chosen`; `numbers` are those of the case on the screen.

    Patients are compared by a keyed code. A CT that does not say whose it is belongs to nobody but itself.
    """
    patient = _code(chosen)
    visits: list[tuple[dt.date | None, CaseNodes, CaseNumbers]] = []
    skipped = []
    for volume in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
        nodes = case_nodes_of(volume)
        if volume is not chosen and (not patient or _code(volume) != patient):
            if nodes:
                skipped.append((volume.GetName(), _("another patient, or it does not say whose CT it is")))
            continue
        found = _numbers(nodes[-1], shown, numbers) if nodes else None
        if found is None:
            skipped.append((volume.GetName(), _("not segmented and quantified yet")))
            continue
        subject = patient_of(volume)
        visits.append((subject.study_date if subject else None, nodes[-1], found))
    if len(visits) > 1:
        for date, undated, _found in visits:
            if date is None:
                skipped.append((undated.volume.GetName(), _("its date is not known")))
        visits = [visit for visit in visits if visit[0] is not None]
    visits.sort(key=lambda visit: visit[0] or dt.date.min)
    first = visits[0][0] if visits else None
    return Course(
        patient, tuple(Visit(case, _point(date, first, found)) for date, case, found in visits), tuple(skipped)
    )


def _code(volume: Any) -> str:
    subject: Subject | None = patient_of(volume)
    if subject is None:
        return str(volume.GetAttribute(SCAN) or "")
    return keyed_code(site_key(), "patient", f"{subject.issuer}\n{subject.patient_id}".encode())


def _numbers(nodes: CaseNodes, shown: CaseNodes | None, numbers: CaseNumbers | None) -> CaseNumbers | None:
    if shown is not None and nodes.infection is shown.infection:
        return numbers
    try:
        return kept_numbers(nodes.infection)
    except InputError:
        return None


def _point(date: dt.date | None, first: dt.date | None, numbers: CaseNumbers) -> TimePoint:
    lungs = numbers.region("lungs")
    day = (date - first).days if date is not None and first is not None else None
    return TimePoint(day, lungs.volume_ml, lungs.infection_ml, lungs.ggo_ml, lungs.consolidation_ml, lungs.poi)

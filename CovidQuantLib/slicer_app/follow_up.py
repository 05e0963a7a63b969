"""The cases of one patient in the scene, in order of time; and those that do not belong, with the reason."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import slicer
from slicer.i18n import tr as _

from CovidQuantLib.hitl.pool import Pool, scans
from CovidQuantLib.messages import InputError
from CovidQuantLib.quantification.change import TimePoint
from CovidQuantLib.slicer_app.case_numbers import CaseNumbers, kept_numbers
from CovidQuantLib.slicer_app.segmentation_nodes import CaseNodes, case_nodes_of
from CovidQuantLib.slicer_app.whose import Whose, whose

_SHOWN_CODE = 8
_VOLUMES = "vtkMRMLScalarVolumeNode"
_Measured = tuple[Whose, CaseNodes, CaseNumbers]


@dataclass(frozen=True)
class Visit:
    """One CT of the patient: its case, its numbers, and the day from the first symptoms where it is known."""

    nodes: CaseNodes
    point: TimePoint
    onset: int | None = None


@dataclass(frozen=True)
class Course:
    """A patient's CTs in order, and the others in the scene as (name of the node, reason)."""

    patient: str
    visits: tuple[Visit, ...] = ()
    skipped: tuple[tuple[str, str], ...] = ()

    @property
    def days_from_onset(self) -> tuple[int, ...] | None:
        """The day of each CT from the first symptoms; None where that is not known, or where it contradicts the dates.

        One known day is enough: the CTs' dates give the others.
        """
        starts = {one.onset - one.point.day for one in self.visits if None not in (one.onset, one.point.day)}  # type: ignore[operator]
        if len(starts) != 1:
            return None
        start = starts.pop()
        return tuple(start + (one.point.day or 0) for one in self.visits)


def course_of(chosen: Any, shown: CaseNodes | None, numbers: CaseNumbers | None, pool: Pool | None) -> Course:
    """The course of the patient of the volume node `chosen`; `numbers` are those of the case on the screen.

    Patients are compared by pseudonym. A CT that does not say whose it is belongs to nobody but itself.
    """
    known = {volume.GetID(): whose(volume, pool) for volume in slicer.util.getNodesByClass(_VOLUMES)}
    own = known[chosen.GetID()]
    found: list[_Measured] = []
    skipped = []
    for volume in slicer.util.getNodesByClass(_VOLUMES):
        cases, its = case_nodes_of(volume), known[volume.GetID()]
        if volume is not chosen and (not own.patient or its.patient != own.patient):
            if cases:
                skipped.append((volume.GetName(), _("another patient, or it does not say whose CT it is")))
            continue
        measured = _numbers(cases[-1], shown, numbers) if cases else None
        if measured is None:
            skipped.append((volume.GetName(), _("not segmented and quantified yet")))
        else:
            found.append((its, cases[-1], measured))
    found, left_out = _to_compare(found)
    skipped += left_out
    skipped += _only_in_the_pool(own, [one for one in known.values() if one.patient == own.patient], pool)
    found.sort(key=lambda one: one[0].day or 0)
    return Course(own.patient, _visits(found), tuple(skipped))


def _to_compare(found: list[_Measured]) -> tuple[list[_Measured], list[tuple[str, str]]]:
    """Those of several cases that can be compared, and the names of the others with the reason; one alone stays."""
    left_out = []
    effusion = _("found by a model of high opacity: pleural effusion may be in its percentages")
    rules: tuple[tuple[Callable[[_Measured], bool], str], ...] = (
        (lambda one: not one[2].may_hold_effusion, effusion),
        (lambda one: one[0].day is not None, _("its date is not known")),
    )
    for belongs, reason in rules:
        if len(found) > 1:
            left_out += [(one[1].volume.GetName(), reason) for one in found if not belongs(one)]
            found = [one for one in found if belongs(one)]
    return found, left_out


def _visits(found: Sequence[_Measured]) -> tuple[Visit, ...]:
    first = found[0][0].day if found else None
    visits = []
    for known, nodes, measured in found:
        lungs = measured.region("lungs")
        day = known.day - first if known.day is not None and first is not None else None
        point = TimePoint(day, lungs.volume_ml, lungs.infection_ml, lungs.ggo_ml, lungs.consolidation_ml, lungs.poi)
        visits.append(Visit(nodes, point, known.onset))
    return tuple(visits)


def _only_in_the_pool(own: Whose, here: Sequence[Whose], pool: Pool | None) -> list[tuple[str, str]]:
    """The patient's scans in the pool of days of which no CT is in the scene; `here` are those that are."""
    if pool is None or not own.patient:
        return []
    names, days = {one.scan for one in here}, {one.day for one in here if not one.scan}
    return [
        (_("CT {code}").format(code=scan.code[:_SHOWN_CODE]), _("in the pool, not in the scene"))
        for scan in scans(pool, own.patient)
        if scan.code not in names and (scan.day is None or scan.day not in days)
    ]


def _numbers(nodes: CaseNodes, shown: CaseNodes | None, numbers: CaseNumbers | None) -> CaseNumbers | None:
    if shown is not None and nodes.infection is shown.infection:
        return numbers
    try:
        return kept_numbers(nodes.infection)
    except InputError:
        return None

"""What a site may say of a scan beside the images: optional fields, for the papers' statistics. None is unknown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_args

from CovidQuantLib.anatomy import LOBES, SEGMENTS
from CovidQuantLib.messages import InputError

ClinicalType = Literal["mild", "moderate", "severe", "critical"]
Known = Literal["yes", "no", "unknown"]
RegionState = Literal["absent", "not definable"]

_DAYS = 10_000
_PSI_CLASSES = 5
_LOBE_SCORES = 5
_NOTE = 200
_SCORE = re.compile(r"([A-Z]{3})=([0-5])")
_REGION = re.compile(r"([A-Z0-9+]+)=(absent|not[ -]definable)", re.IGNORECASE)


@dataclass(frozen=True)
class Clinical:
    """Optional facts of a scan.

    `day_from_onset` and `day_from_admission`: whole days, never computed from scan dates. `clinical_type` as in the
    Chinese guideline that Shan et al. use. `psi_class`: pneumonia severity index, class 1 to 5. `visual_score`: a
    radiologist's CT score by eye, 0 to 5 by lobe key (Pan et al.), all five lobes or None. `regions`: lobes and
    segments by key that are absent (lobectomy) or not definable (no fissure to be seen): they have no numbers. `note`:
    one line of a reader about the images, which names nobody.
    """

    day_from_onset: int | None = None
    day_from_admission: int | None = None
    clinical_type: ClinicalType | None = None
    psi_class: int | None = None
    has_consolidation: Known | None = None
    visual_score: Mapping[str, int] | None = None
    contrast: Known | None = None
    regions: Mapping[str, RegionState] | None = None
    note: str | None = None

    def __post_init__(self) -> None:
        for days in (self.day_from_onset, self.day_from_admission):
            if days is not None and not (type(days) is int and -_DAYS <= days <= _DAYS):
                raise InputError("A day from onset or admission is a whole number of days.")
        if self.psi_class is not None and not (type(self.psi_class) is int and 1 <= self.psi_class <= _PSI_CLASSES):
            raise InputError("The class of the pneumonia severity index is 1 to 5.")
        _check_word(self.clinical_type, get_args(ClinicalType), "The clinical type")
        _check_word(self.has_consolidation, get_args(Known), "'Has consolidation'")
        _check_word(self.contrast, get_args(Known), "'Contrast'")
        if self.visual_score is not None:
            _check_score(self.visual_score)
        if self.regions is not None:
            _check_regions(self.regions)
        if self.note is not None and not (self.note.strip() and self.note.isprintable() and len(self.note) <= _NOTE):
            raise InputError(f"A note is one line of 1 to {_NOTE} letters, digits and signs.")


FACTS = tuple(one.name for one in fields(Clinical))
"""The names of the facts."""


def checked_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Facts by name as they stand in a record; None takes a fact back. Raises `InputError` where one is none."""
    if not facts or not set(facts) <= set(FACTS):
        raise InputError(f"Name at least one fact of the scan, out of: {', '.join(FACTS)}.")
    try:
        known = clinical_values(Clinical(**facts))
    except (AttributeError, TypeError, ValueError) as error:
        raise InputError("A fact of the scan is of another kind than it should be.") from error
    return {name: known[name] for name in facts}


def clinical_values(clinical: Clinical) -> dict[str, Any]:
    """The facts as they stand in a record."""
    by_region = {"visual_score": clinical.visual_score, "regions": clinical.regions}
    plain = {name: None if one is None else dict(one) for name, one in by_region.items()}
    return {**asdict(replace(clinical, visual_score=None, regions=None)), **plain}


def clinical_from(values: Any) -> Clinical:
    """The facts in a record; fields of later versions are left out. Raises `InputError` where a value is none."""
    if not isinstance(values, dict):
        raise InputError("A scan's clinical facts cannot be read. Restore the record from a backup.")
    try:
        return Clinical(**{name: value for name, value in values.items() if name in FACTS})
    except TypeError as error:
        raise InputError("A scan's clinical facts cannot be read. Restore the record from a backup.") from error


def score_from_text(text: str) -> dict[str, int]:
    """The visual score in a text like `RUL=1,RML=0,RLL=3,LUL=2,LLL=4`. Raises `InputError` for anything else."""
    parts = [_SCORE.fullmatch(part.strip().upper()) for part in text.split(",")]
    score = {part[1]: int(part[2]) for part in parts if part is not None}
    if len(score) != len(parts):
        raise InputError("Give the visual score as RUL=1,RML=0,RLL=3,LUL=2,LLL=4, with 0 to 5 points a lobe.")
    _check_score(score)
    return score


def regions_from_text(text: str) -> dict[str, RegionState]:
    """The regions in a text like `RML=absent,LS6=not-definable`. Raises `InputError` for anything else."""
    parts = [_REGION.fullmatch(part.strip()) for part in text.split(",")]
    found: dict[str, RegionState] = {
        part[1].upper(): "absent" if part[2].lower() == "absent" else "not definable"
        for part in parts
        if part is not None
    }
    if len(found) != len(parts):
        raise InputError("Give lobes and segments as RML=absent,LS6=not-definable, each once.")
    _check_regions(found)
    return found


def _check_word(word: str | None, known: tuple[str, ...], what: str) -> None:
    if word is not None and word not in known:
        raise InputError(f"{what} is one of: {', '.join(known)}.")


def _check_score(score: Mapping[str, int]) -> None:
    if set(score) != {lobe.key for lobe in LOBES} or not all(0 <= points <= _LOBE_SCORES for points in score.values()):
        raise InputError("A visual score has 0 to 5 points for each of RUL, RML, RLL, LUL and LLL.")


def _check_regions(regions: Mapping[str, str]) -> None:
    keys = [region.key for region in (*LOBES, *SEGMENTS)]
    if not set(regions) <= set(keys) or not set(regions.values()) <= set(get_args(RegionState)):
        raise InputError(f"A region is absent or not definable, and one of: {', '.join(keys)}.")

"""Which of several series is measured: each is judged and ranked by its headers, with the reasons."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from CovidQuantLib.ct import vocabulary
from CovidQuantLib.ct.checks import (
    MAXIMUM_SLICE_MM,
    MAXIMUM_TILT_DEGREES,
    MINIMUM_SLICES,
    NOT_AXIAL,
    TOO_FEW,
    TOO_THICK,
)
from CovidQuantLib.ct.dicom_series import DicomSeries
from CovidQuantLib.messages import InputError

_WHOLE_LUNGS_MM = 200.0
_WHOLE_CHEST_MM = 250.0
_THIN_MM = 1.5
_SPACING_TOLERANCE = 0.1
_PROJECTIONS = {"MIP", "MINIP", "MAXIP", "CSA MIP", "CSA MINIP", "PROJECTION IMAGE", "VRT", "CSA VRT"}
_KERNEL_ORDER = {"smooth": 0, "lung": 1, None: 2, "sharp": 3}
_BREATH_ORDER = {"inspiration": 0, None: 1, "expiration": 2}


@dataclass(frozen=True)
class SeriesFacts:
    """One series of a folder as a person chooses it: its rank (1 is best) and a line of reasons.

    `reason` is in the project's own words, without any text of the header. `uid` is for the user's own choice and is
    left out of what is printed.
    """

    uid: str = field(repr=False)
    rank: int
    usable: bool
    slices: int
    spacing_mm: float
    reason: str


def ranked(found: list[DicomSeries]) -> list[DicomSeries]:
    """The series, best first: usable, original axial, whole lungs, inspiration, thin, smooth kernel, supine, plain.

    Unusable ones come last, the longest first.
    """
    return sorted(found, key=_rank_key)


def facts(ordered: list[DicomSeries]) -> tuple[SeriesFacts, ...]:
    """What a person needs to choose, for series in their order of rank."""
    return tuple(
        SeriesFacts(
            uid=series.first.series_uid,
            rank=rank,
            usable=refusal(series) is None,
            slices=len(series.slices),
            spacing_mm=series.spacing_mm,
            reason=refusal(series) or _merits(series),
        )
        for rank, series in enumerate(ordered, start=1)
    )


def choose(ordered: list[DicomSeries], wanted: str | None) -> DicomSeries:
    """The series to measure: the one that the user names by UID or by its rank in the list, else the best.

    Raises `InputError` where it, or every one, is unusable, or where the folder holds several patients.
    """
    if not ordered:
        raise InputError("The folder holds no DICOM images. Choose the folder that holds the files of the CT.")
    if wanted is not None:
        candidates = [
            series
            for rank, series in enumerate(ordered, start=1)
            if wanted.strip() in (series.first.series_uid, str(rank))
        ]
        if not candidates:
            raise InputError("The folder holds no such series. List its series and choose one of them.")
    else:
        candidates = ordered
        if len({series.first.patient for series in ordered if refusal(series) is None}) > 1:
            raise InputError("The folder holds CTs of more than one patient. Choose a patient's folder or a series.")
    sentence = refusal(candidates[0])
    if sentence is not None:
        raise InputError(sentence)
    return candidates[0]


def refusal(series: DicomSeries) -> str | None:
    """The sentence that says why the series cannot be measured and what to do; None where nothing speaks against it."""
    return _no_ct(series) or _bad_stack(series)


def _no_ct(series: DicomSeries) -> str | None:
    first = series.first
    if first.secondary_capture:
        return "The images are screenshots (secondary captures), no CT. Choose the original CT series."
    if first.samples != 1:
        return "The images are in colour, no CT. Choose the original CT series."
    if first.modality != "CT":
        return f"The images are no CT (modality: {vocabulary.modality_name(first.modality)}). Choose a chest CT."
    if "LOCALIZER" in first.image_type:
        return "The images are a localizer (scout). Choose the axial CT series of the same scan."
    if first.frames > 1:
        return "The CT is a multi-frame DICOM file, which cannot be read. Export it as single-slice DICOM or NIfTI."
    if _PROJECTIONS & set(first.image_type):
        return "The images are projections (MIP), no CT slices. Choose the original axial series."
    if not vocabulary.is_hu(first.rescale_type):
        return "The images are not in Hounsfield units (a derived map). Choose the original CT series."
    return None


def _bad_stack(series: DicomSeries) -> str | None:
    if series.placement is None:
        return "The images do not say where they lie in the patient. Export the CT again with its geometry."
    if math.degrees(math.acos(min(1.0, abs(series.placement.normal[2])))) > MAXIMUM_TILT_DEGREES:
        return NOT_AXIAL
    if len(series.by_level) < MINIMUM_SLICES:
        return TOO_FEW.format(count=len(series.by_level))
    return _irregular(series) or (
        TOO_THICK.format(mm=series.thickness_mm) if series.thickness_mm > MAXIMUM_SLICE_MM else None
    )


def _irregular(series: DicomSeries) -> str | None:
    distances = series.distances_mm
    usual = float(np.median(distances))
    odd = np.flatnonzero(np.abs(distances - usual) > _SPACING_TOLERANCE * usual)
    if not odd.size:
        return None
    steps = distances[odd] / usual
    if np.all(steps > 1.5) and np.all(np.abs(steps - np.rint(steps)) < _SPACING_TOLERANCE * steps):
        missing = int(np.rint(steps - 1).sum())
        return (
            f"{missing} of the CT's slices are missing (the first gap follows slice {odd[0] + 1}). "
            "Export the whole series again."
        )
    return "The slices of the CT are not evenly spaced. Choose or export a series with regular slices."


def _rank_key(series: DicomSeries) -> tuple[object, ...]:
    if refusal(series) is not None:
        return (1, -len(series.slices))
    first = series.first
    thickness = series.thickness_mm
    return (
        0,
        not _is_original(series),
        not _has_whole_lungs(series),
        _BREATH_ORDER[vocabulary.breath(first.description)],
        0.0 if thickness <= _THIN_MM else round(thickness, 1),
        _KERNEL_ORDER[vocabulary.kernel_sharpness(first.kernel)],
        first.patient_position.endswith("P"),
        vocabulary.has_contrast(first.contrast_agent) is True,
        -len(series.slices),
        first.series_uid,
    )


def _is_original(series: DicomSeries) -> bool:
    return series.first.image_type[:1] == ("ORIGINAL",)


def _has_whole_lungs(series: DicomSeries) -> bool:
    """Whether the stack is long and wide enough for an adult's lungs: at least 200 mm by 250 mm."""
    across = series.placement.spacing[0] * series.first.columns if series.placement else 0.0
    return series.spacing_mm * len(series.by_level) >= _WHOLE_LUNGS_MM and across >= _WHOLE_CHEST_MM


def _merits(series: DicomSeries) -> str:
    first = series.first
    sharpness = vocabulary.kernel_sharpness(first.kernel)
    words = [
        "original axial" if _is_original(series) else "derived",
        f"{len(series.by_level)} slices of {series.thickness_mm:.2f} mm",
        "long enough for whole lungs" if _has_whole_lungs(series) else "too short or narrow for whole lungs",
        vocabulary.breath(first.description),
        f"{sharpness} kernel" if sharpness else "kernel unknown",
        "prone" if first.patient_position.endswith("P") else None,
        "contrast" if vocabulary.has_contrast(first.contrast_agent) else None,
    ]
    return ", ".join(word for word in words if word)

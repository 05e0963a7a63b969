"""Which of several series is measured: each one is judged and ranked by its headers, with the reasons."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from CovidQuantLib.ct import vocabulary
from CovidQuantLib.ct.checks import MAXIMUM_SLICE_MM, MINIMUM_SLICES, NOT_AXIAL, TOO_FEW, TOO_THICK, is_axial
from CovidQuantLib.ct.dicom_series import DicomSeries
from CovidQuantLib.messages import CaseWarning, InputError

_WHOLE_LUNGS_MM = 200.0
_WHOLE_CHEST_MM = 250.0
_THIN_MM = 1.5
_STEP_TOLERANCE = 0.1
_TILT_DEGREES = 0.5
_PROJECTIONS = {"MIP", "MINIP", "MAXIP", "CSA MIP", "CSA MINIP", "PROJECTION IMAGE", "VRT", "CSA VRT"}
_KERNEL_ORDER = {"smooth": 0, "lung": 1, None: 2, "sharp": 3}
_BREATH_ORDER = {"inspiration": 0, None: 1, "expiration": 2}


@dataclass(frozen=True)
class SeriesFacts:
    """One series of a folder as a person chooses it: its rank (1 is best) and a line of reasons.

    `reason` is in the project's own words, without any text of the header: the merits of a usable series, or what
    speaks against it. `uid` serves the user's own choice and is left out of what is printed.
    """

    uid: str = field(repr=False)
    rank: int
    usable: bool
    slices: int
    spacing_mm: float
    reason: str


def ranked(found: tuple[DicomSeries, ...]) -> tuple[DicomSeries, ...]:
    """The series, best first: usable, original axial, whole lungs, inspiration, thin, smooth kernel, supine, plain.

    Whole lungs are taken for granted from 200 mm by 250 mm on; slices up to 1.5 mm are equally thin; of equal series
    the longer comes first. Unusable ones come last, the longest of them first.
    """
    return tuple(sorted(found, key=_rank_key))


def series_facts(ordered: tuple[DicomSeries, ...]) -> tuple[SeriesFacts, ...]:
    """What a person needs to choose, for series in their order of rank."""
    return tuple(
        SeriesFacts(
            uid=series.first.series_uid,
            rank=rank,
            usable=refusal(series) is None,
            slices=series.slice_count,
            spacing_mm=series.spacing_mm,
            reason=refusal(series) or _merits(series),
        )
        for rank, series in enumerate(ordered, start=1)
    )


def choose(ordered: tuple[DicomSeries, ...], wanted: str | None) -> DicomSeries:
    """The series to measure: the one that the user names by UID or by its rank in the list, else the best.

    Raises `InputError` where it, or every one, is unusable, or where the user must say which patient is meant.
    """
    if not ordered:
        raise InputError(
            "The folder holds no DICOM images. Choose the folder with the CT's files, or give a NIfTI or NRRD file."
        )
    candidates = ordered
    if wanted is not None:
        named = enumerate(ordered, start=1)
        candidates = tuple(s for rank, s in named if wanted.strip() in (s.first.series_uid, str(rank)))
        if not candidates:
            raise InputError("The folder holds no such series. List its series and choose one of them.")
    elif len({series.first.patient for series in _usable(ordered)}) > 1:
        raise InputError("The folder holds CTs of more than one patient. Choose one patient's folder, or a series.")
    if sentence := refusal(candidates[0]):
        raise InputError(sentence)
    return candidates[0]


def series_warnings(ordered: tuple[DicomSeries, ...], chosen: DicomSeries) -> list[CaseWarning]:
    """What the user must know of the choice, and of the chosen stack's shape."""
    found = []
    others = [series for series in _usable(ordered) if series is not chosen]
    if any(series.first.study != chosen.first.study for series in others):
        found.append(CaseWarning("several_studies", "The folder holds several examinations; this is only one of them."))
    elif others:
        sentence = f"The folder holds {len(others) + 1} usable series; measured was: {_merits(chosen)}."
        found.append(CaseWarning("several_series", sentence))
    if chosen.copies:
        sentence = f"{chosen.copies} of the series' images were identical duplicates; they were dropped."
        found.append(CaseWarning("duplicates", sentence))
    if (tilt := _tilt_degrees(chosen)) > _TILT_DEGREES:
        sentence = f"The gantry was tilted by {tilt:.0f} degrees: volumes hold, but shapes are sheared front to back."
        found.append(CaseWarning("gantry_tilt", sentence))
    if (thickness := chosen.first.thickness_mm) and chosen.spacing_mm > thickness * (1 + _STEP_TOLERANCE):
        sentence = f"Slices of {thickness:.1f} mm lie {chosen.spacing_mm:.1f} mm apart: what lies between is not seen."
        found.append(CaseWarning("slice_gaps", sentence))
    return found


def refusal(series: DicomSeries) -> str | None:
    """The sentence that says why the series cannot be measured and what to do; None where nothing speaks against it."""
    return _no_ct(series) or _no_axial_stack(series) or _uneven(series)


def _usable(ordered: tuple[DicomSeries, ...]) -> list[DicomSeries]:
    return [series for series in ordered if refusal(series) is None]


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
    if first.multi_frame:
        return "The CT is a multi-frame DICOM file, which cannot be read. Export it as single-slice DICOM or NIfTI."
    if _PROJECTIONS & set(first.image_type):
        return "The images are projections (MIP), no CT slices. Choose the original axial series."
    if not vocabulary.is_hu(first.rescale_type):
        return "The images are not in Hounsfield units (a derived map). Choose the original CT series."
    return None


def _no_axial_stack(series: DicomSeries) -> str | None:
    if series.placement is None:
        return "The images do not say where they lie in the patient. Export the CT again with its geometry."
    if not is_axial(float(series.placement.normal[2])):
        return NOT_AXIAL
    if series.slice_count < MINIMUM_SLICES:
        return TOO_FEW.format(count=series.slice_count)
    if series.thickness_mm > MAXIMUM_SLICE_MM:
        return TOO_THICK.format(mm=series.thickness_mm)
    return None


def _uneven(series: DicomSeries) -> str | None:
    """What is wrong with the slices' places: whole multiples of the usual distance are missing slices."""
    odd = series.odd_distances
    steps = series.distances_mm[odd] / float(np.median(series.distances_mm))
    if odd.size and np.all(steps > 1.5) and np.all(np.abs(steps - np.rint(steps)) <= _STEP_TOLERANCE * steps):
        missing = int(np.rint(steps - 1).sum())
        return (
            f"{missing} of the CT's slices {'is' if missing == 1 else 'are'} missing "
            f"(the first gap follows slice {odd[0] + 1}). Export the whole series again."
        )
    if odd.size or _is_crooked(series):
        return "The slices of the CT are not evenly stacked. Choose or export a series with regular slices."
    return None


def _is_crooked(series: DicomSeries) -> bool:
    """Whether a slice lies more than a pixel off the straight line from the first to the last."""
    positions, heights = series.positions, np.asarray(series.heights)
    fraction = (heights - heights[0]) / (heights[-1] - heights[0])
    off = positions - positions[0] - fraction[:, None] * (positions[-1] - positions[0])
    return bool(np.linalg.norm(off, axis=1).max() > max(series.placement.spacing if series.placement else (0.0,)))


def _tilt_degrees(series: DicomSeries) -> float:
    """The angle between the line of the slices' positions and their normal, in degrees."""
    way = series.positions[-1] - series.positions[0]
    along = series.heights[-1] - series.heights[0]
    return math.degrees(math.acos(min(1.0, along / float(np.linalg.norm(way)))))


def _rank_key(series: DicomSeries) -> tuple[object, ...]:
    if refusal(series) is not None:
        return (1, -series.slice_count, series.first.series_uid)
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
        -round(series.spacing_mm * series.slice_count),
        first.series_uid,
    )


def _is_original(series: DicomSeries) -> bool:
    return series.first.image_type[:1] == ("ORIGINAL",)


def _has_whole_lungs(series: DicomSeries) -> bool:
    """Whether the stack is long and wide enough for an adult's lungs: at least 200 mm by 250 mm."""
    across = series.placement.spacing[0] * series.first.columns if series.placement else 0.0
    return series.spacing_mm * series.slice_count >= _WHOLE_LUNGS_MM and across >= _WHOLE_CHEST_MM


def _merits(series: DicomSeries) -> str:
    first = series.first
    sharpness = vocabulary.kernel_sharpness(first.kernel)
    words = [
        "original axial" if _is_original(series) else "derived axial",
        f"{series.slice_count} slices of {series.thickness_mm:.2f} mm",
        "long enough for whole lungs" if _has_whole_lungs(series) else "too short or narrow for whole lungs",
        vocabulary.breath(first.description),
        f"{sharpness} kernel" if sharpness else "kernel not known",
        "prone" if first.patient_position.endswith("P") else None,
        "contrast" if vocabulary.has_contrast(first.contrast_agent) else None,
    ]
    return ", ".join(word for word in words if word)

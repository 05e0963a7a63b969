"""How a correction changed the mask: Dice, volumes added and removed, added path length, slices touched."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS, INFECTION
from CovidQuantLib.ct import Geometry, LabelArray, MaskArray
from CovidQuantLib.hitl.edit_log.contours import added_path, pixels_beyond
from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import Progress, no_progress

_LABELS = len(INFECTION) + 1
_WHOLE = "infection"
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class StructureChange:
    """How one structure changed: the whole infection (`key` `"infection"`) or one class of it (`"ggo"` ...).

    `dice` of start against result, 0 to 1; None where both are empty, 0 where one is. A voxel is added where it is in
    the result alone, removed where in the start alone. `added_path_pixels` are contour pixels of the result, slice by
    slice, that were no contour pixels of the start; `added_path_mm` is their number times the pixels' size.
    `slices_touched` are the axial slices k in which start and result differ.
    """

    key: str
    dice: float | None
    start_ml: float
    result_ml: float
    added_voxels: int
    removed_voxels: int
    added_ml: float
    removed_ml: float
    added_path_pixels: int
    added_path_mm: float
    slices_touched: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class MaskChange:
    """How a correction changed an infection mask.

    `infection` is the whole, `classes` ground glass and consolidation, in anatomy's order: a voxel that changed its
    class is removed from one and added to the other, and neither in the whole. `slices_touched` are the slices in which
    any of these changed. `tolerance_mm` is what `compare_masks` was given.
    """

    tolerance_mm: float
    infection: StructureChange
    classes: tuple[StructureChange, ...]
    ggo_to_consolidation_voxels: int
    consolidation_to_ggo_voxels: int

    @property
    def slices_touched(self) -> tuple[int, ...]:
        """The axial slices k in which any voxel changed its label."""
        return tuple(sorted({k for change in (self.infection, *self.classes) for k in change.slices_touched}))


@dataclass
class _Tally:
    label: int | None
    path_pixels: int
    slices: list[int]

    def of(self, labels: LabelArray) -> MaskArray:
        return np.asarray(labels > 0 if self.label is None else labels == self.label)


def compare_masks(
    start: LabelArray,
    result: LabelArray,
    geometry: Geometry,
    progress: Progress = no_progress,
    *,
    tolerance_mm: float = 0.0,
) -> MaskChange:
    """What a correction from `start` to `result` changed.

    Both are infection masks, uint8 with axes (k, j, i) on the grid of `geometry`: 0 background, 1 ground glass, 2
    consolidation. An empty start gives what drawing from nothing takes.
    Added path length: Vaassen et al. 2020 ("Evaluation of measures for assessing time-saving of automatic organ-at-risk
    segmentation in radiotherapy", Phys Imaging Radiat Oncol 13), who found that it goes with the time of correcting.
    Their contours are compared pixel by pixel in each slice; a pixel's size is the geometric mean of its two sides.
    With `tolerance_mm` a contour pixel within that distance (in the slice) of the start's contour is not counted, and a
    slice only as touched where a voxel was added or removed farther than that from the other mask. Dice and volumes
    know no tolerance.
    Raises `InputError` where the masks do not stand on `geometry` or hold other labels.
    """
    if start.shape != geometry.shape or result.shape != geometry.shape:
        raise InputError("The two infection masks are not on the CT's grid. Bring them onto it.")
    if max(start.max(initial=0), result.max(initial=0)) >= _LABELS:
        raise InputError("An infection mask holds a label that is neither ground glass (1) nor consolidation (2).")
    tallies = [_Tally(label, 0, []) for label in (None, GROUND_GLASS.label, CONSOLIDATION.label)]
    counts = np.zeros((_LABELS, _LABELS), np.int64)
    for k, (before, after) in enumerate(zip(start, result, strict=True)):
        progress(k / len(start), "Comparing the masks")
        box = _box(before, after)
        if box is None:
            counts[0, 0] += before.size
            continue
        counts += _transitions(before, after)
        if not np.array_equal(before, after):
            for tally in tallies:
                _add_slice(tally, k, before[box], after[box], geometry, tolerance_mm)
    whole, *classes = (_change(tally, counts, geometry) for tally in tallies)
    return MaskChange(
        tolerance_mm=tolerance_mm,
        infection=whole,
        classes=tuple(classes),
        ggo_to_consolidation_voxels=int(counts[GROUND_GLASS.label, CONSOLIDATION.label]),
        consolidation_to_ggo_voxels=int(counts[CONSOLIDATION.label, GROUND_GLASS.label]),
    )


def _box(before: LabelArray, after: LabelArray) -> tuple[slice, slice] | None:
    """The rows and columns that hold both masks; None where both are empty."""
    either = before | after
    rows, columns = (np.flatnonzero(either.any(axis=axis)) for axis in (1, 0))
    if rows.size == 0:
        return None
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def _transitions(before: LabelArray, after: LabelArray) -> Counts:
    """Pixels by their label before (rows) and after (columns)."""
    code = before * np.uint8(_LABELS) + after
    return np.bincount(code.ravel(), minlength=_LABELS * _LABELS).reshape(_LABELS, _LABELS)


def _add_slice(
    tally: _Tally, k: int, before: LabelArray, after: LabelArray, geometry: Geometry, tolerance_mm: float
) -> None:
    start, result = tally.of(before), tally.of(after)
    spacing = geometry.spacing_kji[1:]
    tally.path_pixels += added_path(start, result, spacing, tolerance_mm)
    if pixels_beyond(result, start, spacing, tolerance_mm) or pixels_beyond(start, result, spacing, tolerance_mm):
        tally.slices.append(k)


def _change(tally: _Tally, counts: Counts, geometry: Geometry) -> StructureChange:
    labels = np.arange(_LABELS)
    inside = labels > 0 if tally.label is None else labels == tally.label
    start, result = int(counts[inside].sum()), int(counts[:, inside].sum())
    both = int(counts[inside][:, inside].sum())
    pixel_mm = math.sqrt(geometry.spacing[0] * geometry.spacing[1])
    return StructureChange(
        key=_WHOLE if tally.label is None else INFECTION[tally.label - 1].key,
        dice=2 * both / (start + result) if start + result else None,
        start_ml=start * geometry.voxel_ml,
        result_ml=result * geometry.voxel_ml,
        added_voxels=result - both,
        removed_voxels=start - both,
        added_ml=(result - both) * geometry.voxel_ml,
        removed_ml=(start - both) * geometry.voxel_ml,
        added_path_pixels=tally.path_pixels,
        added_path_mm=tally.path_pixels * pixel_mm,
        slices_touched=tuple(tally.slices),
    )

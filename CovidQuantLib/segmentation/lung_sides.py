"""Right and left lung apart, also where they touch, and told apart by where they lie in the body."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from CovidQuantLib.anatomy import LEFT_LUNG, RIGHT_LUNG
from CovidQuantLib.ct import HuArray, LabelArray, MaskArray
from CovidQuantLib.segmentation.morphology import Spacing, as_image, components, erode

_STEPS_MM = (0.0, 2.0, 4.0, 6.0, 9.0, 12.0, 16.0)
_SECOND_SHARE = 0.1
_MIDDLE_MM = 30.0
_APART_MM = 40.0


def split_sides(lungs: MaskArray, hu: HuArray, midline: float, spacing_kji: Spacing) -> LabelArray:
    """Labels 1 (right) and 2 (left) of the voxels of `lungs` (axes k, j, i with i to the patient's left).

    Lungs that touch are eroded until they come apart; the border then runs along the brightest voxels between them,
    which are the junction lines. A lung alone is told by the side of `midline` (column) it lies on.
    """
    cores = _cores(lungs, spacing_kji) or _beside(lungs, midline, spacing_kji)
    if not cores:
        side = RIGHT_LUNG.label if _column(lungs) < midline else LEFT_LUNG.label
        return lungs.astype(np.uint8) * np.uint8(side)
    first, second = sorted(cores, key=_column)
    markers = first.astype(np.uint8) * np.uint8(RIGHT_LUNG.label) + second.astype(np.uint8) * np.uint8(LEFT_LUNG.label)
    return _nearest_side(lungs, hu, markers)


def _cores(lungs: MaskArray, spacing_kji: Spacing) -> list[MaskArray]:
    """The two large pieces of `lungs`, eroded no more than it takes for them to come apart; empty where they do not."""
    for radius in _STEPS_MM:
        labels, counts = components(erode(lungs, radius, spacing_kji) if radius else lungs)
        if len(counts) > 2 and counts[2] > _SECOND_SHARE * counts.sum():
            pieces = [labels == 1, labels == 2]
            if abs(_column(pieces[0]) - _column(pieces[1])) * spacing_kji[2] > _APART_MM:
                return pieces
    return []


def _beside(lungs: MaskArray, midline: float, spacing_kji: Spacing) -> list[MaskArray]:
    """What lies well to each side of the midline; empty for a lung alone.

    Two lungs that touch are wider than deep and have something on either side.
    """
    extent = [np.ptp(np.flatnonzero(lungs.any(axis=axes))) for axes in ((0, 1), (0, 2))]
    if extent[0] * spacing_kji[2] < extent[1] * spacing_kji[1]:
        return []
    margin = _MIDDLE_MM / spacing_kji[2]
    columns = np.arange(lungs.shape[2])
    pieces = [lungs & (columns < midline - margin), lungs & (columns > midline + margin)]
    enough = min(int(piece.sum()) for piece in pieces) > _SECOND_SHARE * int(lungs.sum())
    return pieces if enough else []


def _column(piece: MaskArray) -> float:
    """Mean column (towards the patient's left) of a piece."""
    return float(np.average(np.arange(piece.shape[2]), weights=piece.sum(axis=(0, 1))))


def _nearest_side(lungs: MaskArray, hu: HuArray, markers: LabelArray) -> LabelArray:
    """Markers flooded over `lungs` from dark to bright, so that they meet on the bright line between them."""
    outside = np.uint8(3)
    seeds = np.where(lungs, markers, outside)
    flooded = sitk.MorphologicalWatershedFromMarkers(
        sitk.GetImageFromArray(hu), as_image(seeds, (1.0, 1.0, 1.0)), markWatershedLine=False
    )
    labels = sitk.GetArrayFromImage(flooded).astype(np.uint8)
    labels[~lungs | (labels == outside)] = 0
    return np.asarray(labels)

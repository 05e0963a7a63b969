"""Consolidated lung as a whole: from where it is sure, flooded up to the faint edges of the organs around it.

Fat around the heart, and the step in HU between a consolidation and the liver, are edges that a watershed of the
gradient finds; where there is no edge, nothing farther than 40 mm from aerated or sure lung is taken.
"""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from CovidQuantLib.ct import HuArray, LabelArray, MaskArray
from CovidQuantLib.segmentation.morphology import (
    Spacing,
    as_image,
    box_around,
    close,
    components,
    dilate,
    erode,
    fill_slices,
    open_,
)
from CovidQuantLib.segmentation.pleura import OUTWARD, PleuralCavity
from CovidQuantLib.segmentation.spine import Spine

_TISSUE_HU = (-160, 160)
_EDGE_HU = (-100, 150)
_GRADIENT_MM = 3.0
_TONGUE_MM = 8.0
_GRADIENT_SCALE = 20.0
_SURE_MM = 3.0
_REACH_MM = 40.0
_OESOPHAGUS_BESIDE_MM = 30.0
_BRONCHUS_HU = -300
_APART_MM = 4.0
_LEAST_FLOOD_ML = 5.0
_DOME_SHARE = 0.4
_LARGEST_BRONCHUS_ML = 3.0
_WALL = 32000
_CLOSE_MM = 6.0
_LUNG, _ORGAN, _OUTSIDE = 1, 2, 3


def add_consolidation(
    sides: LabelArray, cavity: PleuralCavity, organs: MaskArray, hu: HuArray, spine: Spine, spacing_kji: Spacing
) -> LabelArray:
    """`sides` (1 right, 2 left; axes k, j, i) with the consolidated lung of `cavity`; unchanged where there is none.

    `organs` marks what is surely no lung. `hu` is lightly smoothed.
    """
    sure = erode(cavity.wall > 0, _SURE_MM, spacing_kji) & ~organs
    if sure.sum() * float(np.prod(spacing_kji)) < _LEAST_FLOOD_ML * 1000.0:
        return np.where(sides == 0, cavity.wall, sides)
    air = _bronchograms(sides, cavity, organs, hu, spine, spacing_kji)
    domain = cavity.inside & (hu > _TISSUE_HU[0]) & (hu < _TISSUE_HU[1]) & ~cavity.fat
    markers = np.full(sides.shape, _OUTSIDE, np.uint8)
    markers[domain] = 0
    markers[domain & organs] = _ORGAN
    markers[domain & ~organs & (sure | dilate(air, _SURE_MM, spacing_kji))] = _LUNG
    flooded = _flood(hu, markers, spacing_kji)
    kept = open_(flooded == _ORGAN, _TONGUE_MM, spacing_kji) | (markers == _ORGAN)
    near = dilate((sides > 0) | sure | air, _REACH_MM, spacing_kji)
    lung = ((flooded == _LUNG) & near) | ((cavity.wall > 0) & ~kept) | air
    return _joined(sides, lung, cavity.inside & ~kept, spine, spacing_kji)


def _bronchograms(
    sides: LabelArray, cavity: PleuralCavity, organs: MaskArray, hu: HuArray, spine: Spine, spacing_kji: Spacing
) -> MaskArray:
    """Air in small pieces deep in the cavity's tissue: bronchi of a consolidation. Not the oesophagus, not the gut."""
    beside = np.abs(spine.beside_mm(hu.shape[2], spacing_kji))[:, None, :]
    before = spine.before_mm(hu.shape[1], spacing_kji)[:, :, None]
    oesophagus = (beside < _OESOPHAGUS_BESIDE_MM) & (before > 0.0)
    apart = ~dilate(sides > 0, _APART_MM, spacing_kji)
    labels, counts = components(cavity.inside & (hu < _BRONCHUS_HU) & apart & ~oesophagus)
    small = counts * float(np.prod(spacing_kji)) / 1000.0 < _LARGEST_BRONCHUS_ML
    small[np.unique(labels[organs])] = False
    small[0] = False
    return np.asarray(small[labels])


def _flood(hu: HuArray, markers: LabelArray, spacing_kji: Spacing) -> LabelArray:
    """The markers, each grown up to where the smoothed HU change most."""
    box = box_around(markers != _OUTSIDE, 2.0 * _GRADIENT_MM, spacing_kji)
    sigma = [_GRADIENT_MM / step for step in spacing_kji]
    smooth = ndimage.gaussian_filter(np.clip(hu[box], *_EDGE_HU).astype(np.float32), sigma)
    square = np.zeros(smooth.shape, np.float32)
    for axis, step in enumerate(spacing_kji):
        square += np.gradient(smooth, step, axis=axis) ** 2
    relief = np.minimum(np.sqrt(square) * _GRADIENT_SCALE, _WALL - 1).astype(np.int16)
    outside = markers[box] == _OUTSIDE
    # The border is flooded last: what is outside shall not creep in.
    relief[ndimage.binary_dilation(outside) & ~outside] = _WALL
    flooded = sitk.MorphologicalWatershedFromMarkers(
        sitk.GetImageFromArray(relief), as_image(markers[box], (1.0, 1.0, 1.0)), markWatershedLine=False
    )
    labels = markers.copy()
    labels[box] = sitk.GetArrayViewFromImage(flooded)
    return labels


def _joined(sides: LabelArray, lung: MaskArray, allowed: MaskArray, spine: Spine, spacing_kji: Spacing) -> LabelArray:
    """`sides` with `lung` of each half, and with what of `allowed` lies between them or in the holes of slices."""
    joined = sides.copy()
    beside = spine.beside_mm(sides.shape[2], spacing_kji)[:, None, :]
    for label, outward in OUTWARD.items():
        own = np.broadcast_to(beside * outward >= 0, sides.shape)
        added = lung & own
        if not added.any():
            continue
        whole = (sides == label) | added
        whole |= _with_islands(close(whole, _CLOSE_MM, spacing_kji)) & own & allowed
        joined[whole & (sides == 0)] = label
    return joined


def _with_islands(lung: MaskArray) -> MaskArray:
    """`lung` with the holes of its slices, but not with a dome: a hole that goes on below where it is none any more."""
    holes = fill_slices(lung) & ~lung
    labels, counts = components(holes)
    below = np.zeros(lung.shape, bool)
    below[1:] = ~lung[:-1] & ~holes[:-1]
    floor = np.bincount(labels[holes & below], minlength=len(counts))
    slices = ndimage.sum_labels(holes, labels, np.arange(len(counts)))
    height = np.array([0.0] + [float(box[0].stop - box[0].start) for box in ndimage.find_objects(labels)])
    island = floor < _DOME_SHARE * slices / np.maximum(height, 1.0)
    island[0] = False
    return np.asarray(lung | island[labels])

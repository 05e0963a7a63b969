"""Consolidated lung at the chest wall, which no threshold finds: what lies between aerated lung and costal pleura.

Along rays from the axis of each lung the tissue between the lung's edge and the pleura inside the ribs is lung, unless
it belongs to an organ of the middle (heart, aorta, liver, spleen) or is fat.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from CovidQuantLib.anatomy import LEFT_LUNG, RIGHT_LUNG
from CovidQuantLib.ct import HuArray, LabelArray, MaskArray
from CovidQuantLib.segmentation.chest_wall import (
    RAYS,
    HalfChest,
    Map,
    half_chest,
    lung_edge,
    pleural_surface,
    rib_surface,
)
from CovidQuantLib.segmentation.morphology import Spacing, components, dilate, distance_outside, open_

OUTWARD = {RIGHT_LUNG.label: -1, LEFT_LUNG.label: 1}
_LEAST_GAP_MM = 5.0
_BESIDE_SPINE_MM = 30.0
_BESIDE_STERNUM_MM = 60.0
_APEX_MM = 20.0
_SHOULDER_MM = 70.0
_FRONT_DEGREES = 30
_ORGAN_MM = 20.0
_AORTA_MM = 10.0
_AORTA_COLUMNS_MM = (-15.0, 75.0)
_MIDDLE_MM = 25.0
_FAT_HU = (-160, -35)
_FAT_MM = 2.5
_THINNEST_MM = 2.5
_SMALLEST_ML = 1.0


@dataclass(frozen=True)
class PleuralSpace:
    """One half of the chest: its rays, the pleura's and the lung's edge, and the rays that meet the costal pleura."""

    half: HalfChest
    pleura: Map
    edge: Map
    costal: npt.NDArray[np.bool_]


def fill_to_pleura(
    sides: LabelArray, hu: HuArray, tissue: MaskArray, spine: npt.NDArray[np.float64], spacing_kji: Spacing
) -> LabelArray:
    """`sides` (1 right, 2 left; axes k, j, i) with the consolidated lung at the chest wall.

    `hu` is lightly smoothed, `tissue` what may become lung, `spine` the column of the spine in each slice.
    """
    spaces = {
        label: _space(sides == label, OUTWARD[label], hu, spine, spacing_kji)
        for label in OUTWARD
        if (sides == label).any()
    }
    voxels = np.nonzero(tissue)
    inside = np.zeros(len(voxels[0]), bool)
    between = np.zeros(len(voxels[0]), np.uint8)
    for label, space in spaces.items():
        own = (voxels[2] - spine[voxels[0]]) * OUTWARD[label] >= 0
        ray, radius = space.half.locate(voxels)
        pleura, edge = space.pleura[voxels[0], ray], space.edge[voxels[0], ray]
        with np.errstate(invalid="ignore"):
            costal = space.costal[voxels[0], ray]
            inside |= own & ((radius < pleura) | ~costal)
            between[costal & (radius < pleura) & (radius > edge) & (pleura - edge > _LEAST_GAP_MM)] = label
    cavity = np.zeros(sides.shape, bool)
    cavity[voxels] = inside
    filled = np.zeros(sides.shape, np.uint8)
    filled[voxels] = between
    barred = _organs(cavity, spine, spacing_kji) | _fat(hu, spacing_kji)
    return _kept(sides, np.where(barred, np.uint8(0), filled), spacing_kji)


def _space(
    lung: MaskArray, outward: int, hu: HuArray, spine: npt.NDArray[np.float64], spacing_kji: Spacing
) -> PleuralSpace:
    half = half_chest(lung, outward, spacing_kji)
    ribs = rib_surface(half, hu)
    edge = lung_edge(half, lung, ribs)
    pleura = pleural_surface(half, ribs, edge)
    beside = (half.column_at(pleura) - spine[:, None]) * outward * spacing_kji[2]
    with np.errstate(invalid="ignore"):
        costal = beside >= _BESIDE_SPINE_MM
    top = int(np.flatnonzero(lung.any(axis=(1, 2)))[-1])
    costal[max(0, top - round(_APEX_MM / spacing_kji[0])) :] = False
    degrees = np.arange(RAYS) * (360 // RAYS)
    front = (degrees > 180) & (degrees < 360 - _FRONT_DEGREES)
    with np.errstate(invalid="ignore"):
        costal[:, front] &= beside[:, front] >= _BESIDE_STERNUM_MM
    costal[max(0, top - round(_SHOULDER_MM / spacing_kji[0])) :, front] = False
    return PleuralSpace(half, pleura, edge, costal)


def _organs(cavity: MaskArray, spine: npt.NDArray[np.float64], spacing_kji: Spacing) -> MaskArray:
    """The thick tissue of the chest's middle and of the abdomen: heart, great vessels, liver, spleen.

    It is what a ball reaches from the middle without leaving `cavity`; the ball is smaller beside the spine, where
    the aorta runs.
    """
    beside = (np.arange(cavity.shape[2])[None, :] - spine[:, None]) * spacing_kji[2]
    aorta = np.broadcast_to(
        ((beside > _AORTA_COLUMNS_MM[0]) & (beside < _AORTA_COLUMNS_MM[1]))[:, None, :], cavity.shape
    )
    depth = distance_outside(~cavity, spacing_kji)
    labels, _ = components(depth >= np.where(aorta, np.float32(_AORTA_MM), np.float32(_ORGAN_MM)))
    middle = np.broadcast_to((np.abs(beside) < _MIDDLE_MM)[:, None, :], cavity.shape)
    from_middle = np.bincount(labels[middle], minlength=int(labels.max()) + 1) > 0
    from_middle[0] = False
    cores = from_middle[labels]
    return cavity & (dilate(cores & aorta, _AORTA_MM, spacing_kji) | dilate(cores & ~aorta, _ORGAN_MM, spacing_kji))


def _fat(hu: HuArray, spacing_kji: Spacing) -> MaskArray:
    """Fat in pieces too thick to be the blurred edge between air and tissue."""
    return open_((hu > _FAT_HU[0]) & (hu < _FAT_HU[1]), _FAT_MM, spacing_kji)


def _kept(sides: LabelArray, filled: LabelArray, spacing_kji: Spacing) -> LabelArray:
    """`sides` with the pieces of `filled` that are thick and large enough to be consolidated lung."""
    labels, counts = components(open_(filled > 0, _THINNEST_MM, spacing_kji))
    large = counts * float(np.prod(spacing_kji)) / 1000.0 >= _SMALLEST_ML
    return np.where((sides == 0) & large[labels], filled, sides).astype(np.uint8)

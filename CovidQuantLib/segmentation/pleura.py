"""The pleural cavity of both lungs, and the tissue at the chest wall that only consolidated lung can be.

Along rays from the axis of each lung, tissue between aerated lung and the pleura inside the ribs is lung, unless it
belongs to the thick organs of the middle (heart, aorta, liver, spleen) or is fat.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

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
from CovidQuantLib.segmentation.spine import Spine

OUTWARD = {RIGHT_LUNG.label: -1, LEFT_LUNG.label: 1}
"""Towards which columns the chest wall of each lung lies."""

_LEAST_GAP_MM = 5.0
_BESIDE_SPINE_MM = 30.0
_BESIDE_STERNUM_MM = 60.0
_APEX_MM = 30.0
_SHOULDER_MM = 70.0
_SHOULDER_GAP_MM = 8.0
_NEAR_MM = 15.0
_NEAR_RAYS = 8
_FRONT_DEGREES = 30
_BONE_HU = 160
_HULL_SIDES = 48
_VERTEBRA_MM = 22.0
_VERTEBRA_DEPTH_MM = 30.0
_BACK_MUSCLE_MM = 35.0
_ORGAN_MM = 20.0
_AORTA_MM = 10.0
_AORTA_COLUMNS_MM = (-15.0, 75.0)
_MIDDLE_MM = 25.0
_FAT_HU = (-160, -35)
_FAT_MM = 2.5
_THINNEST_MM = 2.5
_SMALLEST_ML = 1.0


@dataclass(frozen=True)
class PleuralCavity:
    """On the coarse grid, axes k, j, i.

    `inside` is tissue within the pleura of the ribs, with everything of the middle and below the lungs. `wall` (1
    right, 2 left) is the part of it that is consolidated lung at the chest wall, `fat` is fat anywhere. `depth_mm` is
    the distance of each voxel to what is outside `inside` (air, bone, chest wall).
    """

    inside: MaskArray
    wall: LabelArray
    fat: MaskArray
    depth_mm: npt.NDArray[np.float32]


def find_cavity(sides: LabelArray, hu: HuArray, tissue: MaskArray, spine: Spine, spacing_kji: Spacing) -> PleuralCavity:
    """The pleural cavity around the lungs `sides` (1 right, 2 left), and the consolidated lung at its wall.

    `hu` is lightly smoothed, `tissue` what may become lung.
    """
    voxels = np.nonzero(tissue & (hu < _BONE_HU))
    within = np.zeros(len(voxels[0]), bool)
    open_side = np.zeros(len(voxels[0]), bool)
    between = np.zeros(len(voxels[0]), np.uint8)
    for label, outward in OUTWARD.items():
        if not (sides == label).any():
            continue
        ray_map = _rays(sides == label, outward, hu, spine, spacing_kji)
        ray, radius = ray_map.half.locate(voxels)
        pleura, edge = ray_map.pleura[voxels[0], ray], ray_map.edge[voxels[0], ray]
        costal = ray_map.costal[voxels[0], ray]
        own = (voxels[2] - spine.columns[voxels[0]]) * outward >= 0
        with np.errstate(invalid="ignore"):
            within |= own & costal & (radius < pleura)
            open_side |= own & ~costal
            between[costal & (radius < pleura) & (radius > edge) & (pleura - edge > _LEAST_GAP_MM)] = label
    inside = np.zeros(sides.shape, bool)
    inside[voxels] = within
    inside[voxels] |= (
        open_side & _in_hulls(voxels, inside | (sides > 0), spacing_kji) & ~_back(voxels, spine, spacing_kji)
    )
    wall = np.zeros(sides.shape, np.uint8)
    wall[voxels] = between
    depth = distance_outside(~inside, spacing_kji)
    fat = _fat(hu, spacing_kji)
    wall[_organs(inside, depth, spine, spacing_kji) | fat] = 0
    return PleuralCavity(inside, _large_pieces(wall, spacing_kji), fat, depth)


def _fat(hu: HuArray, spacing_kji: Spacing) -> MaskArray:
    """Fat in pieces too thick to be the blurred edge between air and tissue."""
    return open_((hu > _FAT_HU[0]) & (hu < _FAT_HU[1]), _FAT_MM, spacing_kji)


def _back(voxels: tuple[npt.NDArray[np.intp], ...], spine: Spine, spacing_kji: Spacing) -> npt.NDArray[np.bool_]:
    """Which voxels are beside the vertebrae or in the muscles of the back, where no lung can be."""
    beside = np.abs(voxels[2] - spine.columns[voxels[0]]) * spacing_kji[2]
    behind = (voxels[1] - spine.fronts[voxels[0]]) * spacing_kji[1]
    return ((behind > 0.0) & (beside < _VERTEBRA_MM)) | ((behind > _VERTEBRA_DEPTH_MM) & (beside < _BACK_MUSCLE_MM))


def _in_hulls(voxels: tuple[npt.NDArray[np.intp], ...], of: MaskArray, spacing_kji: Spacing) -> npt.NDArray[np.bool_]:
    """Which voxels lie within the convex hull of the mask `of` in their slice (a polygon of 48 sides around it)."""
    angles = np.arange(_HULL_SIDES) * (2.0 * np.pi / _HULL_SIDES)
    normals = np.stack([np.sin(angles) * spacing_kji[1], np.cos(angles) * spacing_kji[2]])
    reach = np.full((of.shape[0], _HULL_SIDES), -np.inf)
    for k in np.flatnonzero(of.any(axis=(1, 2))):
        reach[k] = (np.argwhere(of[k]) @ normals).max(axis=0)
    found = np.ones(len(voxels[0]), bool)
    for side in range(_HULL_SIDES):
        found &= voxels[1] * normals[0, side] + voxels[2] * normals[1, side] <= reach[voxels[0], side]
    return found


@dataclass(frozen=True)
class _RayMap:
    """Rays of one half, the pleura's and the lung's edge along them, and whether a ray meets the costal pleura."""

    half: HalfChest
    pleura: Map
    edge: Map
    costal: npt.NDArray[np.bool_]


def _rays(lung: MaskArray, outward: int, hu: HuArray, spine: Spine, spacing_kji: Spacing) -> _RayMap:
    half = half_chest(lung, outward, spacing_kji)
    ribs = rib_surface(half, hu)
    edge = lung_edge(half, lung, ribs)
    pleura = pleural_surface(half, ribs, edge)
    beside = (half.column_at(pleura) - spine.columns[:, None]) * outward * spacing_kji[2]
    degrees = np.arange(RAYS) * (360 // RAYS)
    front = (degrees > 180) & (degrees < 360 - _FRONT_DEGREES)
    with np.errstate(invalid="ignore"):
        costal = beside >= np.where(front, _BESIDE_STERNUM_MM, _BESIDE_SPINE_MM)
    top = int(np.flatnonzero(lung.any(axis=(1, 2)))[-1])
    costal[max(0, top - round(_APEX_MM / spacing_kji[0])) :] = False
    shoulder = max(0, top - round(_SHOULDER_MM / spacing_kji[0]))
    costal[shoulder:, front] = False
    with np.errstate(invalid="ignore"):
        costal[shoulder:] &= (pleura < _widest_near(edge, spacing_kji) + _SHOULDER_GAP_MM)[shoulder:]
    return _RayMap(half, pleura, edge, costal)


def _widest_near(edge: Map, spacing_kji: Spacing) -> Map:
    """The largest radius of the lung's edge within 15 mm and 16 degrees of each ray."""
    size = (2 * round(_NEAR_MM / spacing_kji[0]) + 1, 2 * _NEAR_RAYS + 1)
    return np.asarray(ndimage.maximum_filter(np.nan_to_num(edge, nan=0.0), size, mode=("nearest", "wrap")))


def _organs(inside: MaskArray, depth: npt.NDArray[np.float32], spine: Spine, spacing_kji: Spacing) -> MaskArray:
    """The thick tissue of the chest's middle and of the abdomen: heart, great vessels, liver, spleen.

    It is what a ball reaches from the middle without leaving the cavity; the ball is smaller beside the spine, where
    the aorta runs.
    """
    beside = spine.beside_mm(inside.shape[2], spacing_kji)[:, None, :]
    aorta = np.broadcast_to((beside > _AORTA_COLUMNS_MM[0]) & (beside < _AORTA_COLUMNS_MM[1]), inside.shape)
    labels, _ = components(depth >= np.where(aorta, np.float32(_AORTA_MM), np.float32(_ORGAN_MM)))
    middle = np.broadcast_to(np.abs(beside) < _MIDDLE_MM, inside.shape)
    from_middle = np.bincount(labels[middle], minlength=int(labels.max()) + 1) > 0
    from_middle[0] = False
    cores = from_middle[labels]
    return inside & (dilate(cores & aorta, _AORTA_MM, spacing_kji) | dilate(cores & ~aorta, _ORGAN_MM, spacing_kji))


def _large_pieces(wall: LabelArray, spacing_kji: Spacing) -> LabelArray:
    """The pieces that are thick and large enough to be consolidated lung."""
    labels, counts = components(open_(wall > 0, _THINNEST_MM, spacing_kji))
    large = counts * float(np.prod(spacing_kji)) / 1000.0 >= _SMALLEST_ML
    return np.where(large[labels], wall, np.uint8(0))

"""The inner side of the ribs, seen from the middle of each half of the chest: where the costal pleura must run.

Each axial slice is looked at along rays from the axis of the lung. Between the ribs, and where a consolidation hides
the lung's border, the pleura is a smooth surface through the ribs' inner sides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from CovidQuantLib.ct import HuArray, MaskArray
from CovidQuantLib.segmentation.morphology import Spacing

Map = npt.NDArray[np.float32]
"""Values in mm for each slice and ray; NaN where there is none."""

RAYS = 180
_REACH_MM = 180.0
_STEP_MM = 2.0
_BONE_HU = 160
_NEAREST_BONE_MM = 24.0
_SMOOTH_MM = 8.0
_SMOOTH_RAYS = 2.0
_AXIS_SMOOTH_MM = 20.0
_OUTSIDE_RIBS_MM = (4.0, 2.5, 2.5)
_INSIDE_RIBS_MM = (16.0, 10.0, 10.0)
_LEAST_SHARE = 0.02
_LEAST_RIB_SHARE = 0.12
_BLOOD_MM = 17.0
_BLOOD_SHARE = 0.9
_NORMAL_GAP_MM = 9.0
_USUAL_GAP_MM = 3.0
_BEYOND_RIBS_MM = 6.0


@dataclass(frozen=True)
class HalfChest:
    """One half of the chest as rays from the axis of its lung.

    `axis` (slice, 2) holds the row and column of the axis. `outward` is -1 where the chest wall lies towards low
    columns (right) and +1 where it lies towards high ones (left). Ray n runs at 2n degrees from outward, turning
    towards the back. `steps` (slice, ray, step) are the flat indices of the voxels along each ray, every 2 mm; -1
    outside the array.
    """

    axis: npt.NDArray[np.float64]
    outward: int
    spacing_kji: Spacing
    steps: npt.NDArray[np.int32]

    def locate(self, voxels: tuple[npt.NDArray[np.intp], ...]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]:
        """The ray and the radius in mm of voxels given by their k, j and i."""
        back = ((voxels[1] - self.axis[voxels[0], 0]) * self.spacing_kji[1]).astype(np.float32)
        out = ((voxels[2] - self.axis[voxels[0], 1]) * (self.spacing_kji[2] * self.outward)).astype(np.float32)
        ray = np.rint(np.arctan2(back, out) * (RAYS / (2.0 * np.pi))).astype(np.intp) % RAYS
        return ray, np.hypot(back, out)

    def column_at(self, radius: Map) -> Map:
        """The column of the point at `radius` on each ray."""
        return (self.axis[:, None, 1] + _directions(self.outward, self.spacing_kji)[None, :, 1] * radius).astype(
            np.float32
        )


def half_chest(lung: MaskArray, outward: int, spacing_kji: Spacing) -> HalfChest:
    """Rays around the axis of `lung`: the centres of its larger slices, held above and below them."""
    areas = lung.sum(axis=(1, 2))
    large = np.flatnonzero(areas > 0.5 * areas.max())
    centres = np.array([ndimage.center_of_mass(lung[k]) for k in large])
    slices = np.arange(lung.shape[0])
    axis = np.stack([np.interp(slices, large, centres[:, n]) for n in (0, 1)], axis=1)
    axis = ndimage.gaussian_filter1d(axis, _AXIS_SMOOTH_MM / spacing_kji[0], axis=0, mode="nearest")
    return HalfChest(axis, outward, spacing_kji, _steps(axis, outward, spacing_kji, lung.shape))


def rib_surface(half: HalfChest, hu: HuArray) -> Map:
    """Radius of the ribs' inner side on every ray, smooth between the ribs; NaN where ribs are too few."""
    bone = _along(half, _thin_bone(hu, half.spacing_kji))
    bone[:, :, : int(_NEAREST_BONE_MM / _STEP_MM)] = False
    first = np.where(bone.any(axis=2), bone.argmax(axis=2) * _STEP_MM, np.nan).astype(np.float32)
    surface = smooth_map(first, half.spacing_kji)
    for outside, inside in zip(_OUTSIDE_RIBS_MM, _INSIDE_RIBS_MM, strict=True):
        with np.errstate(invalid="ignore"):
            kept = (first < surface + outside) & (first > surface - inside)
        surface = smooth_map(np.where(kept, first, np.nan).astype(np.float32), half.spacing_kji, _LEAST_RIB_SHARE)
    return surface


def lung_edge(half: HalfChest, lung: MaskArray, ribs: Map) -> Map:
    """Radius at which `lung` ends on every ray, not beyond the ribs; NaN where the ray meets no lung."""
    seen = _along(half, lung)
    seen &= np.arange(seen.shape[2]) * _STEP_MM <= np.nan_to_num(ribs + _BEYOND_RIBS_MM, nan=0.0)[:, :, None]
    last = (seen.shape[2] - 0.5 - seen[:, :, ::-1].argmax(axis=2)) * _STEP_MM
    return np.where(seen.any(axis=2), last, np.nan).astype(np.float32)


def pleural_surface(half: HalfChest, ribs: Map, edge: Map) -> Map:
    """Radius of the costal pleura: as far inside the ribs as the lung's edge lies nearby, where it lies on them."""
    gap = ribs - edge
    with np.errstate(invalid="ignore"):
        normal = np.where(np.abs(gap) < _NORMAL_GAP_MM, gap, np.nan).astype(np.float32)
    usual = float(np.nanmedian(normal)) if np.isfinite(normal).any() else _USUAL_GAP_MM
    near = smooth_map(normal, half.spacing_kji)
    return (ribs - np.where(np.isfinite(near), near, usual)).astype(np.float32)


def smooth_map(values: Map, spacing_kji: Spacing, least_share: float = _LEAST_SHARE) -> Map:
    """Gaussian mean of the finite values around each; NaN where their share is under `least_share`."""
    sigma = (_SMOOTH_MM / spacing_kji[0], _SMOOTH_RAYS)
    finite = np.isfinite(values)
    weight = ndimage.gaussian_filter(finite.astype(np.float32), sigma, mode=("nearest", "wrap"))
    total = ndimage.gaussian_filter(np.where(finite, values, 0.0).astype(np.float32), sigma, mode=("nearest", "wrap"))
    return np.where(weight > least_share, total / np.maximum(weight, 1e-6), np.nan).astype(np.float32)


def _thin_bone(hu: HuArray, spacing_kji: Spacing) -> MaskArray:
    """Bone without what is too thick for a rib: vertebrae, and vessels and heart full of contrast medium."""
    bone = hu > _BONE_HU
    sides = [round(_BLOOD_MM / step) | 1 for step in spacing_kji]
    thick = ndimage.uniform_filter(bone.astype(np.float32), sides) > _BLOOD_SHARE
    return np.asarray(bone & ~ndimage.maximum_filter(thick, sides))


def _directions(outward: int, spacing_kji: Spacing) -> npt.NDArray[np.float64]:
    """(ray, 2): what one mm along each ray is in rows and columns."""
    angle = np.arange(RAYS) * (2.0 * np.pi / RAYS)
    return np.stack([np.sin(angle) / spacing_kji[1], outward * np.cos(angle) / spacing_kji[2]], axis=1)


def _steps(
    axis: npt.NDArray[np.float64], outward: int, spacing_kji: Spacing, shape: tuple[int, ...]
) -> npt.NDArray[np.int32]:
    radii = np.arange(0.0, _REACH_MM, _STEP_MM)
    offsets = _directions(outward, spacing_kji)[:, None, :] * radii[None, :, None]
    rows = np.rint(axis[:, None, None, 0] + offsets[None, :, :, 0]).astype(np.int32)
    columns = np.rint(axis[:, None, None, 1] + offsets[None, :, :, 1]).astype(np.int32)
    inside = (rows >= 0) & (rows < shape[1]) & (columns >= 0) & (columns < shape[2])
    slices = np.arange(shape[0], dtype=np.int32)[:, None, None]
    return np.where(inside, (slices * shape[1] + rows) * shape[2] + columns, np.int32(-1))


def _along(half: HalfChest, mask: MaskArray) -> MaskArray:
    """(slice, ray, step): the mask along each ray, False outside the array."""
    return np.asarray(np.append(mask.ravel(), False)[half.steps])

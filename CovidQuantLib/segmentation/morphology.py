"""Morphology with balls measured in millimetres, whatever the voxel: by distance maps, so its cost knows no radius."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

from CovidQuantLib.ct import LabelArray, MaskArray

Spacing = tuple[float, float, float]
"""Spacing in mm in the array's order k, j, i."""


def distance_outside(mask: MaskArray, spacing_kji: Spacing) -> npt.NDArray[np.float32]:
    """Distance of each voxel to `mask` in mm, 0 within it; infinite everywhere where `mask` is empty."""
    if not mask.any():
        return np.full(mask.shape, np.inf, np.float32)
    image = as_image(mask, spacing_kji)
    distance = sitk.SignedMaurerDistanceMap(image, insideIsPositive=False, squaredDistance=False, useImageSpacing=True)
    return np.maximum(sitk.GetArrayViewFromImage(distance), 0.0)


def dilate(mask: MaskArray, radius_mm: float, spacing_kji: Spacing) -> MaskArray:
    """`mask` grown by a ball of `radius_mm`."""
    grown = np.zeros(mask.shape, bool)
    if mask.any():
        box = box_around(mask, radius_mm, spacing_kji)
        grown[box] = distance_outside(mask[box], spacing_kji) <= radius_mm
    return grown


def erode(mask: MaskArray, radius_mm: float, spacing_kji: Spacing) -> MaskArray:
    """`mask` shrunk by a ball of `radius_mm`; the border of the array does not shrink it."""
    shrunk = np.zeros(mask.shape, bool)
    if mask.any():
        box = box_around(mask, 0.0, spacing_kji)
        shrunk[box] = distance_outside(~mask[box], spacing_kji) > radius_mm
    return shrunk


def box_around(mask: MaskArray, margin_mm: float, spacing_kji: Spacing) -> tuple[slice, slice, slice]:
    """The box around the set voxels of `mask` (not empty), wider by `margin_mm` and one voxel on each side."""
    found = []
    for axis, step in enumerate(spacing_kji):
        hit = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
        margin = int(np.ceil(margin_mm / step)) + 1
        found.append(slice(max(0, int(hit[0]) - margin), int(hit[-1]) + 1 + margin))
    return (found[0], found[1], found[2])


def close(mask: MaskArray, radius_mm: float, spacing_kji: Spacing) -> MaskArray:
    """`mask` and everything a ball of `radius_mm` cannot reach from outside of it."""
    margin = [int(np.ceil(radius_mm / spacing)) + 1 for spacing in spacing_kji]
    padded = np.pad(mask, [(width, width) for width in margin], mode="edge")
    closed = erode(dilate(padded, radius_mm, spacing_kji), radius_mm, spacing_kji)
    inner = tuple(slice(width, -width) for width in margin)
    return np.asarray(closed[inner] | mask)


def open_(mask: MaskArray, radius_mm: float, spacing_kji: Spacing) -> MaskArray:
    """The part of `mask` that a ball of `radius_mm` within it can reach."""
    return dilate(erode(mask, radius_mm, spacing_kji), radius_mm, spacing_kji) & mask


def components(mask: MaskArray) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Parts of `mask` connected through faces, 1 the largest, and their voxel counts (`counts[0]` is 0)."""
    found = sitk.ConnectedComponent(as_image(mask, (1.0, 1.0, 1.0)))
    labels = sitk.GetArrayFromImage(found).view(np.int32)
    counts = np.bincount(labels.ravel())
    counts[0] = 0
    order = np.argsort(-counts[1:], kind="stable") + 1
    rank = np.zeros(len(counts), np.int32)
    rank[order] = np.arange(1, len(counts))
    return np.take(rank, labels), np.concatenate([[0], counts[order]]).astype(np.int64)


def largest_component(mask: MaskArray) -> MaskArray:
    """The largest part of `mask` connected through faces; empty where `mask` is."""
    return np.asarray(components(mask)[0] == 1)


def fill_slices(mask: MaskArray, largest: int | None = None) -> MaskArray:
    """`mask` with the holes of every axial slice filled, or only those of at most `largest` pixels."""
    filled = mask.copy()
    if not mask.any():
        return filled
    box = box_around(mask, 0.0, (1.0, 1.0, 1.0))
    in_plane = np.zeros((3, 3, 3), bool)
    in_plane[1] = ndimage.generate_binary_structure(2, 1)
    background = np.pad(~mask[box], ((0, 0), (1, 1), (1, 1)), constant_values=True)
    labels, count = ndimage.label(background, in_plane)
    kept = np.zeros(count + 1, bool)
    kept[labels[:, 0, 0]] = True
    if largest is not None:
        kept[1:] |= np.bincount(labels.ravel(), minlength=count + 1)[1:] > largest
    filled[box] = ~kept[labels][:, 1:-1, 1:-1]
    return filled


def as_image(mask: MaskArray | LabelArray, spacing_kji: Spacing) -> sitk.Image:
    """The array as a SimpleITK image (uint8) of this spacing."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(mask).view(np.uint8))
    image.SetSpacing([float(step) for step in spacing_kji[::-1]])
    return image

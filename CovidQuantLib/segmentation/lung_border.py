"""From the coarse lungs to labels on the CT's own grid: the border to tissue is found at full resolution."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from CovidQuantLib.anatomy import LEFT_LUNG, RIGHT_LUNG
from CovidQuantLib.ct import CtVolume, Geometry, LabelArray, MaskArray
from CovidQuantLib.ct.grid import Box, bounding_box
from CovidQuantLib.progress import Progress, no_progress
from CovidQuantLib.segmentation.airways import CoarseChest

_WHOLE = 200
_DEEP = 150
_RIM = 20
_SLAB = 32


def labels_on_ct(
    ct: CtVolume,
    chest: CoarseChest,
    sides: LabelArray,
    aerated: MaskArray,
    barred: MaskArray,
    progress: Progress = no_progress,
) -> LabelArray:
    """Right (1) and left (2) lung on the CT's grid, from `sides` on the coarse one.

    Deep inside every voxel is lung, with vessels and consolidations. In a rim of about one coarse voxel the CT's own
    voxels decide by the threshold; where the border was closed over tissue (`sides` without `aerated`), the smooth
    coarse border stands. `barred` is air of the coarse grid that is no lung.
    """
    labels = np.zeros(ct.geometry.shape, np.uint8)
    box = _fine_box(sides, chest, ct.geometry)
    lungs, left = sides > 0, sides == LEFT_LUNG.label
    closed = lungs & ~aerated
    for start in range(box.start[0], box.stop[0], _SLAB):
        progress((start - box.start[0]) / box.shape[0], "Drawing the lungs' borders")
        slab = Box((start, *box.start[1:]), (min(start + _SLAB, box.stop[0]), *box.stop[1:]))
        weight = _expanded(lungs, chest, slab)
        air = (ct.hu[slab.slices] < chest.threshold_hu) & (_expanded(barred, chest, slab) < _WHOLE // 2)
        inside = (weight >= _DEEP) | (air & (weight >= _RIM)) | (_expanded(closed, chest, slab) >= _WHOLE // 2)
        is_left = _expanded(left, chest, slab) > weight // 2
        labels[slab.slices] = np.where(is_left, np.uint8(LEFT_LUNG.label), np.uint8(RIGHT_LUNG.label)) * inside
    progress(1.0, "Drawing the lungs' borders")
    return labels


def _fine_box(sides: LabelArray, chest: CoarseChest, geometry: Geometry) -> Box:
    """The CT's voxels around the coarse lungs and their rim."""
    step = chest.grid.step
    spacing = chest.grid.spacing_kji
    coarse = Geometry(sides.shape, (spacing[2], spacing[1], spacing[0]), (0.0, 0.0, 0.0), ())
    around = bounding_box(sides, coarse, margin_mm=max(spacing))
    start = [int(first * size) for first, size in zip(around.start, step, strict=True)]
    stop = [
        min(voxels, int(np.ceil(last * size)))
        for voxels, last, size in zip(geometry.shape, around.stop, step, strict=True)
    ]
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


def _expanded(mask: MaskArray, chest: CoarseChest, box: Box) -> npt.NDArray[np.uint8]:
    """`mask` of the coarse grid on the voxels of `box`, interpolated linearly: 0 outside to 200 inside."""
    step = chest.grid.step
    first = [max(0, int(start / size) - 2) for start, size in zip(box.start, step, strict=True)]
    last = [int(stop / size) + 3 for stop, size in zip(box.stop, step, strict=True)]
    cut = mask[first[0] : last[0], first[1] : last[1], first[2] : last[2]]
    image = sitk.GetImageFromArray(np.pad(cut.astype(np.uint8) * np.uint8(_WHOLE), 1, mode="edge"))
    image.SetSpacing([float(size) for size in step[::-1]])
    image.SetOrigin([(n - 0.5) * size - 0.5 for n, size in zip(first[::-1], step[::-1], strict=True)])
    expanded = sitk.Resample(
        image,
        [int(n) for n in box.shape[::-1]],
        sitk.Transform(3, sitk.sitkIdentity),
        sitk.sitkLinear,
        [float(n) for n in box.start[::-1]],
        [1.0, 1.0, 1.0],
        [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        0,
    )
    return np.asarray(sitk.GetArrayFromImage(expanded))

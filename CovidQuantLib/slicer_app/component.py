"""The lesion under a point: the connected voxels of the infection there, or what looks like them around it.

All arrays have the axes (k, j, i); a voxel is given as (k, j, i). 26 neighbours connect, as in the table of lesions.
"""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from CovidQuantLib.ct import HuArray, LabelArray, MaskArray
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.slicer_app.label_arrays import inside, nonzero_box

Voxel = tuple[int, int, int]

GROW_REACH_MM = 25.0
"""How far from the point "grow from here" goes: a click never fills a lobe."""
GROW_TOLERANCE_HU = 150.0
"""How far the density may be from that around the point."""
AERATED_HU = -750.0
"""Lung that is less dense than this holds air as healthy lung does, and is not grown into."""
_SEED_MM = 2.0
_WINDOW = 40
"""Voxels around the point that are looked at first: most lesions end within."""


def component_at(labels: LabelArray, frame: Box, voxel: Voxel, *, one_class: bool) -> tuple[Box, MaskArray] | None:
    """The connected lesion at `voxel`, as a mask on its own box; None where there is no infection.

    `labels` are those of the whole infection, standing on `frame` of the grid, as `voxel` does. With `one_class` the
    lesion is of the class at the point only.
    """
    at = tuple(v - start for v, start in zip(voxel, frame.start, strict=True))
    if not all(0 <= v < size for v, size in zip(at, labels.shape, strict=True)) or labels[at] == 0:
        return None
    value = labels[at]
    window = _WINDOW
    while True:
        start = [max(0, v - window) for v in at]
        stop = [min(size, v + window + 1) for v, size in zip(at, labels.shape, strict=True)]
        part = labels[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))]
        lesion = _connected(
            part == value if one_class else part > 0, (at[0] - start[0], at[1] - start[1], at[2] - start[2])
        )
        near = Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))
        box = nonzero_box(lesion.view(np.uint8), near)
        if box is None:
            return None
        ends_inside = all(
            (box.start[axis] > start[axis] or start[axis] == 0)
            and (box.stop[axis] < stop[axis] or stop[axis] == labels.shape[axis])
            for axis in range(3)
        )
        if ends_inside:
            return _moved(box, frame.start), lesion[inside(box, near)]
        window *= 3


def grown_from(
    hu: HuArray, allowed: MaskArray, voxel: Voxel, spacing_kji: tuple[float, float, float]
) -> MaskArray | None:
    """What is as dense as the surroundings of `voxel` and connected with it, in `allowed`; None where nothing is.

    `hu` and `allowed` stand on one box, and `voxel` in it. The density at the point is the mean of the allowed voxels
    within 2 mm. What is grown is within 150 HU of it, denser than aerated lung and no farther than 25 mm away: our
    choices, for a click that is to be corrected rather than trusted.
    """
    if not allowed[voxel]:
        return None
    offsets = [(np.arange(size) - v) * mm for size, v, mm in zip(hu.shape, voxel, spacing_kji, strict=True)]
    distance = np.sqrt(offsets[0][:, None, None] ** 2 + offsets[1][:, None] ** 2 + offsets[2] ** 2)
    density = float(hu[allowed & (distance <= _SEED_MM)].mean())
    low, high = max(AERATED_HU, density - GROW_TOLERANCE_HU), density + GROW_TOLERANCE_HU
    alike = allowed & (hu >= low) & (hu <= high) & (distance <= GROW_REACH_MM)
    return _connected(alike, voxel) if alike[voxel] else None


def _moved(box: Box, by: Voxel) -> Box:
    start = [first + offset for first, offset in zip(box.start, by, strict=True)]
    stop = [last + offset for last, offset in zip(box.stop, by, strict=True)]
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


def _connected(mask: MaskArray, voxel: Voxel) -> MaskArray:
    """The voxels of `mask` that are connected with `voxel`, which is one of them."""
    image = sitk.GetImageFromArray(mask.view(np.uint8))
    seed = (voxel[2], voxel[1], voxel[0])
    grown = sitk.ConnectedThreshold(
        image,
        [seed],
        lower=1,
        upper=1,
        replaceValue=1,
        connectivity=sitk.ConnectedThresholdImageFilter.FullConnectivity,
    )
    return sitk.GetArrayFromImage(grown).astype(np.bool_)

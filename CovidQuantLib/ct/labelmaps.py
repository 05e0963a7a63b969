"""Reading a label map that any editor wrote for a CT: onto the CT's grid, in the library's axis order."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from CovidQuantLib.ct.orientation import geometry_of, library_order
from CovidQuantLib.ct.volume import CtVolume, Geometry, LabelArray, StoredOrder
from CovidQuantLib.ct.volume_files import read_volume
from CovidQuantLib.messages import InputError

_GRID_TOLERANCE = 0.1
"""Largest distance of a mask's corner voxel from the CT's voxel, in voxels: header rounding, never a resampling."""
_HIGHEST_LABEL = 255


def read_labelmap(path: Path, ct: CtVolume) -> LabelArray:
    """The label map in `path` on the grid of `ct`; as `read_labelmap_on`."""
    return read_labelmap_on(path, ct.geometry)


def read_labelmap_alone(path: Path) -> tuple[LabelArray, Geometry]:
    """A label map without its CT: uint8, axes (k, j, i) in the library's order, and the grid that it stands on.

    Raises `InputError` where the file is no label map.
    """
    image, order, geometry = _opened(path)
    return _labels(order.from_stored(sitk.GetArrayViewFromImage(image))), geometry


def read_labelmap_on(path: Path, grid: Geometry) -> LabelArray:
    """The label map in `path` (NIfTI, NRRD, MHA, a one-layer `.seg.nrrd`), uint8 on `grid`, axes (k, j, i).

    The mask may be stored in another axis order, and may cover a part of the grid only, as editors crop to what was
    drawn: the rest is background. Raises `InputError` where it stands on another grid, or holds other values than
    whole numbers from 0 to 255.
    """
    image, order, geometry = _opened(path)
    offset = _offset(geometry, grid)
    labels = _labels(order.from_stored(sitk.GetArrayViewFromImage(image)))
    return _placed(labels, offset, grid.shape)


def _opened(path: Path) -> tuple[sitk.Image, StoredOrder, Geometry]:
    if not path.is_file():
        raise InputError("The mask does not exist. Check the path.")
    image = read_volume(path)
    return (image, *library_order(geometry_of(image)))


def _labels(values: npt.NDArray[np.generic]) -> LabelArray:
    low, high = values.min(), values.max()
    if not (low >= 0 and high <= _HIGHEST_LABEL):
        raise InputError("The mask holds values outside 0 to 255. Give a label map, not an image.")
    labels = values.astype(np.uint8)
    if values.dtype.kind == "f" and not np.array_equal(labels, values):
        raise InputError("The mask holds fractions. Give a label map of whole numbers, not probabilities.")
    return labels


def _offset(mask: Geometry, ct: Geometry) -> tuple[int, int, int]:
    """The CT's voxel (k, j, i) under the mask's first voxel. Raises `InputError` where the grids do not coincide."""
    axes = np.asarray(ct.direction).reshape(3, 3) * np.asarray(ct.spacing)
    corners = np.indices((2, 2, 2)).reshape(3, -1).T * (np.asarray(mask.shape) - 1)
    on_ct = np.linalg.solve(axes, (mask.to_lps(corners) - np.asarray(ct.origin)).T).T[:, ::-1]
    offset = np.rint(on_ct[0])
    if np.abs(on_ct - corners - offset).max() > _GRID_TOLERANCE:
        raise InputError("The mask stands on another grid than the CT. Resample it to the CT, without interpolation.")
    return int(offset[0]), int(offset[1]), int(offset[2])


def _placed(labels: LabelArray, offset: tuple[int, int, int], shape: tuple[int, int, int]) -> LabelArray:
    if offset == (0, 0, 0) and labels.shape == shape:
        return labels
    whole = np.zeros(shape, np.uint8)
    start = [max(0, -n) for n in offset]
    stop = [min(size, total - n) for size, total, n in zip(labels.shape, shape, offset, strict=True)]
    inside = labels[tuple(slice(a, max(a, b)) for a, b in zip(start, stop, strict=True))]
    if np.count_nonzero(inside) != np.count_nonzero(labels):
        raise InputError("The mask reaches beyond the CT. Check that it was drawn on this CT.")
    whole[tuple(slice(a + n, a + n + size) for a, n, size in zip(start, offset, inside.shape, strict=True))] = inside
    return whole

"""Images in a pool: always in the library's axis order, so that the grid in a scan's record says all there is."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from CovidQuantLib.ct import Geometry, HuArray, LabelArray
from CovidQuantLib.ct.labelmaps import read_labelmap_on
from CovidQuantLib.ct.native import silence
from CovidQuantLib.ct.orientation import geometry_of, image_of, library_order
from CovidQuantLib.ct.volume_files import read_volume
from CovidQuantLib.messages import InputError

_SUFFIX = ".nii.gz"


@contextmanager
def written_maps(maps: dict[str, LabelArray], grid: Geometry) -> Iterator[dict[str, Path]]:
    """Label maps (uint8, axes k, j, i, on `grid`) as compressed NIfTI files in a private folder that goes at the end.

    Keys are file names. The files hold no time, name or other text.
    """
    with tempfile.TemporaryDirectory(prefix="covidquant-") as folder:
        yield {name: _write(Path(folder) / name, labels, grid) for name, labels in maps.items()}


@contextmanager
def written_ct(name: str, hu: HuArray, grid: Geometry) -> Iterator[dict[str, Path]]:
    """HU (int16, axes k, j, i, on `grid`) as a compressed NIfTI file in a private folder that goes at the end."""
    with tempfile.TemporaryDirectory(prefix="covidquant-") as folder:
        yield {name: _write(Path(folder) / name, hu, grid)}


def read_map(path: Path, grid: Geometry) -> LabelArray:
    """The label map in `path` on `grid`. Raises `InputError` where it stands elsewhere, or is no label map."""
    return read_labelmap_on(path, grid)


def stands_on(path: Path, grid: Geometry) -> bool:
    """Whether the image in `path` has exactly this grid. Raises `InputError` where it is no volume."""
    _, found = library_order(geometry_of(read_volume(path)))
    if found.shape != grid.shape:
        return False
    corners = np.indices((2, 2, 2)).reshape(3, -1).T * (np.asarray(grid.shape) - 1)
    apart = np.abs(found.to_lps(corners) - grid.to_lps(corners)).max()
    return bool(apart <= 0.1 * min(grid.spacing))


def grid_values(grid: Geometry) -> dict[str, Any]:
    """A grid as it stands in a record."""
    return {
        "shape_kji": list(grid.shape),
        "spacing_ijk_mm": list(grid.spacing),
        "origin_lps_mm": list(grid.origin),
        "direction": list(grid.direction),
    }


def grid_from(values: dict[str, Any]) -> Geometry:
    """The grid in a record. Raises `InputError` where it is none."""
    try:
        k, j, i = (int(size) for size in values["shape_kji"])
        spacing = tuple(float(mm) for mm in values["spacing_ijk_mm"])
        origin = tuple(float(mm) for mm in values["origin_lps_mm"])
        direction = tuple(float(cosine) for cosine in values["direction"])
        if min(k, j, i) < 1 or len(spacing) != 3 or len(origin) != 3 or len(direction) != 9 or min(spacing) <= 0:
            raise ValueError
        if not all(map(math.isfinite, (*spacing, *origin, *direction))):
            raise ValueError
    except (KeyError, TypeError, ValueError) as error:
        raise InputError("A scan's record does not say on which grid it stands. Restore it from a backup.") from error
    return Geometry((k, j, i), (spacing[0], spacing[1], spacing[2]), (origin[0], origin[1], origin[2]), direction)


def _write(path: Path, voxels: npt.NDArray[Any], grid: Geometry) -> Path:
    image = image_of(np.ascontiguousarray(voxels), grid)
    with silence():
        try:
            sitk.WriteImage(image, str(path), useCompression=True)
        except RuntimeError:
            raise InputError("There is no room for temporary files. Make some and try again.") from None
    return path

"""From a volume node to a file that the worker reads: uncompressed, on its grid in the patient, without a name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import slicer
import vtk

from CovidQuantLib.ct import Geometry, LabelArray, StoredOrder
from CovidQuantLib.ct.orientation import library_order
from CovidQuantLib.messages import InputError

EventsHandled = Callable[[], None]
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
_WRITTEN_AT_ONCE = 1 << 23
_NRRD_TYPES = {
    "int8": "signed char",
    "uint8": "unsigned char",
    "int16": "short",
    "uint16": "unsigned short",
    "int32": "int",
    "uint32": "unsigned int",
    "float32": "float",
    "float64": "double",
}


@dataclass(frozen=True)
class CtGrid:
    """The grid of a volume node.

    `stored` is as the node has its voxels (in the patient: LPS mm, parent transforms applied), `geometry` the same in
    the library's axis order, and `order` leads from the one to the other.
    """

    stored: Geometry
    order: StoredOrder
    geometry: Geometry


def ct_grid(volume: Any) -> CtGrid:
    """The grid of a scalar volume node.

    Raises `InputError` where it holds no voxels, or where a parent transform bends it.
    """
    image = volume.GetImageData()
    if image is None or 0 in image.GetDimensions() or image.GetNumberOfScalarComponents() != 1:
        raise InputError("The chosen volume holds no CT. Choose another one, or load the CT again.")
    sizes = image.GetDimensions()
    axes = _LPS_TO_RAS @ _ijk_to_world(volume)
    spacing = np.linalg.norm(axes[:3, :3], axis=0)
    if not np.isfinite(axes).all() or not (spacing > 0).all():
        raise InputError("The chosen volume has no usable position in the patient. Load the CT again.")
    stored = Geometry(
        shape=(sizes[2], sizes[1], sizes[0]),
        spacing=(float(spacing[0]), float(spacing[1]), float(spacing[2])),
        origin=(float(axes[0, 3]), float(axes[1, 3]), float(axes[2, 3])),
        direction=tuple(float(cosine) for cosine in (axes[:3, :3] / spacing).ravel()),
    )
    order, geometry = library_order(stored)
    return CtGrid(stored, order, geometry)


def export_ct(volume: Any, path: Path, handle_events: EventsHandled = lambda: None) -> None:
    """Write the voxels of `volume` to `path` as an uncompressed NRRD without any text of the scene.

    `handle_events` is called between parts of some megabytes. Raises `InputError` as `ct_grid`, where the type of the
    voxels is none of a CT, and where the disk refuses.
    """
    grid = ct_grid(volume)
    voxels = slicer.util.arrayFromVolume(volume)
    if (name := voxels.dtype.name) not in _NRRD_TYPES:
        raise InputError("The voxels of the chosen volume are of a type that no CT has. Load the CT again.")
    step = max(1, _WRITTEN_AT_ONCE // max(1, voxels[0].nbytes))
    try:
        with path.open("wb") as file:
            file.write(_header(grid.stored, _NRRD_TYPES[name]))
            for first in range(0, len(voxels), step):
                part = np.ascontiguousarray(voxels[first : first + step])
                file.write(part.astype(part.dtype.newbyteorder("<"), copy=False).tobytes())
                handle_events()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"The CT cannot be handed to the computation: {reason}. Make room on this computer."
        ) from error


def export_labels(labels: LabelArray, grid: CtGrid, path: Path) -> None:
    """Write a label map (uint8, axes as the volume node stores them) as an uncompressed NRRD.

    Raises `InputError` where the disk refuses.
    """
    try:
        with path.open("wb") as file:
            file.write(_header(grid.stored, _NRRD_TYPES["uint8"]))
            file.write(np.ascontiguousarray(labels).tobytes())
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"The segmentation cannot be handed to the computation: {reason}. Make room on this computer."
        ) from error


def _ijk_to_world(volume: Any) -> npt.NDArray[np.float64]:
    """The matrix (4, 4) from voxels (i, j, k) to RAS mm in the world, with the parent transforms."""
    local, world = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(local)
    parent = volume.GetParentTransformNode()
    if parent is not None:
        if not parent.IsTransformToWorldLinear():
            raise InputError(
                "The chosen volume is bent by a non-linear transform. Harden or remove the transform, and try again."
            )
        parent.GetMatrixTransformToWorld(world)
    return slicer.util.arrayFromVTKMatrix(world) @ slicer.util.arrayFromVTKMatrix(local)


def _header(stored: Geometry, nrrd_type: str) -> bytes:
    axes = np.asarray(stored.direction).reshape(3, 3) * np.asarray(stored.spacing)
    fields = [
        "NRRD0004",
        f"type: {nrrd_type}",
        "dimension: 3",
        "space: left-posterior-superior",
        f"sizes: {' '.join(str(size) for size in stored.shape[::-1])}",
        f"space directions: {' '.join(_vector(axes[:, axis]) for axis in range(3))}",
        "kinds: domain domain domain",
        "endian: little",
        "encoding: raw",
        f"space origin: {_vector(np.asarray(stored.origin))}",
    ]
    return ("\n".join(fields) + "\n\n").encode("ascii")


def _vector(values: npt.NDArray[np.float64]) -> str:
    return "(" + ",".join(repr(float(value)) for value in values) + ")"

"""The CT as every other room sees it: HU in one axis convention, its geometry, and the way back to its own grid."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt

from CovidQuantLib.messages import CaseWarning

HuArray = npt.NDArray[np.int16]
LabelArray = npt.NDArray[np.uint8]
MaskArray = npt.NDArray[np.bool_]
T = TypeVar("T", bound=np.generic)

PADDING_HU = -1024
"""The lowest HU that is kept; values under it are padding outside the reconstruction circle and read as this."""


@dataclass(frozen=True)
class Geometry:
    """Where a voxel grid lies in the patient, as ITK has it.

    `shape` is numpy's (k, j, i); `spacing` (i, j, k) in mm; `origin` the centre of voxel 0 in LPS mm; `direction` the
    nine cosines, row by row, whose columns are the directions of i, j and k.
    """

    shape: tuple[int, int, int]
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    direction: tuple[float, ...]

    @property
    def spacing_kji(self) -> tuple[float, float, float]:
        """Spacing in mm in the order of the array's axes."""
        return (self.spacing[2], self.spacing[1], self.spacing[0])

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel in ml."""
        return self.spacing[0] * self.spacing[1] * self.spacing[2] / 1000.0

    def to_lps(self, index_kji: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Patient positions (..., 3) in LPS mm of voxel indices (..., 3) given in the array's order k, j, i."""
        ijk = np.asarray(index_kji, dtype=np.float64)[..., ::-1]
        axes = np.asarray(self.direction, dtype=np.float64).reshape(3, 3) * np.asarray(self.spacing)
        return np.asarray(ijk @ axes.T + np.asarray(self.origin))


@dataclass(frozen=True)
class StoredOrder:
    """How the source stored the axes: the library's array is `source.transpose(axes)`, then flipped where marked."""

    axes: tuple[int, int, int] = (0, 1, 2)
    flipped: tuple[bool, bool, bool] = (False, False, False)

    def from_stored(self, array: npt.NDArray[T]) -> npt.NDArray[T]:
        """The source's array in the library's order: slices to the head, rows to the back, columns to the left."""
        return np.ascontiguousarray(self._flip(array.transpose(self.axes)))

    def to_stored(self, array: npt.NDArray[T]) -> npt.NDArray[T]:
        """An array of the library's order in the order of the source; the exact inverse of `from_stored`."""
        return np.ascontiguousarray(self._flip(array).transpose(np.argsort(self.axes)))

    def _flip(self, array: npt.NDArray[T]) -> npt.NDArray[T]:
        return np.flip(array, tuple(axis for axis, flipped in enumerate(self.flipped) if flipped))


@dataclass(frozen=True)
class ScanFacts:
    """What the source says of the acquisition, without anybody's identity. `None` where it does not say.

    All words are the project's own or a vendor's known ones, never free text of a header. `kernel` is the vendor's name
    of the convolution kernel, `kernel_sharpness` how it shows the lung.
    `content_code_source` is what the case's code is hashed from (a series UID or a digest of the voxels): never shown.
    """

    content_code_source: bytes = field(repr=False)
    slice_thickness_mm: float | None = None
    kernel: str | None = None
    kernel_sharpness: Literal["smooth", "lung", "sharp"] | None = None
    contrast: bool | None = None
    patient_position: str | None = None
    manufacturer: str | None = None


@dataclass(frozen=True)
class CtVolume:
    """A checked chest CT.

    `hu` is int16, axes (k, j, i) = (slice, row, column) running to the patient's head, back and left (ITK's "LPS");
    values under -1024 are padding and read as -1024. `geometry` belongs to that order. `stored` leads back to the
    source's own order, in which every label map is written.
    """

    hu: HuArray
    geometry: Geometry
    stored: StoredOrder
    stored_geometry: Geometry
    scan: ScanFacts
    warnings: tuple[CaseWarning, ...] = ()

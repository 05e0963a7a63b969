"""The sheet over which a fissure is a height: its place in the lung, and the way from the sheet to voxels and back."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

FloatArray = npt.NDArray[np.float32]
Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FissureFrame:
    """A grid of columns that stand on a sheet in the lung, (v, u) = (to the left, along the sheet to the front).

    A position is `origin + u * along + height * normal` in the sagittal plane (k, j) and v along i, all in mm from the
    first voxel of a grid. Column (v, u) stands at `v_mm[v]`, `u_mm[u]`, which are evenly `step_mm` apart. `base` (v, u)
    in mm is the height that offsets are counted from.
    """

    origin: Vector
    along: Vector
    normal: Vector
    u_mm: FloatArray
    v_mm: FloatArray
    base: FloatArray

    @property
    def step_mm(self) -> float:
        """Distance of neighbouring columns."""
        return float(self.u_mm[1] - self.u_mm[0])

    def raised(self, heights: FloatArray) -> FissureFrame:
        """The same columns with `heights` (v, u) added to the base."""
        return dataclasses.replace(self, base=(self.base + heights).astype(np.float32))

    def moved(self, by_mm: Vector) -> FissureFrame:
        """The same columns for a grid whose first voxel lies `by_mm` (k, j, i) before the present one."""
        v_mm = (self.v_mm + by_mm[2]).astype(np.float32)
        return dataclasses.replace(self, origin=self.origin + by_mm[:2], v_mm=v_mm)

    def refined(self, step_mm: float) -> FissureFrame:
        """The same sheet with columns `step_mm` apart."""
        u_mm = np.arange(self.u_mm[0], self.u_mm[-1] + 1e-3, step_mm, dtype=np.float32)
        v_mm = np.arange(self.v_mm[0], self.v_mm[-1] + 1e-3, step_mm, dtype=np.float32)
        ratio = step_mm / self.step_mm
        base = sitk.Resample(
            sitk.GetImageFromArray(np.ascontiguousarray(self.base)),
            [len(u_mm), len(v_mm)],
            sitk.Transform(2, sitk.sitkIdentity),
            sitk.sitkBSpline,
            [0.0, 0.0],
            [ratio, ratio],
            [1.0, 0.0, 0.0, 1.0],
            0.0,
        )
        return dataclasses.replace(self, u_mm=u_mm, v_mm=v_mm, base=sitk.GetArrayFromImage(base))

    def voxels(self, offsets_mm: FloatArray, spacing_kji: tuple[float, float, float]) -> FloatArray:
        """Positions (3, v, u, offset) of all columns at `offsets_mm` over the base, in voxels of a grid."""
        height = self.base[:, :, None] + offsets_mm
        positions = np.empty((3, *height.shape), np.float32)
        for axis in range(2):
            foot = self.origin[axis] + self.u_mm * self.along[axis]
            positions[axis] = (foot[None, :, None] + height * self.normal[axis]) / spacing_kji[axis]
        positions[2] = self.v_mm[:, None, None] / spacing_kji[2]
        return positions

    def signed_height(self, shape: tuple[int, int, int], spacing_kji: tuple[float, float, float]) -> FloatArray:
        """Height of each voxel of a grid over the base, in mm (float32; k, j, i); beyond the sheet its rim goes on."""
        k = np.arange(shape[0])[:, None] * spacing_kji[0] - self.origin[0]
        j = np.arange(shape[1])[None, :] * spacing_kji[1] - self.origin[1]
        along = (k * self.along[0] + j * self.along[1] - self.u_mm[0]) / self.step_mm
        over = k * self.normal[0] + j * self.normal[1]
        across = (np.arange(shape[2]) * spacing_kji[2] - self.v_mm[0]) / self.step_mm
        rows = _between(self.base, across)  # (i, u)
        sheet = _between(np.ascontiguousarray(rows.T), along)  # (k, j, i)
        return np.asarray(over[..., None].astype(np.float32) - sheet)


def _between(rows: FloatArray, position: Vector) -> FloatArray:
    """Rows of an array at fractional positions, linearly between its rows; the first and last row beyond them."""
    position = np.clip(position, 0.0, len(rows) - 1.0)
    low = np.minimum(position.astype(np.int64), len(rows) - 2)
    share = (position - low).astype(np.float32)[..., None]
    return np.asarray(rows[low] * (1.0 - share) + rows[low + 1] * share)

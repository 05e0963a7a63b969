"""Working grids: a box of the CT at a coarser spacing, and the exact or smooth way back onto the CT's own grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from CovidQuantLib.ct.volume import Geometry, LabelArray, MaskArray, T

_SLAB = 32


@dataclass(frozen=True)
class Box:
    """A box of voxels: `start` inclusive and `stop` exclusive, both in the array's order k, j, i."""

    start: tuple[int, int, int]
    stop: tuple[int, int, int]

    @property
    def slices(self) -> tuple[slice, slice, slice]:
        """The index that cuts the box out of an array of the whole grid."""
        return (
            slice(self.start[0], self.stop[0]),
            slice(self.start[1], self.stop[1]),
            slice(self.start[2], self.stop[2]),
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along k, j, i."""
        return (self.stop[0] - self.start[0], self.stop[1] - self.start[1], self.stop[2] - self.start[2])


def bounding_box(mask: npt.NDArray[np.generic], geometry: Geometry, margin_mm: float = 0.0) -> Box:
    """The smallest box that holds all nonzero voxels of `mask`, grown by `margin_mm` and cut at the grid's border.

    An empty mask gives the whole grid.
    """
    start, stop = [], []
    for axis in range(3):
        others = tuple(other for other in range(3) if other != axis)
        hit = np.flatnonzero(mask.any(axis=others))
        margin = int(np.ceil(margin_mm / geometry.spacing_kji[axis]))
        size = geometry.shape[axis]
        start.append(max(0, int(hit[0]) - margin) if hit.size else 0)
        stop.append(min(size, int(hit[-1]) + 1 + margin) if hit.size else size)
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


@dataclass(frozen=True)
class WorkingGrid:
    """A coarser grid over a box of a CT.

    `step` is the distance of its samples in the CT's voxels (k, j, i), never under 1: a coarse sample n lies at
    `box.start + (n + 0.5) * step - 0.5`. `shape` is its size.
    """

    box: Box
    step: tuple[float, float, float]
    shape: tuple[int, int, int]
    geometry: Geometry

    @classmethod
    def over(cls, geometry: Geometry, box: Box, spacing_mm: float) -> WorkingGrid:
        """A grid over `box` of about `spacing_mm` along each axis; axes that are coarser already stay as they are."""
        step, shape = [], []
        for size, spacing in zip(box.shape, geometry.spacing_kji, strict=True):
            samples = max(1, round(size * min(1.0, spacing / spacing_mm)))
            shape.append(samples)
            step.append(size / samples)
        return cls(box, (step[0], step[1], step[2]), (shape[0], shape[1], shape[2]), geometry)

    @property
    def spacing_kji(self) -> tuple[float, float, float]:
        """Spacing of the coarse samples in mm, in the array's order."""
        fine = self.geometry.spacing_kji
        return (fine[0] * self.step[0], fine[1] * self.step[1], fine[2] * self.step[2])

    def reduce(self, values: npt.NDArray[T]) -> npt.NDArray[T]:
        """`values` of the whole CT grid, averaged onto this grid (same dtype; integers are rounded)."""
        image = _image(values[self.box.slices])
        bins = [max(1, int(step)) for step in self.step[::-1]]
        if max(bins) > 1:
            image = sitk.BinShrink(sitk.Cast(image, sitk.sitkFloat32), bins)
        resampled = sitk.Resample(
            sitk.Cast(image, sitk.sitkFloat32),
            [int(n) for n in self.shape[::-1]],
            sitk.Transform(3, sitk.sitkIdentity),
            sitk.sitkLinear,
            [step / 2.0 - 0.5 for step in self.step[::-1]],
            list(self.step[::-1]),
            [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
            float(values[self.box.slices].min()),
        )
        coarse = sitk.GetArrayFromImage(resampled)
        if np.issubdtype(values.dtype, np.integer):
            return np.asarray(np.rint(coarse)).astype(values.dtype)
        return coarse.astype(values.dtype)

    def reduce_mask(self, mask: MaskArray) -> MaskArray:
        """`mask` of the whole grid on this one: set where at least half of the volume is."""
        return np.asarray(self.reduce(mask.astype(np.float32)) >= 0.5)

    def expand(self, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Values of this grid, interpolated linearly onto the box's own voxels; the border is held outside samples."""
        return self._expand_slab(_image(np.pad(values, 1, mode="edge")), 0, self.box.shape[0])

    def expand_labels(self, labels: LabelArray) -> LabelArray:
        """A label map of this grid on the box's own voxels, with smooth borders (the label with most weight wins)."""
        present = [int(label) for label in np.unique(labels)]
        images = [_image(np.pad(labels == label, 1, mode="edge").astype(np.float32)) for label in present]
        out = np.zeros(self.box.shape, np.uint8)
        for start in range(0, self.box.shape[0], _SLAB):
            stop = min(start + _SLAB, self.box.shape[0])
            best = np.full((stop - start, *self.box.shape[1:]), -1.0, np.float32)
            for label, image in zip(present, images, strict=True):
                weight = self._expand_slab(image, start, stop)
                wins = weight > best
                out[start:stop][wins] = label
                best[wins] = weight[wins]
        return out

    def paste(self, values: npt.NDArray[np.uint8], into: npt.NDArray[np.uint8]) -> None:
        """Write `values` on the box's voxels into `into` on the whole grid, in place."""
        into[self.box.slices] = values

    def _expand_slab(self, padded: sitk.Image, start: int, stop: int) -> npt.NDArray[np.float32]:
        step = self.step[::-1]
        padded.SetSpacing(step)
        padded.SetOrigin([s / 2.0 - 0.5 - s for s in step])
        size = [self.box.shape[2], self.box.shape[1], stop - start]
        expanded = sitk.Resample(
            padded,
            size,
            sitk.Transform(3, sitk.sitkIdentity),
            sitk.sitkLinear,
            [0.0, 0.0, float(start)],
            [1.0, 1.0, 1.0],
            [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
            0.0,
        )
        return np.asarray(sitk.GetArrayFromImage(expanded))


def _image(array: npt.NDArray[np.generic]) -> sitk.Image:
    """The array as an image of unit spacing (its axes as ITK's k, j, i)."""
    if array.dtype == np.bool_:
        array = array.view(np.uint8)
    return sitk.GetImageFromArray(np.ascontiguousarray(array))

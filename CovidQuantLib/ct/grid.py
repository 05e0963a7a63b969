"""Working grids: a box of the CT at another spacing, and the exact or smooth way back onto the CT's own grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from CovidQuantLib.ct.label_votes import expand_by_vote, neighbours
from CovidQuantLib.ct.volume import Geometry, LabelArray, MaskArray, T
from CovidQuantLib.progress import Progress, no_progress

_HALF = 0.5 - 1e-4
_SAME_STEP = 0.01


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
    """A grid over a box of a CT, most often a coarser one.

    `step` is the distance of its samples in the CT's voxels (k, j, i), under 1 on an axis where it is finer. `shape`
    is its size. It lies centred over the box: along an axis, sample n of N lies at
    `box.start + box.shape / 2 + (n + 0.5 - N / 2) * step - 0.5`.
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

    @classmethod
    def exactly(cls, geometry: Geometry, box: Box, spacing_kji: tuple[float, float, float]) -> WorkingGrid:
        """A grid over `box` with this spacing (mm, in the array's order), also where that is finer than the CT's.

        It covers the box and sticks out by less than half a sample on each side. An axis whose spacing is the CT's to
        1 % keeps the CT's own samples.
        """
        step, shape = [], []
        for size, fine, wanted in zip(box.shape, geometry.spacing_kji, spacing_kji, strict=True):
            same = abs(wanted / fine - 1.0) <= _SAME_STEP
            step.append(1.0 if same else wanted / fine)
            shape.append(int(np.ceil(size / step[-1] - _SAME_STEP)))
        return cls(box, (step[0], step[1], step[2]), (max(1, shape[0]), max(1, shape[1]), max(1, shape[2])), geometry)

    @property
    def spacing_kji(self) -> tuple[float, float, float]:
        """Spacing of the samples in mm, in the array's order."""
        fine = self.geometry.spacing_kji
        return (fine[0] * self.step[0], fine[1] * self.step[1], fine[2] * self.step[2])

    def reduce(self, values: npt.NDArray[T], progress: Progress = no_progress) -> npt.NDArray[T]:
        """`values` of the whole CT grid, averaged over each coarse voxel's volume (same dtype; integers are rounded).

        A fine voxel counts by the part of it that lies in the coarse one, so that sums times volumes are kept. Along
        an axis on which this grid is the finer one, the CT is interpolated linearly.
        """
        means = self._means(values, progress)
        return (np.rint(means, out=means) if np.issubdtype(values.dtype, np.integer) else means).astype(values.dtype)

    def share(self, mask: MaskArray) -> npt.NDArray[np.float32]:
        """The share of each coarse voxel's volume that `mask` of the whole grid fills, 0 to 1."""
        return self._means(mask)

    def reduce_mask(self, mask: MaskArray) -> MaskArray:
        """`mask` of the whole grid on this one: set where at least half of the volume is."""
        # Shares are sums of float32: a half may come out a little under 0.5.
        return np.asarray(self.share(mask) >= _HALF)

    def _means(self, values: npt.NDArray[np.generic], progress: Progress = no_progress) -> npt.NDArray[np.float32]:
        box = values[self.box.slices]
        over_k, over_j, over_i = map(_reduction, box.shape, self.shape, self.step)
        across, along = csr_array(over_j), csr_array(over_i)
        out = np.zeros(self.shape, np.float32)
        for number, (plane, parts) in enumerate(zip(box, over_k.T, strict=True)):
            progress(number / len(box), "Averaging the CT")
            mean = (along @ (across @ plane.astype(np.float32)).T).T
            for k in np.flatnonzero(parts):
                out[k] += parts[k] * mean
        return out

    def expand(self, values: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Values of this grid, interpolated linearly onto the box's own voxels; the border is held outside samples."""
        return self.expand_planes(values, 0, self.box.shape[0])

    def expand_planes(self, values: npt.NDArray[np.float32], start: int, stop: int) -> npt.NDArray[np.float32]:
        """What `expand` gives, from plane `start` of the box to before `stop`: large CTs are expanded in parts."""
        below, above, part = neighbours(self.box.shape[0], self.shape[0], self.step[0])
        _, across, along = map(_interpolation, self.box.shape, self.shape, self.step)
        out = np.empty((stop - start, *self.box.shape[1:]), np.float32)
        for k in range(start, stop):
            plane = (1 - part[k]) * values[below[k]] + part[k] * values[above[k]]
            out[k - start] = across @ np.ascontiguousarray((along @ plane.T).T)
        return out

    def expand_labels(self, labels: LabelArray) -> LabelArray:
        """A label map of this grid on the box's own voxels, with smooth borders (the label with most weight wins)."""
        return expand_by_vote(labels, self.box.shape, self.step)

    def paste(self, values: npt.NDArray[np.uint8], into: npt.NDArray[np.uint8]) -> None:
        """Write `values` on the box's voxels into `into` on the whole grid, in place."""
        into[self.box.slices] = values


def _reduction(fine: int, coarse: int, step: float) -> npt.NDArray[np.float32]:
    """The matrix (coarse, fine) that brings an axis onto the grid: means where it is coarser, linear where finer."""
    return _overlaps(fine, coarse, step) if step >= 1.0 else _interpolation(coarse, fine, 1.0 / step).toarray()


def _overlaps(fine: int, coarse: int, step: float) -> npt.NDArray[np.float32]:
    """How much of coarse voxel n (rows) fine voxel m (columns) fills, 0 to 1, along an axis; each row sums to 1.

    The part of a coarse voxel outside of the axis does not count.
    """
    edges = (fine - coarse * step) / 2 + np.arange(coarse + 1)[:, None] * step
    start, voxel = edges[:-1], np.arange(fine)
    shared = np.clip(np.minimum(edges[1:], voxel + 1) - np.maximum(start, voxel), 0.0, None)
    return np.asarray(shared / shared.sum(axis=1, keepdims=True), dtype=np.float32)


def _interpolation(fine: int, coarse: int, step: float) -> csr_array:
    """The matrix (fine, coarse) that interpolates the samples of an axis linearly at its fine voxels."""
    below, above, part = neighbours(fine, coarse, step)
    rows, columns = np.tile(np.arange(fine), 2), np.concatenate([below, above])
    return csr_array((np.concatenate([1 - part, part]), (rows, columns)), shape=(fine, coarse))

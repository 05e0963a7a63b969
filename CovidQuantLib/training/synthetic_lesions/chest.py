"""The chest that is painted on, and where in its lungs a voxel lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from CovidQuantLib.anatomy import LUNGS
from CovidQuantLib.ct import Geometry, HuArray, LabelArray, MaskArray
from CovidQuantLib.ct.grid import Box, WorkingGrid

Field = npt.NDArray[np.float32]
Slices = tuple[slice, slice, slice]

_COARSE_MM = 3.0
_LUMEN_SHARE = 0.3
_AERATED_HU = (-1000, -650)
_BIN_HU = 10
_USUAL_LEVEL_HU = -850.0


@dataclass(frozen=True)
class Chest:
    """A CT with its lungs: `hu` (int16), `lungs` (uint8; 1 right, 2 left) and `airways` (bool), all (k, j, i).

    The axes run to the head, the back and the left, as `CtVolume` promises. `airways` is the lumen of trachea and
    bronchi: nothing is painted into it.
    """

    hu: HuArray
    lungs: LabelArray
    airways: MaskArray
    geometry: Geometry

    @property
    def spacing_kji(self) -> tuple[float, float, float]:
        """Spacing in mm in the order of the array's axes."""
        return self.geometry.spacing_kji

    def lung_level(self) -> float:
        """The most frequent density of the aerated lung in HU (-850 where next to nothing is aerated)."""
        low, high = _AERATED_HU
        inside = self.hu[::2, ::2, ::2][self.lungs[::2, ::2, ::2] > 0]
        aerated = inside[(inside > low) & (inside < high)]
        if aerated.size < 200:
            return _USUAL_LEVEL_HU
        counts, edges = np.histogram(aerated, np.arange(low, high + _BIN_HU, _BIN_HU))
        return float(edges[np.argmax(np.convolve(counts, np.ones(5), "same"))] + _BIN_HU / 2.0)


def chest_on_grid(chest: Chest, box: Box, spacing_mm: float) -> Chest:
    """The part of `chest` in `box` at about `spacing_mm` along each axis (axes that are coarser stay as they are).

    Densities are averaged over each voxel's volume, so that noise and partial volume are those of such a grid.
    """
    grid = WorkingGrid.over(chest.geometry, box, spacing_mm)
    lungs = np.zeros(grid.shape, np.uint8)
    for lung in LUNGS:
        lungs[grid.reduce_mask(chest.lungs == lung.label)] = lung.label
    return Chest(grid.reduce(chest.hu), lungs, grid.share(chest.airways) >= _LUMEN_SHARE, geometry_on(grid))


def geometry_on(grid: WorkingGrid) -> Geometry:
    """Where the samples of `grid` lie in the patient."""
    step, size = np.asarray(grid.step), np.asarray(grid.shape)
    first = np.asarray(grid.box.start) + 0.5 * np.asarray(grid.box.shape) + (0.5 - 0.5 * size) * step - 0.5
    origin = grid.geometry.to_lps(first)
    return Geometry(
        grid.shape,
        (grid.spacing_kji[2], grid.spacing_kji[1], grid.spacing_kji[0]),
        (float(origin[0]), float(origin[1]), float(origin[2])),
        grid.geometry.direction,
    )


@dataclass(frozen=True)
class LungPlaces:
    """Where in the lungs the samples of a coarse grid (about 3 mm; k, j, i) lie.

    `costal_mm` is the distance from the outline of the chest's inside: from the ribs and the lung bases, not from the
    mediastinum. `back` and `base` run from 0 (front, apex) to 1 within each lung. `step` is the distance of samples
    in the chest's voxels.
    """

    lungs: LabelArray
    costal_mm: Field
    back: Field
    base: Field
    step: tuple[float, float, float]

    def costal_in(self, box: Slices) -> Field:
        """`costal_mm`, interpolated at the chest's voxels in `box`."""
        grids = [
            (np.arange(part.start, part.stop, dtype=np.float32) + 0.5) / step - 0.5
            for part, step in zip(box, self.step, strict=True)
        ]
        values = self.costal_mm
        for axis, positions in enumerate(grids):
            values = _interpolated(values, positions, axis)
        return np.asarray(values, np.float32)


def _interpolated(values: Field, positions: Field, axis: int) -> Field:
    last = values.shape[axis] - 1
    at = np.clip(positions, 0, last)
    below = np.minimum(at.astype(np.int64), max(0, last - 1))
    above = np.minimum(below + 1, last)
    shape = [1, 1, 1]
    shape[axis] = len(positions)
    part = (at - below).reshape(shape).astype(np.float32)
    return np.asarray((1 - part) * values.take(below, axis) + part * values.take(above, axis), np.float32)


def lung_places(chest: Chest) -> LungPlaces:
    """The places of `chest`; about 0.5 s for a grid of 1 mm."""
    whole = Box((0, 0, 0), chest.hu.shape)
    grid = WorkingGrid.over(chest.geometry, whole, _COARSE_MM)
    lungs = np.zeros(grid.shape, np.uint8)
    back, base = np.zeros(grid.shape, np.float32), np.zeros(grid.shape, np.float32)
    rows = np.arange(grid.shape[1], dtype=np.float32)[None, :, None]
    slices = np.arange(grid.shape[0], dtype=np.float32)[:, None, None]
    for lung in LUNGS:
        mask = grid.reduce_mask(chest.lungs == lung.label)
        if mask.any():
            lungs[mask] = lung.label
            by_row = _from_first_to_last(rows, np.asarray(mask.any(axis=(0, 2))))
            by_slice = _from_first_to_last(slices, np.asarray(mask.any(axis=(1, 2))))
            back[mask] = np.broadcast_to(by_row, grid.shape)[mask]
            base[mask] = 1.0 - np.broadcast_to(by_slice, grid.shape)[mask]
    padded = np.pad(_chest_inside(lungs > 0), 1)
    costal = ndimage.distance_transform_edt(padded, sampling=grid.spacing_kji)[1:-1, 1:-1, 1:-1]
    return LungPlaces(lungs, costal.astype(np.float32), back, base, grid.step)


def _from_first_to_last(index: Field, present: MaskArray) -> Field:
    hit = np.flatnonzero(present)
    return np.asarray((index - hit[0]) / max(1, hit[-1] - hit[0]), np.float32)


def _chest_inside(lungs: MaskArray) -> MaskArray:
    """What lies between lung and lung in the rows and in the columns of a slice: lungs and most of the mediastinum."""
    inside = np.ones(lungs.shape, bool)
    for axis in (1, 2):
        before = np.maximum.accumulate(lungs, axis=axis)
        behind = np.flip(np.maximum.accumulate(np.flip(lungs, axis), axis=axis), axis)
        inside &= before & behind
    return np.asarray(inside | lungs)

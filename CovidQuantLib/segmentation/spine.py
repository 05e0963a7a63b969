"""Where the spine runs: the one landmark of the middle that disease does not move."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from CovidQuantLib.ct import HuArray, MaskArray
from CovidQuantLib.segmentation.morphology import Spacing

_BONE_HU = 160
_HALF_WIDTH_MM = 45.0
_BODY_HALF_WIDTH_MM = 15.0
_FRONT_PERCENTILE = 10
_LEAST_BONE_MM2 = 300.0
_SMOOTH_MM = 20.0


@dataclass(frozen=True)
class Spine:
    """The column of the spine's middle, and the row of its front, in each slice; both smooth."""

    columns: npt.NDArray[np.float64]
    fronts: npt.NDArray[np.float64]

    def beside_mm(self, size: int, spacing_kji: Spacing) -> npt.NDArray[np.float64]:
        """(slice, column): how far each of `size` columns lies to the patient's left of the spine, in mm."""
        return np.asarray((np.arange(size)[None, :] - self.columns[:, None]) * spacing_kji[2])

    def before_mm(self, size: int, spacing_kji: Spacing) -> npt.NDArray[np.float64]:
        """(slice, row): how far each of `size` rows lies before the spine's front, in mm."""
        return np.asarray((self.fronts[:, None] - np.arange(size)[None, :]) * spacing_kji[1])


def find_spine(hu: HuArray, body: MaskArray, spacing_kji: Spacing) -> Spine:
    """The spine of a CT on a coarse grid (axes k, j, i; j to the back); the body's middle where no bone is seen.

    It is the bone around the column that holds most bone in the body's back half, over all slices; so it is found in
    a scan of one side of the chest too.
    """
    back = int(_mean_index(body.sum(axis=(0, 2))))
    bone = (hu[:, back:] > _BONE_HU) & body[:, back:]
    profile = bone.sum(axis=(0, 1)).astype(np.float64)
    slices = hu.shape[0]
    if not profile.any():
        return Spine(np.full(slices, _mean_index(body.sum(axis=(0, 1)))), np.full(slices, float(back)))
    half = max(1, round(_HALF_WIDTH_MM / spacing_kji[2]))
    most = int(np.argmax(ndimage.uniform_filter1d(profile, half, mode="constant")))
    first = max(0, most - half)
    near = bone[:, :, first : most + half + 1]
    counts = near.sum(axis=(1, 2))
    areas = counts * (spacing_kji[1] * spacing_kji[2])
    found = areas > min(_LEAST_BONE_MM2, float(areas.max()) / 2.0)
    centres = (near.sum(axis=1) * np.arange(first, first + near.shape[2])).sum(axis=1) / np.maximum(counts, 1)
    columns = _smooth(centres, found, spacing_kji)
    return Spine(columns, _smooth(_fronts(bone, columns, spacing_kji) + back, found, spacing_kji))


def _fronts(bone: MaskArray, columns: npt.NDArray[np.float64], spacing_kji: Spacing) -> npt.NDArray[np.float64]:
    """The row of the foremost bone around the middle column of each slice; the first row where there is none."""
    half = max(1, round(_BODY_HALF_WIDTH_MM / spacing_kji[2]))
    fronts = np.zeros(len(columns))
    for k, column in enumerate(np.rint(columns).astype(int)):
        rows = np.nonzero(bone[k, :, max(0, column - half) : column + half + 1])[0]
        fronts[k] = np.percentile(rows, _FRONT_PERCENTILE) if rows.size else 0.0
    return fronts


def _smooth(
    values: npt.NDArray[np.float64], found: npt.NDArray[np.bool_], spacing_kji: Spacing
) -> npt.NDArray[np.float64]:
    """The values of the slices that were found, carried over to the others and smoothed along the body."""
    slices = np.arange(len(values))
    line = np.interp(slices, slices[found], values[found])
    return np.asarray(ndimage.gaussian_filter1d(line, _SMOOTH_MM / spacing_kji[0], mode="nearest"))


def _mean_index(weights: npt.NDArray[np.int64]) -> float:
    """The mean index of a profile; its middle where it is empty."""
    if not weights.any():
        return (len(weights) - 1) / 2.0
    return float(np.average(np.arange(len(weights)), weights=weights))

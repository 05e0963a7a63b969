"""Where the spine runs: the one landmark of the middle that disease does not move."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from CovidQuantLib.ct import HuArray, MaskArray
from CovidQuantLib.segmentation.morphology import Spacing

_BONE_HU = 160
_HALF_WIDTH_MM = 45.0
_LEAST_BONE_MM2 = 300.0
_SMOOTH_MM = 20.0


def spine_columns(hu: HuArray, body: MaskArray, spacing_kji: Spacing) -> npt.NDArray[np.float64]:
    """The column of the spine's middle in each slice, smooth; the body's middle where no bone is seen.

    It is the mean of the bone around the column that holds most bone in the body's back half, over all slices; so it
    is found in a scan of one side of the chest too. `hu` has axes (k, j, i), j to the back.
    """
    back = int(_mean_index(body.sum(axis=(0, 2))))
    bone = (hu[:, back:] > _BONE_HU) & body[:, back:]
    half = max(1, round(_HALF_WIDTH_MM / spacing_kji[2]))
    profile = bone.sum(axis=(0, 1)).astype(np.float64)
    if not profile.any():
        return np.full(hu.shape[0], _mean_index(body.sum(axis=(0, 1))))
    most = int(np.argmax(ndimage.uniform_filter1d(profile, half, mode="constant")))
    first = max(0, most - half)
    near = bone[:, :, first : most + half + 1]
    counts = near.sum(axis=(1, 2))
    found = counts * spacing_kji[1] * spacing_kji[2] > min(_LEAST_BONE_MM2, float(counts.max()) / 2.0)
    columns = np.arange(first, first + near.shape[2])
    centres = (near.sum(axis=1) * columns).sum(axis=1) / np.maximum(counts, 1)
    slices = np.arange(hu.shape[0])
    line = np.interp(slices, slices[found], centres[found])
    return np.asarray(ndimage.gaussian_filter1d(line, _SMOOTH_MM / spacing_kji[0], mode="nearest"))


def _mean_index(weights: npt.NDArray[np.int64]) -> float:
    """The mean index of a profile; its middle where it is empty."""
    if not weights.any():
        return (len(weights) - 1) / 2.0
    return float(np.average(np.arange(len(weights)), weights=weights))

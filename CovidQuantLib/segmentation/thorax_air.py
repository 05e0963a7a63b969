"""Air inside the body: where lungs, airways and gas can be, on a coarse grid.

The optimal threshold is the iteration of Hu et al. 2001 ("Automatic lung segmentation for accurate quantitation of
volumetric X-ray CT images"), as Pan et al. 2020 use it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CovidQuantLib.ct import HuArray, MaskArray
from CovidQuantLib.segmentation.morphology import Spacing, fill_slices, largest_component, open_

_SOFT_TISSUE_HU = -250
_OPEN_AIR_HU = -970
_TABLE_MM = 4.0
_BODY_MM = 4.0
_FIRST_THRESHOLD_HU = -500.0


@dataclass(frozen=True)
class BodyAir:
    """The body with everything in it, and the threshold (HU) between its air and its tissue."""

    body: MaskArray
    threshold_hu: float


def find_body_air(hu: HuArray, spacing_kji: Spacing) -> BodyAir:
    """The body without table, clothes and outside air, and the optimal threshold within it.

    `hu` is the CT on a coarse grid (axes k, j, i). The mask is empty where nothing has the density of tissue.
    """
    body = body_mask(hu, spacing_kji)
    return BodyAir(body, optimal_threshold(hu[body]))


def body_mask(hu: HuArray, spacing_kji: Spacing) -> MaskArray:
    """The largest piece of soft tissue with its holes of every axial slice filled.

    Where the image ends inside the body (a lung cut by the field of view), all but open air closes the border.
    """
    every = _coarser(spacing_kji)
    if every != (1, 1, 1):
        sparse = hu[:: every[0], :: every[1], :: every[2]]
        step = (spacing_kji[0] * every[0], spacing_kji[1] * every[1], spacing_kji[2] * every[2])
        return _repeated(body_mask(sparse, step), every, hu.shape)
    tissue = largest_component(open_(hu > _SOFT_TISSUE_HU, _TABLE_MM, spacing_kji))
    if not tissue.any():
        return tissue
    closed: MaskArray = tissue.copy()
    for axis in (1, 2):
        for edge in (0, -1):
            at_edge: tuple[slice | int, ...] = tuple(edge if a == axis else slice(None) for a in range(3))
            if tissue[at_edge].any():
                closed[at_edge] = np.logical_or(closed[at_edge], hu[at_edge] > _OPEN_AIR_HU)
    return largest_component(fill_slices(closed))


def _coarser(spacing_kji: Spacing) -> tuple[int, int, int]:
    """Every how many voxels the body is looked at: where the skin runs, 4 mm is enough."""
    every = [max(1, int(_BODY_MM / step)) for step in spacing_kji]
    return (every[0], every[1], every[2])


def _repeated(mask: MaskArray, every: tuple[int, int, int], shape: tuple[int, ...]) -> MaskArray:
    for axis, times in enumerate(every):
        mask = np.repeat(mask, times, axis=axis)
    return np.ascontiguousarray(mask[: shape[0], : shape[1], : shape[2]])


def optimal_threshold(hu: HuArray) -> float:
    """The HU halfway between the mean of what lies under it and the mean of what lies over it (Hu et al. 2001)."""
    counts = np.bincount(np.clip(hu, -1024, 1023).astype(np.int64) + 1024, minlength=2048).astype(np.float64)
    values = np.arange(-1024, 1024, dtype=np.float64)
    threshold = _FIRST_THRESHOLD_HU
    for _ in range(50):
        under = values < threshold
        if counts[under].sum() == 0 or counts[~under].sum() == 0:
            return threshold
        means = [float(np.average(values[part], weights=counts[part])) for part in (under, ~under)]
        step = (means[0] + means[1]) / 2.0
        if abs(step - threshold) < 1.0:
            return step
        threshold = step
    return threshold

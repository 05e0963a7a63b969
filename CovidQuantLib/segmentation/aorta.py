"""The descending aorta: the one vessel beside the spine that is as thick and as dense as a consolidation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from CovidQuantLib.ct import HuArray, MaskArray
from CovidQuantLib.segmentation.morphology import Spacing
from CovidQuantLib.segmentation.spine import Spine

_TISSUE_HU = -20
_BRIGHTEST_HU = (160, 400)
_RADIUS_MM = (7.0, 19.0)
_BESIDE_MM = (5.0, 60.0)
_USUALLY_BESIDE_MM = 25.0
_BEHIND_MM = (-5.0, 60.0)
_START_ABOVE_MM = 16.0
_TOP_ABOVE_MM = 15.0
_SEARCH_MM = 12.0
_STRAYING = 0.6
_UNBOUNDED_MM = 2.5
_MEMORY = 12
_LEFT_MM = (-20.0, 65.0)

Point = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Disc:
    """A cross-section of the aorta: slice, centre (row, column), radius in mm, and the brightest HU taken for blood."""

    k: int
    centre: Point
    radius: float
    brightest: int


def descending_aorta(
    hu: HuArray, tissue: MaskArray, trachea: MaskArray, spine: Spine, spacing_kji: Spacing
) -> MaskArray:
    """The aorta from above the carina down, as discs, on a coarse grid; empty where `trachea` is.

    It starts as the round tissue behind and left of the carina, and is followed slice by slice. Where nothing bounds
    it (a consolidation lies against it) it goes on as it went. `hu` is smoothed; `tissue` is what is no lung.
    """
    mask = np.zeros(hu.shape, bool)
    start = _start(hu, tissue, trachea, spine, spacing_kji) if trachea.any() else None
    if start is None:
        return mask
    carina = int(np.flatnonzero(trachea.any(axis=(1, 2)))[0])
    top = min(hu.shape[0] - 1, carina + round((_START_ABOVE_MM + _TOP_ABOVE_MM) / spacing_kji[0]))
    for disc in _follow(start, 0, hu, tissue, spine, spacing_kji) + _follow(start, top, hu, tissue, spine, spacing_kji):
        rows = (np.arange(hu.shape[1]) - disc.centre[0]) * spacing_kji[1]
        columns = (np.arange(hu.shape[2]) - disc.centre[1]) * spacing_kji[2]
        mask[disc.k] |= np.hypot(rows[:, None], columns[None, :]) <= disc.radius
    return mask


def _start(hu: HuArray, tissue: MaskArray, trachea: MaskArray, spine: Spine, spacing_kji: Spacing) -> _Disc | None:
    """The best bounded disc of tissue near the carina: left of the spine's middle, and behind the carina."""
    carina = int(np.flatnonzero(trachea.any(axis=(1, 2)))[0])
    row = float(np.nonzero(trachea[carina])[0].mean())
    beside = spine.beside_mm(hu.shape[2], spacing_kji)
    behind = (np.arange(hu.shape[1]) - row)[:, None] * spacing_kji[1]
    best: _Disc | None = None
    best_score = -np.inf
    for k in range(max(0, carina - 2), min(hu.shape[0], carina + round(_START_ABOVE_MM / spacing_kji[0]))):
        for brightest in _BRIGHTEST_HU:
            depth = _depth(hu[k], tissue[k], brightest, spacing_kji)
            left = beside[k][None, :]
            place = (
                (left > _BESIDE_MM[0]) & (left < _BESIDE_MM[1]) & (behind > _BEHIND_MM[0]) & (behind < _BEHIND_MM[1])
            )
            place &= (depth > _RADIUS_MM[0]) & (depth < _RADIUS_MM[1]) & (depth >= ndimage.maximum_filter(depth, 5))
            score = np.where(place, depth - 0.1 * np.abs(left - _USUALLY_BESIDE_MM) + 0.2 * behind, -np.inf)
            at = np.unravel_index(int(np.argmax(score)), score.shape)
            if score[at] > best_score:
                best, best_score = _Disc(k, np.array(at, np.float64), float(depth[at]), brightest), float(score[at])
    return best


def _follow(start: _Disc, end: int, hu: HuArray, tissue: MaskArray, spine: Spine, spacing_kji: Spacing) -> list[_Disc]:
    """Discs from `start` to the slice `end`, or until the path leaves the place of the aorta."""
    discs = [start]
    drift = np.zeros(2)
    radii = [start.radius]
    beside = spine.beside_mm(hu.shape[2], spacing_kji)
    for k in range(start.k, end, 1 if end > start.k else -1):
        k += 1 if end > start.k else -1
        expected = discs[-1].centre + drift
        radius = float(np.median(radii[-_MEMORY:]))
        found, depth = _best_near(expected, radius, _depth(hu[k], tissue[k], start.brightest, spacing_kji), spacing_kji)
        bounded = depth <= radius + _UNBOUNDED_MM
        if bounded:
            radii.append(depth)
        share = 0.8 if bounded else 0.5
        drift = 0.85 * drift + 0.15 * (found - discs[-1].centre)
        centre = share * found + (1.0 - share) * expected
        column = int(np.clip(round(centre[1]), 0, hu.shape[2] - 1))
        if not _LEFT_MM[0] < beside[k, column] < _LEFT_MM[1]:
            break
        discs.append(_Disc(k, centre, radius, start.brightest))
    return discs


def _best_near(
    expected: Point, radius: float, depth: npt.NDArray[np.float64], spacing_kji: Spacing
) -> tuple[Point, float]:
    """The centre near `expected` where a disc of `radius` fits best, and its depth in tissue."""
    reach = (max(1, round(_SEARCH_MM / spacing_kji[1])), max(1, round(_SEARCH_MM / spacing_kji[2])))
    first = [int(np.clip(round(expected[n]) - reach[n], 0, depth.shape[n] - 1)) for n in (0, 1)]
    window = depth[first[0] : first[0] + 2 * reach[0] + 1, first[1] : first[1] + 2 * reach[1] + 1]
    rows = (np.arange(window.shape[0]) + first[0] - expected[0]) * spacing_kji[1]
    columns = (np.arange(window.shape[1]) + first[1] - expected[1]) * spacing_kji[2]
    score = np.minimum(window, radius + 1.0) - _STRAYING * np.hypot(rows[:, None], columns[None, :])
    at = np.unravel_index(int(np.argmax(score)), score.shape)
    return np.array([at[0] + first[0], at[1] + first[1]], np.float64), float(window[at])


def _depth(
    hu: npt.NDArray[np.int16], tissue: npt.NDArray[np.bool_], brightest: int, spacing_kji: Spacing
) -> npt.NDArray[np.float64]:
    """Distance of each pixel of a slice to what is neither blood nor soft tissue, in mm."""
    inside = np.pad(tissue & (hu > _TISSUE_HU) & (hu < brightest), 1)
    return np.asarray(ndimage.distance_transform_edt(inside, sampling=spacing_kji[1:])[1:-1, 1:-1])

"""A smooth surface through uncertain evidence: where it roughly runs, where exactly, and a smooth sheet between.

Columns (v, u) carry a value for each offset over a base. `best_pose` finds the few parameters of a bent sheet by the
cross-entropy method (Rubinstein 1999); `semi_global_heights` the height of each column by semi-global matching
(Hirschmueller 2008, IEEE TPAMI 30(2)), written for stereo pictures and just as fit for a height field; `smooth_heights`
the thin plate that passes through the columns that are sure, robust against those that are wrong.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.linalg import solveh_banded

from CovidQuantLib.segmentation.fissure_frame import FloatArray

DoubleArray = npt.NDArray[np.float64]

_DRAWS = 1500
_FIRST_DRAWS = 4500
_ELITE = 60
_ROUNDS = 14
_LEAST_SPREAD = 0.02  # Of the expected spread: keeps the search from freezing early.
_SPREAD_DECAY = 0.8
_STEEPEST = 3  # Offsets between neighbouring columns.
_UNREACHABLE = np.float32(1e6)


def best_pose(
    reward: FloatArray, offsets_mm: FloatArray, basis: FloatArray, expected: DoubleArray, spread: DoubleArray
) -> DoubleArray:
    """The coefficients c whose surface `basis @ c` (mm) collects most reward and departs least from `expected`.

    `reward` is (column, offset), already divided by the number of columns; `basis` (column, coefficient). A departure
    costs half its square in units of `spread`. The search draws from a fixed seed: equal input, equal result.
    """
    random = np.random.default_rng(0)
    rows = np.arange(len(reward)) * reward.shape[1]
    flat = reward.reshape(-1)
    lowest, step = float(offsets_mm[0]), float(offsets_mm[1] - offsets_mm[0])
    centre, covariance = expected.copy(), np.diag(spread**2)
    best, best_score = expected, -np.inf
    for number in range(_ROUNDS):
        draws = random.multivariate_normal(centre, covariance, _DRAWS if number else _FIRST_DRAWS, method="cholesky")
        draws[0] = centre
        level = np.rint((draws.astype(np.float32) @ basis.T - lowest) / step).astype(np.int32)
        hit = (level >= 0) & (level < reward.shape[1])
        collected = np.where(hit, flat[np.clip(level, 0, reward.shape[1] - 1) + rows], 0.0).sum(axis=1)
        score = collected - 0.5 * (((draws - expected) / spread) ** 2).sum(axis=1)
        elite = np.argpartition(-score, _ELITE)[:_ELITE]
        winner = elite[np.argmax(score[elite])]
        if score[winner] > best_score:
            best, best_score = draws[winner], score[winner]
        floor = np.diag((spread * _LEAST_SPREAD * _SPREAD_DECAY**number) ** 2)
        centre, covariance = draws[elite].mean(axis=0), np.cov(draws[elite].T) + floor
    return np.asarray(best)


def semi_global_heights(cost: FloatArray, steps: Sequence[float]) -> npt.NDArray[np.int64]:
    """For each column (v, u) the offset that is cheapest together with all columns around it.

    `cost` is (v, u, offset). `steps[n]` is the price of a difference of n + 1 offsets between neighbouring columns;
    steeper is not allowed. Costs are summed along eight directions, diagonals at half weight.
    """
    total = np.zeros_like(cost)
    for swept, into in ((cost, total), (cost.transpose(1, 0, 2), total.transpose(1, 0, 2))):
        for backwards in (False, True):
            for slant in (-1, 0, 1):
                _sweep(swept, into, steps, backwards=backwards, slant=slant)
    return np.asarray(total.argmin(axis=2))


def _sweep(cost: FloatArray, into: FloatArray, steps: Sequence[float], *, backwards: bool, slant: int) -> None:
    """Add the costs summed along one direction of the first axis, `slant` columns aside with each row."""
    order = range(len(cost))
    path: FloatArray | None = None
    for row in reversed(order) if backwards else order:
        path = cost[row].copy() if path is None else cost[row] + _cheapest_step(_shifted(path, slant), steps)
        into[row] += path if slant == 0 else np.float32(0.5) * path


def _shifted(path: FloatArray, slant: int) -> FloatArray:
    if slant == 0:
        return path
    moved = np.roll(path, slant, axis=0)
    rim = 0 if slant > 0 else -1
    moved[rim] = path[rim]
    return moved


def _cheapest_step(path: FloatArray, steps: Sequence[float]) -> FloatArray:
    """The cheapest way to each offset from the neighbour's offsets, counted from the neighbour's cheapest."""
    reach, size = len(steps), path.shape[1]
    wide = np.full((path.shape[0], size + 2 * reach), _UNREACHABLE, np.float32)
    best = np.subtract(path, path.min(axis=1, keepdims=True), out=wide[:, reach : reach + size]).copy()
    for difference, price in enumerate(steps, 1):
        for start in (reach - difference, reach + difference):
            np.minimum(best, wide[:, start : start + size] + np.float32(price), out=best)
    return best


def smooth_heights(
    heights: FloatArray, weights: FloatArray, *, stiffness: float, pull: float, outlier: float, rounds: int = 3
) -> FloatArray:
    """The thin plate through `heights` (v, u), each as binding as its weight, robust against outliers.

    Minimises sum w (f - h)^2 + stiffness * sum of squared second differences + pull * sum f^2 on blocks of two by two
    columns, and interpolates between them by cubic splines: without evidence the plate goes on straight and slowly
    falls back to 0. After the first round, a column that lies `outlier` off has half its weight.
    """
    smooth = heights
    for number in range(rounds):
        doubt = 1.0 + ((heights - smooth) / outlier) ** 2 if number else np.float32(1.0)
        trust = weights / doubt
        total = _block_sums(trust)
        middle = _block_sums(trust * heights) / np.maximum(total, np.float32(1e-9))
        plate = _thin_plate(middle.astype(np.float32), total, stiffness * (1.0 if number else 10.0), pull)
        smooth = _between_blocks(plate, heights.shape)
    return smooth


def _block_sums(values: FloatArray) -> FloatArray:
    padded = np.pad(values, [(0, size % 2) for size in values.shape])
    return np.asarray(padded[::2, ::2] + padded[1::2, ::2] + padded[::2, 1::2] + padded[1::2, 1::2])


def _between_blocks(plate: FloatArray, shape: tuple[int, ...]) -> FloatArray:
    """The plate of blocks at the columns' own places; beyond the outermost blocks it goes on straight."""
    rim = 2
    wide = np.pad(plate, rim, mode="reflect", reflect_type="odd")
    places = np.meshgrid(*(np.arange(size) / 2.0 - 0.25 + rim for size in shape), indexing="ij")
    return np.asarray(ndimage.map_coordinates(wide, places, order=3, mode="nearest"), np.float32)


def _thin_plate(heights: FloatArray, weights: FloatArray, stiffness: float, pull: float) -> FloatArray:
    """Solve the plate's normal equations, which are banded when the shorter axis runs fastest."""
    if heights.shape[0] > heights.shape[1]:
        return np.ascontiguousarray(_thin_plate(heights.T, weights.T, stiffness, pull).T)
    fast, slow = heights.shape
    bands = stiffness * _plate_bands(slow, fast)
    bands[0] += (weights.T + pull).ravel()
    right = (weights * heights).T.ravel()
    solution = solveh_banded(bands, right.astype(np.float64), lower=True, overwrite_ab=True, overwrite_b=True)
    return np.ascontiguousarray(solution.reshape(slow, fast).T.astype(np.float32))


def _plate_bands(slow: int, fast: int) -> DoubleArray:
    """Lower bands of the sum of squared second differences on a grid whose second axis runs fastest."""
    bands = np.zeros((2 * fast + 1, slow, fast))
    for stencil in (((0, 0, 1.0), (0, 1, -2.0), (0, 2, 1.0)), ((0, 0, 1.0), (1, 0, -2.0), (2, 0, 1.0))):
        _add_stencil(bands, stencil)
    root = np.sqrt(2.0)
    _add_stencil(bands, ((0, 0, root), (0, 1, -root), (1, 0, -root), (1, 1, root)))
    return bands.reshape(2 * fast + 1, slow * fast)


def _add_stencil(bands: DoubleArray, stencil: Sequence[tuple[int, int, float]]) -> None:
    """Add the square of one difference, taken wherever it fits on the grid."""
    _, slow, fast = bands.shape
    high = slow - max(a for a, _, _ in stencil)
    wide = fast - max(b for _, b, _ in stencil)
    for a, b, one in stencil:
        for c, d, other in stencil:
            distance = (c - a) * fast + d - b
            if distance >= 0:
                bands[distance, a : a + high, b : b + wide] += one * other

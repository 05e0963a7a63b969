"""A coarse label map on a finer grid: at each fine voxel the coarse labels around it vote."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from CovidQuantLib.ct.volume import LabelArray

_SLAB = 16
_EVEN = np.float32(1e-5)
Indices = npt.NDArray[np.intp]


def expand_by_vote(labels: LabelArray, shape: tuple[int, int, int], step: tuple[float, float, float]) -> LabelArray:
    """`labels` on a grid of `shape` whose voxels are `step` times shorter: the label with most linear weight wins.

    This is what interpolating each label's mask linearly and taking the largest gives, the smallest label where two
    are even; but only voxels between different labels are counted out.
    """
    axes = [neighbours(fine, coarse, by) for fine, coarse, by in zip(shape, labels.shape, step, strict=True)]
    (below_k, above_k, part_k), (below_j, above_j, part_j), (below_i, above_i, part_i) = axes
    between = _mixed(labels)
    out = np.empty(shape, np.uint8)
    for start in range(0, shape[0], _SLAB):
        slab = slice(start, min(start + _SLAB, shape[0]))
        rows = below_k[slab]
        out[slab] = labels[rows][:, below_j][:, :, below_i]
        k, j, i = np.nonzero(between[rows][:, below_j][:, :, below_i])
        k += start
        corners = itertools.product((below_k[k], above_k[k]), (below_j[j], above_j[j]), (below_i[i], above_i[i]))
        weights = itertools.product((1 - part_k[k], part_k[k]), (1 - part_j[j], part_j[j]), (1 - part_i[i], part_i[i]))
        out[k, j, i] = _elected([labels[corner] for corner in corners], [a * b * c for a, b, c in weights])
    return out


def neighbours(fine: int, coarse: int, step: float) -> tuple[Indices, Indices, npt.NDArray[np.float32]]:
    """For each fine voxel of an axis the coarse ones below and above it, and how far it lies from the one below.

    The two grids have the same centre; one voxel of the coarse one is `step` of the fine one's.
    """
    position = np.clip((np.arange(fine) + 0.5 - fine / 2) / step + coarse / 2 - 0.5, 0.0, coarse - 1.0)
    below = np.minimum(position.astype(np.intp), max(coarse - 2, 0))
    return below, np.minimum(below + 1, coarse - 1), (position - below).astype(np.float32)


def _mixed(labels: LabelArray) -> npt.NDArray[np.bool_]:
    """Where a coarse voxel and its seven neighbours above do not all have one label."""
    low, high = labels, labels
    for axis in range(3):
        last = labels.shape[axis] - 1
        above = np.minimum(np.arange(1, last + 2), last)
        low = np.minimum(low, low.take(above, axis))
        high = np.maximum(high, high.take(above, axis))
    return low != high


def _elected(labels: list[LabelArray], weights: list[npt.NDArray[np.float32]]) -> LabelArray:
    """For each voxel (n) the label with the largest sum of weights among its corners, the smallest of even ones."""
    votes = [weight.copy() for weight in weights]
    for one, other in itertools.combinations(range(len(labels)), 2):
        same = labels[one] == labels[other]
        votes[one] += weights[other] * same
        votes[other] += weights[one] * same
    winner, most = labels[0].copy(), votes[0]
    for label, vote in zip(labels[1:], votes[1:], strict=True):
        # The same votes summed in another order differ in the last digits.
        better = vote > most + _EVEN
        better |= (vote > most - _EVEN) & (label < winner)
        winner[better] = label[better]
        most = np.maximum(most, vote)
    return winner

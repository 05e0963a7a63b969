"""Branching trees that fill a volume: arteries, veins and bronchi.

After Tawhai et al. 2000, "Generation of an anatomically based three-dimensional model of the conducting airways": the
points that a branch supplies are parted in two, and a branch grows part of the way to the centre of each half.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from CovidQuantLib.synthetic_chest.space import Field

Points = npt.NDArray[np.float32]

_REACH = 0.46
_MURRAY = 2.8
"""Radii at a fork: r^n = a^n + b^n, n from Murray's 3 to the 2.7 that is measured in lungs."""


@dataclass(frozen=True)
class Branches:
    """Straight, tapering branches: `start` and `stop` (n, 3) in x, y, z mm; radii (n,) at both ends in mm."""

    start: Points
    stop: Points
    start_radius: Points
    stop_radius: Points

    def moved(self, offset: tuple[float, float, float]) -> Branches:
        """The same branches elsewhere."""
        by = np.array(offset, np.float32)
        return Branches(self.start + by, self.stop + by, self.start_radius, self.stop_radius)

    def chosen(self, keep: npt.NDArray[np.bool_]) -> Branches:
        """Some of the branches."""
        return Branches(self.start[keep], self.stop[keep], self.start_radius[keep], self.stop_radius[keep])


def joined(*parts: Branches) -> Branches:
    """All branches of several trees."""
    return Branches(
        np.concatenate([part.start for part in parts]),
        np.concatenate([part.stop for part in parts]),
        np.concatenate([part.start_radius for part in parts]),
        np.concatenate([part.stop_radius for part in parts]),
    )


def grow(
    rng: np.random.Generator, points: Points, groups: npt.NDArray[np.int64], roots: Points, radii: Points
) -> Branches:
    """Trees from `roots` (g, 3) of radius `radii` (g,): each supplies the `points` (n, 3) whose group is its number."""
    parts = []
    nodes, radius = roots.astype(np.float32), radii.astype(np.float32)
    count = np.bincount(groups, minlength=len(roots))
    first = True
    while len(points):
        if first:
            child, parent = groups, np.arange(len(roots))
            first = False
        else:
            child, parent = _halve(rng, points, groups, len(nodes))
        size = np.bincount(child, minlength=len(parent))
        centre = _means(points, child, size)
        reach = np.where(size == 1, 1.0, _REACH)[:, None]
        stop = nodes[parent] + reach * (centre - nodes[parent])
        share = (size / np.maximum(1, count[parent])) ** (1.0 / _MURRAY)
        stop_radius = radius[parent] * share
        alive = size > 0
        parts.append(
            Branches(
                nodes[parent][alive],
                stop[alive].astype(np.float32),
                (0.5 * (radius[parent] + stop_radius))[alive].astype(np.float32),
                stop_radius[alive].astype(np.float32),
            )
        )
        going = size[child] > 1
        points, groups = points[going], child[going]
        nodes, radius, count = stop.astype(np.float32), stop_radius.astype(np.float32), size
    return joined(*parts)


def _halve(
    rng: np.random.Generator, points: Points, groups: npt.NDArray[np.int64], count: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Part each group that has points across its longest extent: the child of each point, each child's parent."""
    size = np.bincount(groups, minlength=count)
    centred = points - _means(points, groups, size)[groups]
    spread = np.stack([np.bincount(groups, centred[:, axis] ** 2, minlength=count) for axis in range(3)], axis=1)
    direction = np.eye(3)[np.argmax(spread, axis=1)] + rng.normal(0.0, 0.3, (count, 3))
    far = np.einsum("nc,nc->n", centred, direction[groups]) > 0.0
    used, compact = np.unique(groups, return_inverse=True)
    return 2 * compact + far, np.repeat(used, 2)


def _means(points: Points, groups: npt.NDArray[np.int64], size: npt.NDArray[np.int64]) -> Field:
    sums = np.stack([np.bincount(groups, points[:, axis], minlength=len(size)) for axis in range(3)], axis=1)
    return np.asarray(sums / np.maximum(1, size)[:, None], np.float32)

"""Branching trees that fill a volume: arteries, veins and bronchi.

After Tawhai et al. 2000, "Generation of an anatomically based three-dimensional model of the conducting airways": the
points that a branch supplies are parted in two, and a branch grows part of the way to the centre of each half.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from CovidQuantLib.synthetic_chest.space import Point

Points = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]
Table = tuple[tuple[Point, Point, float, float], ...]
"""Rows of start, stop and the radii at both."""

_REACH = 0.44
_MURRAY = 3.0
"""Radii at a fork: r^n = a^n + b^n, after Murray."""
_BEND = 0.45
_PIECES = 3


@dataclass(frozen=True)
class Branches:
    """Straight, tapering branches: `start` and `stop` (n, 3) in x, y, z mm; radii (n,) at both ends in mm."""

    start: Points
    stop: Points
    start_radius: Points
    stop_radius: Points

    def chosen(self, keep: npt.NDArray[np.bool_]) -> Branches:
        """Some of the branches."""
        return Branches(self.start[keep], self.stop[keep], self.start_radius[keep], self.stop_radius[keep])


def drawn(table: Table) -> Branches:
    """The branches of a table."""
    columns = [np.array(column, np.float32) for column in zip(*table, strict=True)]
    return Branches(columns[0], columns[1], columns[2], columns[3])


def joined(*parts: Branches) -> Branches:
    """All branches of several trees."""
    return Branches(
        np.concatenate([part.start for part in parts]),
        np.concatenate([part.stop for part in parts]),
        np.concatenate([part.start_radius for part in parts]),
        np.concatenate([part.stop_radius for part in parts]),
    )


def grow(rng: np.random.Generator, points: Points, groups: Numbers, roots: Table) -> Branches:
    """One tree from the end of each root, onwards in its direction and with its radius there.

    Each tree supplies those of the `points` (n, 3) whose group (n,) is its root's number.
    """
    trunk = drawn(roots)
    nodes, heading, radius = trunk.stop, _units(trunk.stop - trunk.start), trunk.stop_radius
    child, parent = groups, np.arange(len(roots))
    count = np.bincount(groups, minlength=len(roots))
    parts = [trunk.chosen(np.zeros(len(roots), bool))]
    while len(points):
        size = np.bincount(child, minlength=len(parent))
        reach = np.where(size == 1, 1.0, _REACH)[:, None]
        stop = nodes[parent] + reach * (_means(points, child, size) - nodes[parent])
        share = (size / np.maximum(1, count[parent])).astype(np.float32)
        narrowed = radius[parent] * share ** np.float32(1.0 / _MURRAY)
        used = size > 0
        parts.append(
            _curved(nodes[parent][used], stop[used], heading[parent][used], radius[parent][used], narrowed[used])
        )
        heading = _units(stop - nodes[parent])
        nodes, radius, count = stop.astype(np.float32), narrowed, size
        going = size[child] > 1
        points = points[going]
        child, parent = _halves(rng, points, child[going], len(nodes))
    return joined(*parts)


def _halves(rng: np.random.Generator, points: Points, groups: Numbers, count: int) -> tuple[Numbers, Numbers]:
    """Part each group that has points across its longest extent: the child of each point, each child's parent."""
    size = np.bincount(groups, minlength=count)
    centred = points - _means(points, groups, size)[groups]
    spread = np.stack([np.bincount(groups, centred[:, axis] ** 2, minlength=count) for axis in range(3)], axis=1)
    direction = np.eye(3)[np.argmax(spread, axis=1)] + rng.normal(0.0, 0.3, (count, 3))
    far = np.einsum("nc,nc->n", centred, direction[groups]) > 0.0
    used, compact = np.unique(groups, return_inverse=True)
    return 2 * compact + far, np.repeat(used, 2)


def _curved(start: Points, stop: Points, heading: Points, radius: Points, narrowed: Points) -> Branches:
    """Branches that leave in the direction of their parent and bend towards their end, in straight pieces."""
    length = np.linalg.norm(stop - start, axis=1, keepdims=True)
    control = start + 0.5 * ((1.0 - _BEND) * (stop - start) + _BEND * length * heading)
    first = 0.5 * (radius + narrowed)
    t = np.linspace(0.0, 1.0, _PIECES + 1, dtype=np.float32)
    way = [(1 - s) ** 2 * start + 2 * s * (1 - s) * control + s * s * stop for s in t]
    radii = [first + s * (narrowed - first) for s in t]
    pieces = range(_PIECES)
    return Branches(
        np.concatenate([way[n] for n in pieces]).astype(np.float32),
        np.concatenate([way[n + 1] for n in pieces]).astype(np.float32),
        np.concatenate([radii[n] for n in pieces]).astype(np.float32),
        np.concatenate([radii[n + 1] for n in pieces]).astype(np.float32),
    )


def _means(points: Points, groups: Numbers, size: Numbers) -> Points:
    sums = np.stack([np.bincount(groups, points[:, axis], minlength=len(size)) for axis in range(3)], axis=1)
    return np.asarray(sums / np.maximum(1, size)[:, None], np.float32)


def _units(vectors: Points) -> Points:
    return np.asarray(vectors / np.maximum(1e-6, np.linalg.norm(vectors, axis=1, keepdims=True)), np.float32)

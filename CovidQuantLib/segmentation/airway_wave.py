"""A wave that runs down the airways voxel layer by voxel layer, branches where its front parts, and stops at leaks.

Front propagation after Schlathoelter et al. 2002 ("Simultaneous segmentation and tree reconstruction of the airways
for virtual bronchoscopy"): a front that grows faster than a bronchus can has left the lumen.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from CovidQuantLib.progress import Progress

Indices = npt.NDArray[np.int64]
Levels = npt.NDArray[np.uint8]

_WIDENING = 2.0
_FREE_FRONT_VOXELS = 12
_TRIMMED_LAYERS = 2
_SPUR_LAYERS = 3
_SHORT_LAYERS = 5
_MOST_SHORT_IN_A_ROW = 2
_MOST_PARTS = 3
_MOST_BRANCHES = 3000
_EVERYWHERE = np.ones((3, 3, 3), bool)


@dataclass
class WaveBranch:
    """One stretch of the wave between two partings: its layers of voxels as flat indices, and its parent's number."""

    parent: int
    layers: list[Indices] = field(default_factory=list)


@dataclass(frozen=True)
class _Seed:
    parent: int
    front: Indices
    usual_front: float
    short_in_a_row: int


class AirwayWave:
    """The state of one wave: which voxels are still free, at which level.

    `level` (axes k, j, i; its border voxels 0) says how surely a voxel is lumen. A branch runs through voxels of at
    least the first of `ladder`, and where it leaks, again through those of the next, stricter one.
    """

    def __init__(self, level: Levels, ladder: tuple[int, ...]) -> None:
        self._shape = level.shape
        self._free = level.reshape(-1).copy()
        self._ladder = ladder
        steps = [(k, j, i) for k in (-1, 0, 1) for j in (-1, 0, 1) for i in (-1, 0, 1) if (k, j, i) != (0, 0, 0)]
        self._offsets = np.asarray(np.array(steps) @ [level.shape[1] * level.shape[2], level.shape[2], 1], np.int64)

    def run(self, seed: Indices, progress: Progress) -> list[WaveBranch]:
        """The branches that a wave from the voxels `seed` reaches, each parent before its children."""
        self._free[seed] = 0
        branches: list[WaveBranch] = []
        queue = deque([_Seed(-1, seed, float(len(seed)), 0)])
        while queue and len(branches) < _MOST_BRANCHES:
            start = queue.popleft()
            branch, fronts = self._best_branch(start)
            number = len(branches)
            branches.append(branch)
            short = start.short_in_a_row + 1 if len(branch.layers) < _SHORT_LAYERS else 0
            if short <= _MOST_SHORT_IN_A_ROW:
                usual = float(np.median([len(layer) for layer in branch.layers[-6:]]))
                queue.extend(_Seed(number, front, usual, short) for front in fronts)
            if number % 20 == 0:
                progress(1.0 - 1.0 / (1.0 + number / 100.0), "Following the airways")
        return branches

    def _best_branch(self, start: _Seed) -> tuple[WaveBranch, list[Indices]]:
        """The branch from `start` at the most generous level at which it runs like a bronchus.

        It leaks where its front grows too fast, and where it parts at once after parting: lung around it is let in at
        that level. Where every level leaks, what lies before the leak is kept.
        """
        layers: list[Indices] = []
        for least in self._ladder:
            taken: list[tuple[Indices, Levels]] = []
            layers, fronts, leaked = self._advance(start, least, taken)
            crumbles = len(fronts) > _MOST_PARTS or (fronts and len(layers) < _SHORT_LAYERS and start.short_in_a_row)
            if not leaked and (
                not crumbles or (least == self._ladder[-1] and start.short_in_a_row < _MOST_SHORT_IN_A_ROW)
            ):
                return WaveBranch(start.parent, layers), fronts
            self._give_back(taken)
        kept = layers[: max(1, len(layers) - _TRIMMED_LAYERS)]
        for layer in kept:
            self._free[layer] = 0
        return WaveBranch(start.parent, kept), []

    def _advance(
        self, start: _Seed, least: int, taken: list[tuple[Indices, Levels]]
    ) -> tuple[list[Indices], list[Indices], bool]:
        """Layers until the front ends, parts (then its parts are given too) or leaks; records what it takes."""
        layers = [start.front]
        sizes = [start.usual_front]
        front = start.front
        while True:
            front = self._next(front, least, taken)
            if not len(front):
                return layers, [], False
            if len(front) > _WIDENING * float(np.median(sizes[-8:])) + _FREE_FRONT_VOXELS:
                return layers, [], True
            parts = self._parts(front)
            if len(parts) > 1:
                parts = [part for part in parts if self._goes_on(part, least)]
                if not parts:
                    return [*layers, front], [], False
                if len(parts) > 1:
                    return layers, parts, False
            layers.append(front)
            front = parts[0]
            sizes.append(min(float(len(front)), sizes[0] * 1.5))

    def _next(self, front: Indices, least: int, taken: list[tuple[Indices, Levels]]) -> Indices:
        """The free voxels beside the front, now taken."""
        reached = (front[:, None] + self._offsets).ravel()
        reached = np.unique(reached[self._free[reached] >= least])
        taken.append((reached, self._free[reached]))
        self._free[reached] = 0
        return reached

    def _goes_on(self, part: Indices, least: int) -> bool:
        """Whether a front from `part` lives for some layers; a shorter one is a dent in the wall."""
        taken: list[tuple[Indices, Levels]] = []
        for _ in range(_SPUR_LAYERS):
            part = self._next(part, least, taken)
            if not len(part):
                break
        self._give_back(taken)
        return len(part) > 0

    def _give_back(self, taken: list[tuple[Indices, Levels]]) -> None:
        for voxels, values in taken:
            self._free[voxels] = values

    def _parts(self, front: Indices) -> list[Indices]:
        """The front's connected parts."""
        if len(front) == 1:
            return [front]
        k, j, i = np.unravel_index(front, self._shape)
        k, j, i = k - k.min(), j - j.min(), i - i.min()
        box = np.zeros((int(k.max()) + 1, int(j.max()) + 1, int(i.max()) + 1), bool)
        box[k, j, i] = True
        labels, count = ndimage.label(box, _EVERYWHERE)
        if count == 1:
            return [front]
        own = labels[k, j, i]
        return [front[own == n] for n in range(1, count + 1)]

"""One pass over the voxels: how many there are of each HU, place and infection class, and where the infected ones lie.

Every volume, percentage, HU statistic and histogram is a sum over these counts; HU are integers, so all are exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from CovidQuantLib.ct import PADDING_HU, Geometry, HuArray
from CovidQuantLib.ct.grid import Box, bounding_box
from CovidQuantLib.progress import Progress, no_progress
from CovidQuantLib.quantification.label_maps import (
    CLASSES,
    INFECTION_CLASSES,
    PLACES,
    LabelMaps,
    class_of_code,
    packed,
)
from CovidQuantLib.quantification.laws import check_labels_exist, check_nesting

_SLAB_VOXELS = 1 << 19
"""Voxels a slab: its temporary arrays stay near the processor's caches, and progress is reported often."""


@dataclass(frozen=True)
class InfectedVoxels:
    """The infected voxels in the order of the array.

    `position` is the flat index inside `box` (int64), `kind` the class: infection label * PLACES + place (uint8).
    """

    box: Box
    position: npt.NDArray[np.int64]
    kind: npt.NDArray[np.uint8]


@dataclass(frozen=True)
class VoxelCounts:
    """`counts[h, c, p]`: voxels of HU `PADDING_HU + h` with infection label c in place p (int64)."""

    counts: npt.NDArray[np.int64]
    infected: InfectedVoxels


def count_voxels(hu: HuArray, labels: LabelMaps, geometry: Geometry, progress: Progress = no_progress) -> VoxelCounts:
    """Count all labelled voxels by HU, infection class and place, in one sweep over the box that holds them.

    `hu` is int16, axes (k, j, i), at least `PADDING_HU`. Raises `InputError` where the maps contradict each other.
    """
    check_labels_exist(labels)
    box = bounding_box(labels.lungs | labels.lobes | labels.segments | labels.infection, geometry)
    area = box.shape[1] * box.shape[2]
    step = max(1, _SLAB_VOXELS // area)
    classes = class_of_code()
    total = np.zeros(0, np.int64)
    found: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8]]] = []
    for first in range(0, box.shape[0], step):
        progress(first / box.shape[0], "Counting voxels")
        slab = (slice(box.start[0] + first, min(box.start[0] + first + step, box.stop[0])), *box.slices[1:])
        code = packed(labels.cut(slab)).ravel()
        labelled = np.flatnonzero(code)
        kinds = classes[code[labelled]]
        key = hu[slab].ravel()[labelled].astype(np.intp)
        key -= PADDING_HU
        key *= CLASSES + 1
        key += kinds
        total = _added(total, np.bincount(key))
        infected = np.flatnonzero(kinds >= PLACES)
        found.append((labelled[infected] + first * area, kinds[infected]))
    counts = _shaped(total)
    check_nesting(counts[:, CLASSES], labels.cut(box.slices))
    return VoxelCounts(
        counts[:, :CLASSES].reshape(-1, INFECTION_CLASSES, PLACES),
        InfectedVoxels(box, np.concatenate([at for at, _ in found]), np.concatenate([kind for _, kind in found])),
    )


def _added(total: npt.NDArray[np.int64], more: npt.NDArray[np.intp]) -> npt.NDArray[np.int64]:
    """The sum of two counts of different length, the shorter one being zero beyond its end."""
    longer, shorter = (total, more) if total.size >= more.size else (more, total)
    longer[: shorter.size] += shorter
    return longer


def _shaped(total: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The counts as rows of one HU each."""
    rows = -(-total.size // (CLASSES + 1))
    whole = np.zeros(rows * (CLASSES + 1), np.int64)
    whole[: total.size] = total
    return whole.reshape(rows, CLASSES + 1)

"""How unlike two scans are, without any model: by the HU of their lungs, and by the lungs' volume."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from CovidQuantLib.ct import Geometry, HuArray, LabelArray

_LOW_HU, _HIGH_HU, _BIN_HU = -1050, 250, 50
MEASURE = (
    "distance to the most similar scan that is read: half the sum of differences of the lungs' HU histograms (bins of "
    f"{_BIN_HU} HU, 0 to 1) plus the difference of the logarithms of their volumes"
)


@dataclass(frozen=True)
class Features:
    """The share of the lungs' voxels in each bin of HU, and their volume in ml."""

    histogram: npt.NDArray[np.float64]
    lungs_ml: float


def features(hu: HuArray, lungs: LabelArray, geometry: Geometry) -> Features | None:
    """The features of a CT (axes k, j, i) with its lungs; None where the lungs are empty."""
    inside = hu[lungs > 0]
    if not inside.size:
        return None
    clipped = np.clip(inside, _LOW_HU, _HIGH_HU - 1)
    counts, _ = np.histogram(clipped, np.arange(_LOW_HU, _HIGH_HU + 1, _BIN_HU))
    return Features(counts / inside.size, inside.size * geometry.voxel_ml)


def distance(one: Features, other: Features) -> float:
    """0 for the same histogram and volume; see `MEASURE`."""
    differing = 0.5 * float(np.abs(one.histogram - other.histogram).sum())
    return differing + abs(math.log(one.lungs_ml / other.lungs_ml))


def unlikeness(one: Features, others: Iterable[Features]) -> float:
    """The distance to the nearest of `others`, of which there is at least one."""
    return min(distance(one, other) for other in others)

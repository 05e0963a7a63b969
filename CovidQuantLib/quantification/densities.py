"""HU statistics and histograms out of exact voxel counts by HU."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from CovidQuantLib.ct import PADDING_HU
from CovidQuantLib.quantification.values import Histogram, HuStatistics

Counts = npt.NDArray[np.int64]
"""Voxels by HU: entry h counts the voxels of HU `PADDING_HU + h`."""

_PERCENTILES = (5, 25, 50, 75, 95)


def hu_statistics(counts: Counts) -> HuStatistics | None:
    """Mean, standard deviation (of the population) and percentiles in HU; None where there is no voxel.

    Percentiles are interpolated linearly between neighbouring ranks, as `numpy.percentile` does.
    """
    number = int(counts.sum())
    if number == 0:
        return None
    hu = np.arange(counts.size, dtype=np.int64) + PADDING_HU
    total, squares = int(counts @ hu), int(counts @ (hu * hu))
    variance = (number * squares - total * total) / number**2
    return HuStatistics(
        total / number, variance**0.5, *(_percentile(counts, number, percent) for percent in _PERCENTILES)
    )


def _percentile(counts: Counts, number: int, percent: int) -> float:
    below, hundredths = divmod((number - 1) * percent, 100)
    ends = np.cumsum(counts)
    low, high = np.searchsorted(ends, [below, min(below + 1, number - 1)], side="right")
    return float(low + (high - low) * hundredths / 100.0 + PADDING_HU)


def histogram(counts: Counts, *, start_hu: int, bin_width: int) -> Histogram:
    """The counts in bins of `bin_width` HU from `start_hu` (at most `PADDING_HU`) to the highest HU that occurs.

    Every voxel is in it.
    """
    occurring = np.flatnonzero(counts)
    if occurring.size == 0:
        return Histogram(start_hu, bin_width, ())
    lead = PADDING_HU - start_hu
    bins = (lead + int(occurring[-1])) // bin_width + 1
    padded = np.zeros(bins * bin_width, np.int64)
    padded[lead : lead + int(occurring[-1]) + 1] = counts[: int(occurring[-1]) + 1]
    return Histogram(start_hu, bin_width, tuple(int(n) for n in padded.reshape(bins, bin_width).sum(axis=1)))

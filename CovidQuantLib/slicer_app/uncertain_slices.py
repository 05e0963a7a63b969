"""Where to look first: the slices in which the network that found the infection was least sure."""

from __future__ import annotations

import math
from collections.abc import Sequence

_MM2_PER_ML_MM = 1000.0
LEAST_MM2 = 20.0
"""Less than this in a slice is no mark: a spot of 5 mm."""
SHARE = 0.25
"""Nor is what is under this share of the most uncertain slice."""
APART_MM = 10.0
"""A mark is the most uncertain slice within this distance: neighbouring slices are unsure of the same lesion."""
MOST = 6


def least_sure(uncertain_ml: Sequence[float], slice_mm: float) -> tuple[int, ...]:
    """The axial slices in which the network was least sure, from the head to the feet; at most `MOST`.

    `uncertain_ml` is that of `quantification.json`: one number a slice, from the feet; `slice_mm` is their distance.
    Limits and distances are our choices, for marks that are few enough to be looked at.
    """
    areas = [ml * _MM2_PER_ML_MM / slice_mm for ml in uncertain_ml]
    limit = max(LEAST_MM2, SHARE * max(areas, default=0.0))
    reach = math.ceil(APART_MM / slice_mm) - 1
    best = sorted((-area, k) for k, area in enumerate(areas) if area >= limit and k == _highest(areas, k, reach))
    return tuple(sorted((k for _, k in best[:MOST]), reverse=True))


def _highest(areas: Sequence[float], number: int, reach: int) -> int:
    """The slice with the largest area within `reach` slices of one; of equal ones the lowest."""
    around = range(max(0, number - reach), min(len(areas), number + reach + 1))
    return max(around, key=lambda k: (areas[k], -k))


def next_mark(marks: Sequence[int], shown: int | None) -> int | None:
    """The next of `marks` (from the head to the feet) below the slice that is shown, else the first; None without."""
    below = [mark for mark in marks if shown is not None and mark < shown]
    return below[0] if below else next(iter(marks), None)

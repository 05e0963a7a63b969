"""Where to look first: the slices in which the network that found the infection was least sure."""

from __future__ import annotations

from collections.abc import Sequence

_MM2_PER_ML_MM = 1000.0
LEAST_MM2 = 20.0
"""Less than this in a slice is no mark: a spot of 5 mm."""
SHARE = 0.25
"""Nor is what is under this share of the most uncertain slice."""
APART_MM = 10.0
"""Two marks are at least so far apart: neighbouring slices are unsure of the same lesion."""
MOST = 6


def least_sure(uncertain_ml: Sequence[float], slice_mm: float) -> tuple[int, ...]:
    """The axial slices in which the network was least sure, from the head to the feet; at most `MOST`.

    `uncertain_ml` is that of `quantification.json`: one number a slice, from the feet; `slice_mm` is their distance.
    Limits and distances are our choices, for marks that are few enough to be looked at.
    """
    areas = [ml * _MM2_PER_ML_MM / slice_mm for ml in uncertain_ml]
    limit = max(LEAST_MM2, SHARE * max(areas, default=0.0))
    chosen: list[int] = []
    for number in sorted(range(len(areas)), key=lambda k: (-areas[k], k)):
        if areas[number] < limit or len(chosen) == MOST:
            break
        if all(abs(number - other) * slice_mm >= APART_MM for other in chosen):
            chosen.append(number)
    return tuple(sorted(chosen, reverse=True))


def next_mark(marks: Sequence[int], shown: int | None) -> int | None:
    """The next of `marks` (from the head to the feet) below the slice that is shown, else the first; None without."""
    below = [mark for mark in marks if shown is not None and mark < shown]
    return below[0] if below else next(iter(marks), None)

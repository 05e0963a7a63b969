"""Hatched bars as lines: Slicer's plots fill a bar or leave it empty, and know no pattern."""

from __future__ import annotations

from collections.abc import Sequence

NAN = float("nan")
Line = tuple[list[float], list[float]]
"""Places across and up; a pair that is not a number lifts the pen."""
_STRIPES = 24
"""So many stripes cross the height of the plot."""


def hatched_bars(
    middles: Sequence[float], heights: Sequence[float | None], width: float, *, across: float, up: float
) -> Line:
    """The outline of each bar on the baseline and oblique stripes within it, in one line.

    `across` and `up` are the lengths of the axes: by them the stripes run at about half a right angle. A bar that is
    not available (None) is left out.
    """
    slope = up / across
    xs: list[float] = []
    ys: list[float] = []
    for middle, height in zip(middles, heights, strict=True):
        if height is None:
            continue
        left, right = middle - width / 2, middle + width / 2
        strokes = [[(left, 0.0), (left, height), (right, height), (right, 0.0), (left, 0.0)]]
        strokes += _stripes(left, right, height, slope, up / _STRIPES)
        for stroke in strokes:
            xs += [*(x for x, _y in stroke), NAN]
            ys += [*(y for _x, y in stroke), NAN]
    return xs, ys


def whiskers(middles: Sequence[float], ranges: Sequence[tuple[float, float] | None], width: float) -> Line:
    """Upright lines from the low to the high end of each range, with a short bar at both ends."""
    xs: list[float] = []
    ys: list[float] = []
    for middle, limits in zip(middles, ranges, strict=True):
        if limits is not None:
            low, high = limits
            left, right = middle - width / 2, middle + width / 2
            xs += [middle, middle, NAN, left, right, NAN, left, right, NAN]
            ys += [low, high, NAN, low, low, NAN, high, high, NAN]
    return xs, ys


def _stripes(left: float, right: float, height: float, slope: float, spacing: float) -> list[list[tuple[float, float]]]:
    """The parts of the lines `y = slope * (x - left) + n * spacing` that lie within the bar."""
    rise = slope * (right - left)
    found = []
    start = -(rise // spacing) * spacing
    while start < height:
        low, high = max(0.0, start), min(height, start + rise)
        if low < high:
            found.append([(left + (low - start) / slope, low), (left + (high - start) / slope, high)])
        start += spacing
    return found

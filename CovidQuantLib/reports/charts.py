"""The plots of the report as plain values: scales, bars and steps; the template draws them as vector graphics."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from CovidQuantLib.quantification.values import Histogram, RegionMeasures
from CovidQuantLib.reports.wording import percent, percent_range

_TICK_STEPS = {5: 1, 10: 2, 20: 5, 40: 10, 60: 20, 80: 20, 100: 20}
"""Highest percentage of an axis, and the distance of its ticks."""
_SHOWN_HU = (-1000, 200)
_HU_TICK = 200
_STEPS = (1.0, 2.0, 5.0)


@dataclass(frozen=True)
class Bar:
    """One region: its percentages, the range of an estimate, and the number as text. All None: not available."""

    label: str
    poi: float | None
    ggo: float | None
    consolidation: float | None
    limits: tuple[float, float] | None
    estimated: bool
    text: str


@dataclass(frozen=True)
class BarChart:
    """Bars on one axis from 0 to `limit` percent."""

    bars: tuple[Bar, ...]
    limit: int
    ticks: tuple[int, ...]


@dataclass(frozen=True)
class HuChart:
    """A histogram on the shown HU range: `heights` in ml for each bin, 0 to `limit` ml on the axis.

    `outside_ml` is the volume beyond the shown range.
    """

    start_hu: int
    stop_hu: int
    bin_width: int
    heights: tuple[float, ...]
    limit: float
    ticks_hu: tuple[int, ...]
    outside_ml: float


def poi_chart(regions: Sequence[RegionMeasures], labels: Sequence[str], *, estimated: Sequence[bool]) -> BarChart:
    """The percentage of infection of each region as a bar, ground glass first, then consolidation."""
    bars = tuple(
        Bar(
            label=label,
            poi=region.poi,
            ggo=region.ggo_percent,
            consolidation=region.consolidation_percent,
            limits=region.poi_range,
            estimated=is_estimated,
            text=_bar_text(region, is_estimated=is_estimated),
        )
        for region, label, is_estimated in zip(regions, labels, estimated, strict=True)
    )
    highest = max((max(bar.poi or 0.0, bar.limits[1] if bar.limits else 0.0) for bar in bars), default=0.0)
    limit = next((limit for limit in _TICK_STEPS if limit >= highest), 100)
    return BarChart(bars, limit, tuple(range(0, limit + 1, _TICK_STEPS[limit])))


def hu_chart(histogram: Histogram, voxel_ml: float) -> HuChart:
    """The part of `histogram` that is worth showing, in ml."""
    start, stop = _SHOWN_HU
    first = max(0, (start - histogram.start_hu) // histogram.bin_width)
    last = max(first, (stop - histogram.start_hu) // histogram.bin_width)
    heights = tuple(count * voxel_ml for count in histogram.counts[first:last])
    return HuChart(
        start_hu=histogram.start_hu + first * histogram.bin_width,
        stop_hu=histogram.start_hu + last * histogram.bin_width,
        bin_width=histogram.bin_width,
        heights=heights,
        limit=_round_up(max(heights, default=0.0)),
        ticks_hu=tuple(range(start, stop + 1, _HU_TICK)),
        outside_ml=sum(histogram.counts) * voxel_ml - sum(heights),
    )


def _bar_text(region: RegionMeasures, *, is_estimated: bool) -> str:
    text = percent(region.poi, estimated=is_estimated)
    limits = percent_range(region.poi_range) if is_estimated else ""
    return f"{text} ({limits})" if limits else text


def _round_up(value: float) -> float:
    """The next 1, 2 or 5 times a power of ten; 1 for zero."""
    if value <= 0.0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((step * power for step in _STEPS if step * power >= value), 10.0 * power)

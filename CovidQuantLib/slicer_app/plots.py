"""The numbers as Slicer's own plots: infection by lobe, and the densities of the lungs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import slicer
from slicer.i18n import tr as _

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS, LOBES
from CovidQuantLib.reports.charts import hu_chart
from CovidQuantLib.slicer_app.case_numbers import CaseNumbers
from CovidQuantLib.slicer_app.hatching import hatched_bars, whiskers
from CovidQuantLib.slicer_app.plot_nodes import (
    HEADROOM,
    Axes,
    Colour,
    drawn_line,
    fill_table,
    plot_node,
    series_of,
    show_chart,
)

Kind = tuple[str, Sequence[float | None], Colour]
"""The name, the values and the colour of one series."""

_GREY, _DARK = (110, 110, 110), (40, 40, 40)
_BAR_SHARE = 0.8
"""What VTK gives to the bars of one place out of the way to the next."""
_POINT = 9.0
_PLACE = "Place"


def show_lobe_plot(numbers: CaseNumbers) -> None:
    """POI, ground glass and consolidation of each lobe in percent, as bars; hatched where the borders are estimates.

    The places across are numbered, since Slicer writes numbers under a plot; the axis says which lobe each is.
    """
    lobes = [numbers.region(lobe.key) for lobe in LOBES]
    kinds = (
        (_("POI"), [lobe.poi for lobe in lobes], _GREY),
        (_("Ground glass"), [lobe.ggo_percent for lobe in lobes], GROUND_GLASS.colour),
        (_("Consolidation"), [lobe.consolidation_percent for lobe in lobes], CONSOLIDATION.colour),
    )
    places = [float(place) for place in range(1, len(lobes) + 1)]
    across = ", ".join(f"{place:.0f} {lobe.key}" for place, lobe in zip(places, lobes, strict=True))
    ranges = [lobe.poi_range for lobe in lobes]
    shown = [value for _name, values, _colour in kinds for value in values if value is not None]
    highest = max([*shown, *(limits[1] for limits in ranges if limits is not None)], default=0.0) or 1.0
    axes = Axes(across, _("% of the lobe"), (places[0] - 0.5, places[-1] + 0.5), (0.0, HEADROOM * highest))
    if any(numbers.is_estimated(lobe) for lobe in lobes):
        title = _("Infection by lobe (hatched: estimated lobes)")
        show_chart("lobes chart", title, axes, _hatched_series(places, kinds, ranges, axes))
    else:
        show_chart("lobes chart", _("Infection by lobe"), axes, _bar_series(places, kinds, "lobes"))


def _bar_series(places: Sequence[float], kinds: Sequence[Kind], part: str) -> list[Any]:
    """Bars side by side at each place; a place of which nothing is known has none."""
    table = plot_node("vtkMRMLTableNode", part)
    rows = [row for row in range(len(places)) if any(values[row] is not None for _name, values, _colour in kinds)]
    columns: list[list[float | None]] = [[places[row] for row in rows]]
    columns += [[values[row] for row in rows] for _name, values, _colour in kinds]
    fill_table(table, [_PLACE, *(name for name, _values, _colour in kinds)], columns)
    series = []
    for number, (name, _values, colour) in enumerate(kinds):
        node = series_of(table, f"{part} bars {number}", name, colour)
        node.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatterBar)
        node.SetXColumnName(_PLACE)
        series.append(node)
    return series


def _hatched_series(
    places: Sequence[float], kinds: Sequence[Kind], ranges: Sequence[tuple[float, float] | None], axes: Axes
) -> list[Any]:
    """Each kind of bar as one line of its own, and the ranges of POI that estimated borders leave."""
    width = _BAR_SHARE / len(kinds)
    across, up = axes.shown_across[1] - axes.shown_across[0], axes.shown_up[1]
    series = []
    for number, (name, values, colour) in enumerate(kinds):
        middles = [place + (number - (len(kinds) - 1) / 2) * width for place in places]
        line = hatched_bars(middles, values, 0.9 * width, across=across, up=up)
        series.append(drawn_line(f"lobes hatched {number}", _("{kind} (estimated)").format(kind=name), line, colour))
        if number == 0 and any(limits is not None for limits in ranges):
            line = whiskers(middles, ranges, width / 2)
            series.append(drawn_line("lobes ranges", _("Range of POI"), line, _DARK))
    return series


def show_density_plot(numbers: CaseNumbers, voxel_ml: float) -> None:
    """The distribution of HU in the lungs and in the infection, in ml for each bin."""
    charts = [hu_chart(found, voxel_ml) for found in (numbers.lung_histogram, numbers.infection_histogram)]
    longest = max(len(chart.heights) for chart in charts)
    middles = [charts[0].start_hu + charts[0].bin_width * (n + 0.5) for n in range(longest)]
    heights = [[*chart.heights, *[0.0] * (longest - len(chart.heights))] for chart in charts]
    table = plot_node("vtkMRMLTableNode", "densities")
    names = (_("Lungs"), _("Infection"))
    fill_table(table, ["HU", *names], [middles, *heights])
    series = []
    for name, colour in zip(names, (_GREY, CONSOLIDATION.colour), strict=True):
        node = series_of(table, f"densities {name}", name, colour)
        node.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
        node.SetXColumnName("HU")
        node.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone)
        node.SetLineWidth(2)
        series.append(node)
    top = HEADROOM * max((height for one in heights for height in one), default=0.0) or 1.0
    axes = Axes("HU", _("ml"), (middles[0], middles[-1]) if middles else (-1000.0, 0.0), (0.0, top))
    show_chart("densities chart", _("Densities of the lungs"), axes, series)


def show_lines(part: str, title: str, across: tuple[str, Sequence[float]], up: str, lines: Sequence[Kind]) -> None:
    """A chart of lines with points over the values of `across`; a missing value leaves a gap."""
    table = plot_node("vtkMRMLTableNode", part)
    fill_table(
        table, [across[0], *(name for name, _values, _colour in lines)], [across[1], *(line[1] for line in lines)]
    )
    series = []
    for number, (name, _values, colour) in enumerate(lines):
        node = series_of(table, f"{part} {number}", name, colour)
        node.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
        node.SetXColumnName(across[0])
        node.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleCircle)
        node.SetMarkerSize(_POINT)
        node.SetLineWidth(2)
        series.append(node)
    shown = [value for _name, values, _colour in lines for value in values if value is not None]
    axes = Axes(
        *(across[0], up, (min(across[1]) - 1.0, max(across[1]) + 1.0)),
        (0.0, HEADROOM * max(shown, default=0.0) or 1.0),
    )
    show_chart(f"{part} chart", title, axes, series)


def show_bars(
    part: str,
    title: str,
    axes: tuple[str, str],
    values: Sequence[float | None],
    spreads: Sequence[float | None],
    colour: Colour,
) -> None:
    """A chart of one bar for each value at the places 1, 2, ..., with the standard deviation as whiskers.

    `axes` are the titles across and up; a value that is missing has no bar.
    """
    places = [float(place) for place in range(1, len(values) + 1)]
    kind = (title, values, colour)
    ranges = [
        None if value is None or spread is None else (max(0.0, value - spread), value + spread)
        for value, spread in zip(values, spreads, strict=True)
    ]
    shown = [value for value in values if value is not None] + [limits[1] for limits in ranges if limits is not None]
    top = HEADROOM * max(shown, default=0.0) or 1.0
    series = _bar_series(places, [kind], part)
    if any(limits is not None for limits in ranges):
        line = whiskers(places, ranges, _BAR_SHARE / 4)
        series.append(drawn_line(f"{part} spread", _("Standard deviation"), line, _DARK))
    show_chart(f"{part} chart", title, Axes(*axes, (0.5, len(values) + 0.5), (0.0, top)), series)

"""The numbers as Slicer's own plots: infection by lobe, and the densities of the lungs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import slicer
import vtk
from slicer.i18n import tr as _

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS, LOBES
from CovidQuantLib.reports.charts import hu_chart
from CovidQuantLib.slicer_app.case_numbers import CaseNumbers
from CovidQuantLib.slicer_app.hatching import Line, hatched_bars, whiskers

Colour = tuple[int, int, int]
Kind = tuple[str, Sequence[float | None], Colour]
"""The name, the values and the colour of one series."""

_PART = "CovidQuant.Plot"
_GREY, _DARK = (110, 110, 110), (40, 40, 40)
_BAR_SHARE = 0.8
"""What VTK gives to the bars of one place out of the way to the next."""
_HEADROOM = 1.4
"""The axis up is so much longer than the highest value: the legend stands above them."""
_POINT = 9.0


@dataclass(frozen=True)
class Axes:
    """The titles of the two axes, and what of each is shown."""

    across: str
    up: str
    shown_across: tuple[float, float]
    shown_up: tuple[float, float]


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
    axes = Axes(across, _("% of the lobe"), (places[0] - 0.5, places[-1] + 0.5), (0.0, _HEADROOM * highest))
    if any(numbers.is_estimated(lobe) for lobe in lobes):
        title = _("Infection by lobe (hatched: estimated lobes)")
        _show("lobes chart", title, axes, _hatched_series(places, kinds, ranges, axes))
    else:
        _show("lobes chart", _("Infection by lobe"), axes, _bar_series(places, kinds))


def _bar_series(places: Sequence[float], kinds: Sequence[Kind]) -> list[Any]:
    table = _node("vtkMRMLTableNode", "lobes")
    _fill(table, [_("Lobe"), *(name for name, _values, _colour in kinds)], [places, *(kind[1] for kind in kinds)])
    series = []
    for number, (name, _values, colour) in enumerate(kinds):
        node = _series(table, f"lobes bars {number}", name, colour)
        node.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatterBar)
        node.SetXColumnName(_("Lobe"))
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
        series.append(_drawn(f"lobes hatched {number}", _("{kind} (estimated)").format(kind=name), line, colour))
        if number == 0 and any(limits is not None for limits in ranges):
            line = whiskers(middles, ranges, width / 2)
            series.append(_drawn("lobes ranges", _("Range of POI"), line, _DARK))
    return series


def _drawn(part: str, name: str, line: Line, colour: Colour) -> Any:
    """A line that is drawn through its points, without marks."""
    table = _node("vtkMRMLTableNode", part)
    _fill(table, ["x", name], line)
    node = _series(table, part, name, colour)
    node.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
    node.SetXColumnName("x")
    node.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone)
    node.SetLineStyle(slicer.vtkMRMLPlotSeriesNode.LineStyleSolid)
    node.SetLineWidth(2)
    return node


def show_density_plot(numbers: CaseNumbers, voxel_ml: float) -> None:
    """The distribution of HU in the lungs and in the infection, in ml for each bin."""
    charts = [hu_chart(found, voxel_ml) for found in (numbers.lung_histogram, numbers.infection_histogram)]
    longest = max(len(chart.heights) for chart in charts)
    middles = [charts[0].start_hu + charts[0].bin_width * (n + 0.5) for n in range(longest)]
    heights = [[*chart.heights, *[0.0] * (longest - len(chart.heights))] for chart in charts]
    table = _node("vtkMRMLTableNode", "densities")
    names = (_("Lungs"), _("Infection"))
    _fill(table, ["HU", *names], [middles, *heights])
    series = []
    for name, colour in zip(names, (_GREY, CONSOLIDATION.colour), strict=True):
        node = _series(table, f"densities {name}", name, colour)
        node.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
        node.SetXColumnName("HU")
        node.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone)
        node.SetLineWidth(2)
        series.append(node)
    top = _HEADROOM * max((height for one in heights for height in one), default=0.0) or 1.0
    axes = Axes("HU", _("ml"), (middles[0], middles[-1]) if middles else (-1000.0, 0.0), (0.0, top))
    _show("densities chart", _("Densities of the lungs"), axes, series)


def show_lines(part: str, title: str, across: tuple[str, Sequence[float]], up: str, lines: Sequence[Kind]) -> None:
    """A chart of lines with points over the values of `across`; a missing value leaves a gap."""
    table = _node("vtkMRMLTableNode", part)
    _fill(table, [across[0], *(name for name, _values, _colour in lines)], [across[1], *(line[1] for line in lines)])
    series = []
    for number, (name, _values, colour) in enumerate(lines):
        node = _series(table, f"{part} {number}", name, colour)
        node.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
        node.SetXColumnName(across[0])
        node.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleCircle)
        node.SetMarkerSize(_POINT)
        node.SetLineWidth(2)
        series.append(node)
    shown = [value for _name, values, _colour in lines for value in values if value is not None]
    axes = Axes(
        *(across[0], up, (min(across[1]) - 1.0, max(across[1]) + 1.0)),
        (0.0, _HEADROOM * max(shown, default=0.0) or 1.0),
    )
    _show(f"{part} chart", title, axes, series)


def _node(class_name: str, part: str) -> Any:
    """The node of a plot, made where there is none; a plot that is shown again uses its old nodes."""
    for node in slicer.util.getNodesByClass(class_name):
        if node.GetAttribute(_PART) == part:
            return node
    node = slicer.mrmlScene.AddNewNodeByClass(class_name, f"CovidQuant {part}")
    node.SetAttribute(_PART, part)
    return node


def _fill(node: Any, names: Sequence[str], columns: Sequence[Sequence[Any]]) -> None:
    table = vtk.vtkTable()
    for name, values in zip(names, columns, strict=True):
        is_text = bool(values) and isinstance(values[0], str)
        column = vtk.vtkStringArray() if is_text else vtk.vtkDoubleArray()
        column.SetName(name)
        for value in values:
            column.InsertNextValue(value if is_text else float("nan") if value is None else float(value))
        table.AddColumn(column)
    node.SetAndObserveTable(table)


def _series(table: Any, part: str, name: str, colour: Colour) -> Any:
    node = _node("vtkMRMLPlotSeriesNode", part)
    node.SetName(name)
    node.SetAndObserveTableNodeID(table.GetID())
    node.SetYColumnName(name)
    node.SetColor(*(part / 255.0 for part in colour))
    return node


def _show(part: str, title: str, axes: Axes, series: Sequence[Any]) -> None:
    chart = _node("vtkMRMLPlotChartNode", part)
    chart.RemoveAllPlotSeriesNodeIDs()
    for node in series:
        chart.AddAndObservePlotSeriesNodeID(node.GetID())
    chart.SetTitle(title)
    chart.SetXAxisTitle(axes.across)
    chart.SetYAxisTitle(axes.up)
    chart.SetXAxisRangeAuto(False)
    chart.SetXAxisRange(*axes.shown_across)
    chart.SetYAxisRangeAuto(False)
    chart.SetYAxisRange(*axes.shown_up)
    slicer.modules.plots.logic().ShowChartInLayout(chart)

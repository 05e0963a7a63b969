"""The numbers as Slicer's own plots: infection by lobe, and the densities of the lungs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import slicer
import vtk
from slicer.i18n import tr as _

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS, LOBES
from CovidQuantLib.reports.charts import hu_chart
from CovidQuantLib.slicer_app.case_numbers import CaseNumbers

_PART = "CovidQuant.Plot"
_ESTIMATED_OPACITY = 0.5


def show_lobe_plot(numbers: CaseNumbers) -> None:
    """Ground glass and consolidation of each lobe in percent, as bars; paler where the borders are estimates."""
    lobes = [numbers.region(lobe.key) for lobe in LOBES]
    estimated = any(numbers.is_estimated(lobe) for lobe in lobes)
    columns = (
        (_("Ground glass"), [lobe.ggo_percent for lobe in lobes], GROUND_GLASS),
        (_("Consolidation"), [lobe.consolidation_percent for lobe in lobes], CONSOLIDATION),
    )
    table = _node("vtkMRMLTableNode", "lobes")
    names, values = [name for name, _values, _structure in columns], [values for _name, values, _structure in columns]
    _fill(table, [_("Lobe"), *names], [[lobe.key for lobe in lobes], *values])
    series = []
    for name, _values, structure in columns:
        node = _series(table, f"lobes {structure.key}", name, structure.colour)
        node.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeBar)
        node.SetLabelColumnName(_("Lobe"))
        node.SetOpacity(_ESTIMATED_OPACITY if estimated else 1.0)
        series.append(node)
    title = _("Infection by lobe (estimated lobes)") if estimated else _("Infection by lobe")
    _show("lobes chart", title, " ".join(lobe.key for lobe in lobes), _("% of the lobe"), series)


def show_density_plot(numbers: CaseNumbers, voxel_ml: float) -> None:
    """The distribution of HU in the lungs and in the infection, in ml for each bin."""
    lungs, infection = hu_chart(numbers.lung_histogram, voxel_ml), hu_chart(numbers.infection_histogram, voxel_ml)
    middles = [lungs.start_hu + lungs.bin_width * (n + 0.5) for n in range(len(lungs.heights))]
    table = _node("vtkMRMLTableNode", "densities")
    names = (_("Lungs"), _("Infection"))
    _fill(table, ["HU", *names], [middles, lungs.heights, infection.heights])
    series = []
    for name, colour in zip(names, ((110, 110, 110), CONSOLIDATION.colour), strict=True):
        node = _series(table, f"densities {name}", name, colour)
        node.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
        node.SetXColumnName("HU")
        node.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone)
        node.SetLineWidth(2)
        series.append(node)
    _show("densities chart", _("Densities of the lungs"), "HU", _("ml"), series)


def show_lines(
    part: str, title: str, across: tuple[str, Sequence[float]], lines: dict[str, Sequence[float | None]]
) -> None:
    """A chart of lines with points over the values of `across`; a missing value leaves a gap."""
    table = _node("vtkMRMLTableNode", part)
    _fill(table, [across[0], *lines], [list(across[1]), *lines.values()])
    colours = (GROUND_GLASS.colour, CONSOLIDATION.colour, (60, 60, 60), (70, 110, 200))
    series = []
    for name, colour in zip(lines, colours, strict=False):
        node = _series(table, f"{part} {name}", name, colour)
        node.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
        node.SetXColumnName(across[0])
        node.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleCircle)
        series.append(node)
    _show(f"{part} chart", title, across[0], "", series)


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


def _series(table: Any, part: str, name: str, colour: tuple[int, int, int]) -> Any:
    node = _node("vtkMRMLPlotSeriesNode", part)
    node.SetName(name)
    node.SetAndObserveTableNodeID(table.GetID())
    node.SetYColumnName(name)
    node.SetColor(*(part / 255.0 for part in colour))
    return node


def _show(part: str, title: str, across: str, up: str, series: Sequence[Any]) -> None:
    chart = _node("vtkMRMLPlotChartNode", part)
    chart.RemoveAllPlotSeriesNodeIDs()
    for node in series:
        chart.AddAndObservePlotSeriesNodeID(node.GetID())
    chart.SetTitle(title)
    chart.SetXAxisTitle(across)
    chart.SetYAxisTitle(up)
    slicer.modules.plots.logic().ShowChartInLayout(chart)

"""Slicer's nodes of a plot: the table, the series, the chart in its view. Shown again, a plot uses its old nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import slicer
import vtk

from CovidQuantLib.slicer_app.hatching import Line

Colour = tuple[int, int, int]

HEADROOM = 1.4
"""The axis up is so much longer than the highest value: the legend stands above them."""
_PART = "CovidQuant.Plot"


@dataclass(frozen=True)
class Axes:
    """The titles of the two axes, and what of each is shown."""

    across: str
    up: str
    shown_across: tuple[float, float]
    shown_up: tuple[float, float]


def drawn_line(part: str, name: str, line: Line, colour: Colour) -> Any:
    """A line that is drawn through its points, without marks."""
    table = plot_node("vtkMRMLTableNode", part)
    fill_table(table, ["x", name], line)
    node = series_of(table, part, name, colour)
    node.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
    node.SetXColumnName("x")
    node.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone)
    node.SetLineStyle(slicer.vtkMRMLPlotSeriesNode.LineStyleSolid)
    node.SetLineWidth(2)
    return node


def plot_node(class_name: str, part: str) -> Any:
    """The node of a plot, made where there is none; a plot that is shown again uses its old nodes."""
    for node in slicer.util.getNodesByClass(class_name):
        if node.GetAttribute(_PART) == part:
            return node
    node = slicer.mrmlScene.AddNewNodeByClass(class_name, f"CovidQuant {part}")
    node.SetAttribute(_PART, part)
    return node


def fill_table(node: Any, names: Sequence[str], columns: Sequence[Sequence[float | None]]) -> None:
    """Put columns of one length into a table node; None becomes what is no number: a line is not drawn there."""
    table = vtk.vtkTable()
    for name, values in zip(names, columns, strict=True):
        column = vtk.vtkDoubleArray()
        column.SetName(name)
        for value in values:
            column.InsertNextValue(float("nan") if value is None else float(value))
        table.AddColumn(column)
    node.SetAndObserveTable(table)


def series_of(table: Any, part: str, name: str, colour: Colour) -> Any:
    """The series of a table's column `name`, in a colour of 0 to 255."""
    node = plot_node("vtkMRMLPlotSeriesNode", part)
    node.SetName(name)
    node.SetAndObserveTableNodeID(table.GetID())
    node.SetYColumnName(name)
    node.SetColor(*(part / 255.0 for part in colour))
    return node


def show_chart(part: str, title: str, axes: Axes, series: Sequence[Any]) -> None:
    """Show a chart of `series` in a layout with a plot view."""
    chart = plot_node("vtkMRMLPlotChartNode", part)
    chart.RemoveAllPlotSeriesNodeIDs()
    for node in series:
        chart.AddAndObservePlotSeriesNodeID(node.GetID())
    chart.SetLegendVisibility(len(series) > 1)
    chart.SetTitle(title)
    chart.SetXAxisTitle(axes.across)
    chart.SetYAxisTitle(axes.up)
    chart.SetXAxisRangeAuto(False)
    chart.SetXAxisRange(*axes.shown_across)
    chart.SetYAxisRangeAuto(False)
    chart.SetYAxisRange(*axes.shown_up)
    slicer.modules.plots.logic().ShowChartInLayout(chart)

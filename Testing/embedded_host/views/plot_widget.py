"""qMRMLPlotWidget and its view: the chart of a plot view node."""

from __future__ import annotations

from typing import Any, ClassVar

import slicer
import vtk
from PySide6.QtWidgets import QVBoxLayout, QWidget

from Testing.embedded_host.views.render_view import RenderView


class PlotView(RenderView):
    """Series drawn from their tables as lines, points or bars, with the chart node's titles."""

    stands_for_native: ClassVar[bool] = True
    _node: Any
    _context: Any
    _chart: Any

    def __init__(self, node: Any) -> None:
        super().__init__()
        self._node = node
        self._context, self._chart = vtk.vtkContextActor(), vtk.vtkChartXY()
        self._context.GetScene().AddItem(self._chart)
        self._context.GetScene().SetRenderer(self._renderer)
        self._renderer.AddActor(self._context)
        self._renderer.SetBackground(1.0, 1.0, 1.0)
        node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda _node, _event: self.scheduleRender())

    def mrmlPlotViewNode(self) -> Any:
        return self._node

    def forceRender(self) -> None:
        self._chart.ClearPlots()
        chart = self._node.GetPlotChartNode()
        if chart is not None:
            self._describe(chart)
            for index in range(chart.GetNumberOfPlotSeriesNodes()):
                self._add(chart.GetNthPlotSeriesNode(index))
        super().forceRender()

    def _describe(self, chart: Any) -> None:
        self._chart.SetTitle(chart.GetTitle() or "")
        self._chart.SetShowLegend(bool(chart.GetLegendVisibility()))
        for axis, title in ((vtk.vtkAxis.BOTTOM, chart.GetXAxisTitle()), (vtk.vtkAxis.LEFT, chart.GetYAxisTitle())):
            self._chart.GetAxis(axis).SetTitle(title or "")

    def _add(self, series: Any) -> None:
        bars = series.GetPlotType() == slicer.vtkMRMLPlotSeriesNode.PlotTypeBar
        plot = self._chart.AddPlot(vtk.vtkChart.BAR if bars else vtk.vtkChart.LINE)
        table = series.GetTableNode().GetTable()
        across = series.GetXColumnName()
        if across and not isinstance(table.GetColumnByName(across), vtk.vtkStringArray):
            plot.SetInputData(table, across, series.GetYColumnName())
        else:
            plot.SetInputData(table)
            plot.SetInputArray(1, series.GetYColumnName())
            plot.SetUseIndexForXSeries(True)
        plot.SetLabel(series.GetName())
        plot.SetColorF(*series.GetColor())
        plot.SetWidth(series.GetLineWidth())

    def fitToContent(self) -> None:
        self._chart.RecalculateBounds()
        self.scheduleRender()


class PlotWidget(QWidget):
    """The view in its frame."""

    stands_for_native: ClassVar[bool] = True
    _view: PlotView

    def __init__(self, node: Any, _application_logic: Any) -> None:
        super().__init__()
        self.setObjectName(f"PlotWidget{node.GetLayoutName()}")
        self._view = PlotView(node)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)

    def plotView(self) -> PlotView:
        return self._view

    def mrmlPlotViewNode(self) -> Any:
        return self._view.mrmlPlotViewNode()

"""qMRMLPlotWidget and its view: the chart of a plot view node."""

from __future__ import annotations

from typing import Any, ClassVar

import slicer
import vtk
from PySide6.QtWidgets import QVBoxLayout, QWidget

from Testing.embedded_host.views.render_view import RenderView

_KIND = slicer.vtkMRMLPlotSeriesNode
_PENS = {
    _KIND.LineStyleNone: vtk.vtkPen.NO_PEN,
    _KIND.LineStyleSolid: vtk.vtkPen.SOLID_LINE,
    _KIND.LineStyleDash: vtk.vtkPen.DASH_LINE,
    _KIND.LineStyleDot: vtk.vtkPen.DOT_LINE,
    _KIND.LineStyleDashDot: vtk.vtkPen.DASH_DOT_LINE,
    _KIND.LineStyleDashDotDot: vtk.vtkPen.DASH_DOT_DOT_LINE,
}
_MARKERS = {
    _KIND.MarkerStyleNone: vtk.vtkPlotPoints.NONE,
    _KIND.MarkerStyleCross: vtk.vtkPlotPoints.CROSS,
    _KIND.MarkerStylePlus: vtk.vtkPlotPoints.PLUS,
    _KIND.MarkerStyleSquare: vtk.vtkPlotPoints.SQUARE,
    _KIND.MarkerStyleCircle: vtk.vtkPlotPoints.CIRCLE,
    _KIND.MarkerStyleDiamond: vtk.vtkPlotPoints.DIAMOND,
}


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
        for axis, title, auto, limits in (
            (vtk.vtkAxis.BOTTOM, chart.GetXAxisTitle(), chart.GetXAxisRangeAuto(), chart.GetXAxisRange()),
            (vtk.vtkAxis.LEFT, chart.GetYAxisTitle(), chart.GetYAxisRangeAuto(), chart.GetYAxisRange()),
        ):
            drawn = self._chart.GetAxis(axis)
            drawn.SetTitle(title or "")
            drawn.SetBehavior(vtk.vtkAxis.AUTO if auto else vtk.vtkAxis.FIXED)
            if not auto:
                drawn.SetUnscaledRange(*limits)
            for text, size in (
                (drawn.GetTitleProperties(), chart.GetAxisTitleFontSize()),
                (drawn.GetLabelProperties(), chart.GetAxisLabelFontSize()),
            ):
                text.SetFontSize(size)
                text.SetBold(False)

    def _add(self, series: Any) -> None:
        table, kind = series.GetTableNode().GetTable(), series.GetPlotType()
        across = series.GetXColumnName() if series.IsXColumnRequired() else ""
        if series.IsXColumnRequired() and isinstance(table.GetColumnByName(across), vtk.vtkStringArray | type(None)):
            return  # as the application: no such plot without numbers across
        bars = kind in (_KIND.PlotTypeBar, _KIND.PlotTypeScatterBar)
        plot = self._chart.AddPlot(vtk.vtkChart.BAR if bars else vtk.vtkChart.LINE)
        if across:
            plot.SetInputData(table, across, series.GetYColumnName())
        else:
            plot.SetInputData(table)
            plot.SetInputArray(1, series.GetYColumnName())
            plot.SetUseIndexForXSeries(True)
        plot.SetLabel(series.GetName())
        plot.SetColorF(*series.GetColor())
        plot.SetOpacity(series.GetOpacity())
        plot.SetWidth(series.GetLineWidth())
        if not bars:
            plot.GetPen().SetLineType(_PENS[series.GetLineStyle()])
            plot.SetMarkerStyle(_MARKERS[series.GetMarkerStyle()])
            plot.SetMarkerSize(series.GetMarkerSize())

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

"""The host's views show the scene, and answer the mouse as Slicer's do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from Testing.embedded_host.application import Application

pytestmark = pytest.mark.slicer

MODULE = """
import qt
from slicer.ScriptedLoadableModule import *

class Viewing(ScriptedLoadableModule):
    pass

class ViewingWidget(ScriptedLoadableModuleWidget):
    def setup(self):
        self.events = []
        self.label = qt.QLabel("panel")
        self.layout.addWidget(self.label)
    def enter(self):
        self.events.append("enter")
    def exit(self):
        self.events.append("exit")
"""


@pytest.fixture
def ct(application: Application) -> Any:
    import slicer

    del application
    hu = np.full((20, 40, 40), -1000, np.int16)
    hu[:, 10:30, 10:30] = 0
    node = slicer.util.addVolumeFromArray(hu, ijkToRAS=np.diag([2.0, 2.0, 2.0, 1.0]), name="CT")
    node.GetDisplayNode().SetAutoWindowLevel(0)
    node.GetDisplayNode().SetWindowLevel(400, 0)
    slicer.util.setSliceViewerLayers(background=node, fit=True)
    return node


def manager() -> Any:
    import slicer

    return slicer.app.layoutManager()


def pixels(window: Any) -> NDArray[np.uint8]:
    """What a render window shows, (row, column, colour), by the same VTK calls as in Slicer."""
    import vtk
    from vtk.util.numpy_support import vtk_to_numpy

    taken = vtk.vtkWindowToImageFilter()
    taken.SetInput(window)
    taken.Update()
    image = taken.GetOutput()
    width, height, _ = image.GetDimensions()
    return np.asarray(vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, -1), np.uint8)


def test_a_slice_view_shows_the_volume_in_its_window(ct: Any) -> None:
    view = manager().sliceWidget("Red").sliceView()
    view.resize(200, 200)
    manager().resetSliceViews()
    view.forceRender()
    shown = pixels(view.renderWindow())
    assert shown[100, 100].tolist() == pytest.approx([128] * 3, abs=1)
    assert shown[20, 20].max() == 0
    ct.GetDisplayNode().SetWindowLevel(100, -100)
    view.forceRender()
    assert pixels(view.renderWindow())[100, 100].min() == 255


def test_a_segment_is_drawn_over_the_slice_and_in_three_dimensions(ct: Any) -> None:
    import slicer

    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    segmentation.CreateDefaultDisplayNodes()
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(ct)
    segmentation.GetSegmentation().AddEmptySegment("lesion", "lesion", [0.0, 1.0, 0.0])
    mask = (slicer.util.arrayFromVolume(ct) == 0).astype(np.uint8)
    slicer.util.updateSegmentBinaryLabelmapFromArray(mask, segmentation, "lesion", ct)
    segmentation.CreateClosedSurfaceRepresentation()
    slice_view, space = manager().sliceWidget("Red").sliceView(), manager().threeDWidget(0).threeDView()
    manager().resetThreeDViews()
    for view in (slice_view, space):
        view.forceRender()
        red, green, blue = np.moveaxis(pixels(view.renderWindow()).astype(int), -1, 0)
        assert (green > red + 30).sum() > 200
        assert (green > blue + 30).sum() > 200


def test_the_wheel_moves_one_slice(application: Application, ct: Any) -> None:
    del ct
    widget = manager().sliceWidget("Red")
    before = widget.sliceLogic().GetSliceOffset()
    application.mouse.wheel(widget.sliceView(), 50, 50, notches=1)
    assert abs(widget.sliceLogic().GetSliceOffset() - before) == pytest.approx(2.0)


def test_the_slider_moves_the_slice_and_follows_it(ct: Any) -> None:
    del ct
    widget = manager().sliceWidget("Red")
    slider = widget.sliceController().sliceOffsetSlider()
    slider.setValue(12.0)
    assert widget.sliceLogic().GetSliceOffset() == pytest.approx(12.0)
    widget.sliceLogic().SetSliceOffset(20.0)
    assert slider.value == pytest.approx(20.0)


def test_a_layout_brings_its_views(application: Application) -> None:
    import slicer

    del application
    changed: list[int] = []
    manager().connect("layoutChanged(int)", changed.append)
    manager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalPlotView)
    assert manager().plotViewCount == 1
    assert changed == [manager().layout]
    manager().disconnect("layoutChanged(int)", changed.append)
    custom = '<layout type="horizontal"><item><view class="vtkMRMLSliceNode" singletontag="Before"/></item></layout>'
    manager().layoutLogic().GetLayoutNode().AddLayoutDescription(990, custom)
    manager().setLayout(990)
    assert "Before" in manager().sliceViewNames()
    assert manager().sliceWidget("Before").mrmlSliceNode().GetLayoutName() == "Before"
    manager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)


def test_a_plot_view_draws_its_series(application: Application) -> None:
    import slicer

    del application
    table = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTableNode")
    slicer.util.updateTableFromArray(table, np.array([[0.0, 1.0], [1.0, 3.0], [2.0, 2.0]]), ["day", "POI"])
    series = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", "POI")
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetXColumnName("day")
    series.SetYColumnName("POI")
    series.SetPlotType(series.PlotTypeLine)
    series.SetColor(1.0, 0.0, 0.0)
    chart = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLPlotChartNode")
    chart.AddAndObservePlotSeriesNodeID(series.GetID())
    manager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutConventionalPlotView)
    view = manager().plotWidget(0).plotView()
    view.mrmlPlotViewNode().SetPlotChartNodeID(chart.GetID())
    view.forceRender()
    red, green, _ = np.moveaxis(pixels(view.renderWindow()).astype(int), -1, 0)
    assert (red > green + 100).sum() > 50
    manager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)


def test_views_draw_when_something_changed_and_not_while_rendering_is_paused(application: Application, ct: Any) -> None:
    import slicer

    application.open_window((900, 600))
    view = manager().sliceWidget("Red").sliceView()
    application.process_events(0.1)
    drawn: list[str] = []
    tag = view.renderWindow().AddObserver("EndEvent", lambda _window, event: drawn.append(event))
    with slicer.util.RenderBlocker():
        ct.GetDisplayNode().SetWindowLevel(300, 10)
        application.process_events(0.05)
        assert drawn == []
    application.wait_until(lambda: bool(drawn), seconds=5.0)
    view.renderWindow().RemoveObserver(tag)


def test_the_window_shows_the_module_beside_the_views(application: Application, ct: Any, tmp_path: Path) -> None:
    import qt
    import slicer

    del ct
    (tmp_path / "Viewing.py").write_text(MODULE, encoding="utf-8")
    application.load_module(tmp_path / "Viewing.py")
    assert slicer.util.mainWindow() is None
    window = application.open_window((900, 600))
    assert slicer.util.mainWindow() is window
    slicer.util.selectModule("Viewing")
    assert slicer.util.selectedModule() == "Viewing"
    slicer.util.showStatusMessage("ready")
    window.grab_png(tmp_path / "window.png")
    picture = qt.QImage(str(tmp_path / "window.png"))
    assert (picture.width(), picture.height()) == (900, 600)
    widget = slicer.modules.ViewingWidget
    application.close_window()
    application.process_events()
    assert widget.events == ["enter", "exit"]
    assert widget.label.text == "panel"
    assert slicer.util.mainWindow() is None

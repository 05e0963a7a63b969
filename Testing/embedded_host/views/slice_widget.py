"""qMRMLSliceWidget: a slice view under its bar with the slider."""

from __future__ import annotations

from typing import Any, ClassVar

import slicer
import vtk
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from Testing.embedded_host.views.slice_view import SliceView
from Testing.embedded_host.widgets.slider_widget import SliderWidget


class SliceController:
    """qMRMLSliceControllerWidget: the bar."""

    def __init__(self, slider: SliderWidget) -> None:
        self._slider = slider

    def sliceOffsetSlider(self) -> SliderWidget:
        return self._slider


class SliceWidget(QWidget):
    """The bar shows the view's letter and colour, and moves through the slices."""

    stands_for_native: ClassVar[bool] = True
    _logic: Any
    _view: SliceView
    _overlay: Any
    _slider: SliderWidget
    _showing: bool

    def __init__(self, node: Any, application_logic: Any) -> None:
        super().__init__()
        self._showing = False
        self._logic = slicer.vtkMRMLSliceLogic()
        self._logic.SetMRMLApplicationLogic(application_logic)
        self._logic.SetMRMLScene(slicer.mrmlScene)
        self._logic.SetSliceNode(node)
        application_logic.GetSliceLogics().AddItem(self._logic)
        self.setObjectName(f"qMRMLSliceWidget{node.GetLayoutName()}")
        self._view, self._slider = SliceView(self._logic, application_logic), SliderWidget()
        self._overlay = vtk.vtkCornerAnnotation()
        self._view.own_renderer().AddViewProp(self._overlay)
        self._slider.decimals, self._slider.suffix = 1, " mm"
        letter = QLabel(node.GetLayoutLabel())
        red, green, blue = (round(255 * part) for part in node.GetLayoutColor())
        letter.setStyleSheet(f"background: rgb({red},{green},{blue}); color: black; padding: 1px 6px;")
        bar = QHBoxLayout()
        bar.addWidget(letter)
        bar.addWidget(self._slider, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(bar)
        layout.addWidget(self._view, 1)
        self._slider.connect("valueChanged(double)", self._slid)
        self._logic.AddObserver(vtk.vtkCommand.ModifiedEvent, self._moved)
        node.AddObserver(vtk.vtkCommand.ModifiedEvent, self._moved)

    def sliceLogic(self) -> Any:
        return self._logic

    def sliceView(self) -> SliceView:
        return self._view

    def sliceController(self) -> SliceController:
        return SliceController(self._slider)

    def overlayCornerAnnotation(self) -> Any:
        return self._overlay

    def mrmlSliceNode(self) -> Any:
        return self._logic.GetSliceNode()

    def mrmlSliceCompositeNode(self) -> Any:
        return self._logic.GetSliceCompositeNode()

    def fitSliceToBackground(self) -> None:
        self._logic.FitSliceToBackground()

    def _slid(self, offset: float) -> None:
        if not self._showing:
            self._logic.SetSliceOffset(offset)

    def _moved(self, _caller: Any, _event: str) -> None:
        if self._showing or self._logic.GetSliceNode() is None:
            return
        self._showing = True
        bounds = [0.0] * 6
        self._logic.GetLowestVolumeSliceBounds(bounds)
        if bounds[4] < bounds[5]:
            self._slider.minimum, self._slider.maximum = bounds[4], bounds[5]
            self._slider.singleStep = abs(self._logic.GetLowestVolumeSliceSpacing()[2]) or 1.0
        self._slider.setValue(self._logic.GetSliceOffset())
        self._showing = False

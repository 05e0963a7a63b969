"""qSlicerLayoutManager: which views stand where, as the layout node describes."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any, ClassVar

import slicer
import vtk
from PySide6.QtCore import Property, QObject, Qt, Signal
from PySide6.QtWidgets import QSplitter, QTabWidget, QVBoxLayout, QWidget

from Testing.embedded_host.views.plot_widget import PlotWidget
from Testing.embedded_host.views.slice_widget import SliceWidget
from Testing.embedded_host.views.threed_widget import ThreeDWidget

_KINDS: dict[str, Any] = {
    "vtkMRMLSliceNode": SliceWidget,
    "vtkMRMLViewNode": ThreeDWidget,
    "vtkMRMLPlotViewNode": PlotWidget,
}


class LayoutManager(QObject):
    """Builds the views that a layout names, once each, and arranges them in the viewport."""

    stands_for_native: ClassVar[bool] = True
    layoutChanged = Signal(int)
    _logic: Any
    _application_logic: Any
    _viewport: QWidget
    _arrangement: QWidget | None
    _widgets: dict[tuple[str, str], Any]
    _shown: int

    def __init__(self, scene: Any, application_logic: Any) -> None:
        super().__init__()
        self._application_logic, self._arrangement, self._widgets, self._shown = application_logic, None, {}, -1
        self._viewport = QWidget()
        QVBoxLayout(self._viewport).setContentsMargins(0, 0, 0, 0)
        self._logic = slicer.vtkMRMLLayoutLogic()
        self._logic.SetMRMLApplicationLogic(application_logic)
        self._logic.SetMRMLScene(scene)
        self._logic.GetLayoutNode().AddObserver(vtk.vtkCommand.ModifiedEvent, self._arrange)
        self.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)

    def layoutLogic(self) -> Any:
        return self._logic

    def viewport(self) -> QWidget:
        return self._viewport

    def setLayout(self, layout: int) -> None:
        self._logic.GetLayoutNode().SetViewArrangement(layout)
        self._arrange(None, "")

    def sliceViewNames(self) -> list[str]:
        return [name for kind, name in self._widgets if kind == "vtkMRMLSliceNode"]

    def sliceWidget(self, name: str) -> SliceWidget | None:
        return self._widgets.get(("vtkMRMLSliceNode", name))

    def threeDWidget(self, index: int) -> ThreeDWidget | None:
        return self._nth("vtkMRMLViewNode", index)

    def plotWidget(self, index: int) -> PlotWidget | None:
        return self._nth("vtkMRMLPlotViewNode", index)

    def mrmlSliceLogics(self) -> Any:
        return self._application_logic.GetSliceLogics()

    def resetSliceViews(self) -> None:
        for name in self.sliceViewNames():
            self._widgets["vtkMRMLSliceNode", name].fitSliceToBackground()

    def resetThreeDViews(self) -> None:
        for widget in self._of("vtkMRMLViewNode"):
            widget.threeDView().resetFocalPoint()

    def _of(self, kind: str) -> list[Any]:
        return [widget for (of, _), widget in self._widgets.items() if of == kind]

    def _nth(self, kind: str, index: int) -> Any:
        widgets = self._of(kind)
        return widgets[index] if 0 <= index < len(widgets) else None

    def _arrange(self, _node: Any, _event: str) -> None:
        node = self._logic.GetLayoutNode()
        layout, description = node.GetViewArrangement(), node.GetCurrentLayoutDescription()
        if layout == self._shown or not description:
            return
        self._shown = layout  # before the rest: making a view changes the layout node again
        for (kind, tag), widget in self._widgets.items():
            widget.setParent(None)
            _mark(kind, tag, mapped=False)
        if self._arrangement is not None:
            self._arrangement.deleteLater()
        self._arrangement = self._built(ET.fromstring(description))
        self._viewport.layout().addWidget(self._arrangement)
        self.layoutChanged.emit(layout)

    def _built(self, element: ET.Element) -> QWidget:
        """The widget of a <layout> or a <view> element of the description."""
        if element.tag == "view":
            return self._view(element.get("class", ""), element.get("singletontag", ""))
        children = [self._built(child) for item in element.findall("item") for child in item]
        if element.get("type") == "tab":
            box: Any = QTabWidget()
            for child in children:
                box.addTab(child, child.objectName)
            return box
        upright = element.get("type", "horizontal") == "vertical"
        box = QSplitter(Qt.Orientation.Vertical if upright else Qt.Orientation.Horizontal)
        for child in children:
            box.addWidget(child)
            child.setVisible(True)
        box.setSizes([1000] * len(children))
        return box

    def _view(self, kind: str, tag: str) -> Any:
        if kind not in _KINDS:
            return QWidget()
        if (kind, tag) not in self._widgets:
            node = slicer.mrmlScene.GetSingletonNode(tag, kind)
            self._widgets[kind, tag] = _KINDS[kind](node, self._application_logic)
        _mark(kind, tag, mapped=True)
        return self._widgets[kind, tag]

    def _count(kind: str) -> Any:
        return Property(int, lambda self: len(self._of(kind)))

    layout = Property(int, lambda self: self._shown, setLayout)
    threeDViewCount = _count("vtkMRMLViewNode")
    plotViewCount = _count("vtkMRMLPlotViewNode")
    tableViewCount = _count("vtkMRMLTableViewNode")


def _mark(kind: str, tag: str, *, mapped: bool) -> None:
    """Tell a view's node whether the view is on the screen, as the application's layout manager does."""
    node = slicer.mrmlScene.GetSingletonNode(tag, kind)
    if node is not None:
        node.SetMappedInLayout(mapped)

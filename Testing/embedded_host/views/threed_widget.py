"""qMRMLThreeDWidget and its view: the scene in three dimensions."""

from __future__ import annotations

from typing import Any, ClassVar

import slicer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from Testing.embedded_host.views.render_view import RenderView
from Testing.embedded_host.views.slice_view import managed

_MANAGERS = (
    "vtkMRMLCameraDisplayableManager",
    "vtkMRMLViewDisplayableManager",
    "vtkMRMLModelDisplayableManager",
    "vtkMRMLThreeDReformatDisplayableManager",
    "vtkMRMLCrosshairDisplayableManager3D",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager3D",
)


class ThreeDView(RenderView):
    """Surfaces under a camera that the mouse turns."""

    stands_for_native: ClassVar[bool] = True
    _node: Any
    _group: Any

    def __init__(self, node: Any, application_logic: Any) -> None:
        super().__init__()
        self._node = node
        factory = slicer.vtkMRMLThreeDViewDisplayableManagerFactory.GetInstance()
        self._group = managed(factory, _MANAGERS, application_logic, self._renderer, node)
        self.show_managed(slicer.vtkMRMLThreeDViewInteractorStyle(), self._group)

    def mrmlViewNode(self) -> Any:
        return self._node

    def cameraNode(self) -> Any:
        cameras = slicer.util.getNodesByClass("vtkMRMLCameraNode")
        return next((c for c in cameras if c.GetLayoutName() == self._node.GetLayoutName()), None)

    def resetFocalPoint(self) -> None:
        """Look at the middle of what is shown, from where it all fits in; the box is drawn around it."""
        node = self._node
        shown = (node.GetBoxVisible(), node.GetAxisLabelsVisible())
        node.SetBoxVisible(False)
        node.SetAxisLabelsVisible(False)
        self._renderer.ResetCamera()
        node.SetBoxVisible(shown[0])
        node.SetAxisLabelsVisible(shown[1])
        node.InvokeEvent(slicer.vtkMRMLViewNode.ResetFocalPointRequestedEvent)
        self._renderer.ResetCameraClippingRange()
        self.scheduleRender()

    def resetCamera(self) -> None:
        self.resetFocalPoint()

    def rotateToViewAxis(self, axis: int) -> None:
        """Look from a side of the patient, as numbered by ctkAxesWidget."""
        toward = [(1, 0, 0), (-1, 0, 0), (0, -1, 0), (0, 1, 0), (0, 0, -1), (0, 0, 1)][axis]
        camera = self._renderer.GetActiveCamera()
        focus, distance = camera.GetFocalPoint(), camera.GetDistance()
        camera.SetPosition(*(f + distance * t for f, t in zip(focus, toward, strict=True)))
        camera.SetViewUp(0, 0, 1) if axis < 4 else camera.SetViewUp(0, 1, 0)
        self.resetFocalPoint()


class ThreeDWidget(QWidget):
    """The view in its frame."""

    stands_for_native: ClassVar[bool] = True
    _view: ThreeDView

    def __init__(self, node: Any, application_logic: Any) -> None:
        super().__init__()
        self.setObjectName(f"ThreeDWidget{node.GetLayoutName()}")
        self._view = ThreeDView(node, application_logic)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)

    def threeDView(self) -> ThreeDView:
        return self._view

    def mrmlViewNode(self) -> Any:
        return self._view.mrmlViewNode()

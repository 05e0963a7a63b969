"""ctkVTKRenderView: a VTK render window that lives offscreen and is shown as a picture."""

from __future__ import annotations

from typing import Any, ClassVar

import slicer
import vtk
from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget
from vtkmodules.util.numpy_support import vtk_to_numpy

_BUTTONS = {
    Qt.MouseButton.LeftButton: "Left",
    Qt.MouseButton.MiddleButton: "Middle",
    Qt.MouseButton.RightButton: "Right",
}


class RenderView(QWidget):
    """One renderer with its window and interactor; Qt's events go to the interactor, its picture to Qt.

    It is drawn when something asked for it and it is visible, a moment later, so that many changes make one picture.
    """

    stands_for_native: ClassVar[bool] = True
    _window: Any
    _renderer: Any
    _interactor: Any
    _corners: Any
    _style: Any
    _timer: QTimer
    _image: QImage
    _pixels: Any

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setMinimumSize(120, 90)
        self.resize(400, 300)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._window, self._renderer = vtk.vtkRenderWindow(), vtk.vtkRenderer()
        self._window.SetOffScreenRendering(1)
        self._window.SetMultiSamples(0)
        self._window.AddRenderer(self._renderer)
        self._corners = vtk.vtkCornerAnnotation()  # Slicer's module Data Probe writes volumes and patients into it
        self._renderer.AddViewProp(self._corners)
        self._interactor = vtk.vtkGenericRenderWindowInteractor()
        self._interactor.SetRenderWindow(self._window)
        self._interactor.EnableRenderOff()
        self._interactor.SetInteractorStyle(vtk.vtkInteractorStyleUser())
        self._interactor.Initialize()
        self._image, self._pixels = QImage(), None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.connect("timeout()", self._draw_if_visible)

    def renderWindow(self) -> Any:
        return self._window

    def own_renderer(self) -> Any:
        """For the host alone: Slicer's views give their renderer to nobody."""
        return self._renderer

    def interactor(self) -> Any:
        return self._interactor

    def cornerAnnotation(self) -> Any:
        return self._corners

    def interactorStyle(self) -> Any:
        return self._style

    def scheduleRender(self) -> None:
        if not self._timer.isActive():
            self._timer.start(0)

    def forceRender(self) -> None:
        """Draw now, visible or not."""
        width, height = self._fit()
        self._window.Render()
        values = vtk.vtkUnsignedCharArray()
        self._window.GetRGBACharPixelData(0, 0, width - 1, height - 1, 1, values)
        self._pixels = vtk_to_numpy(values).reshape(height, width, 4)[::-1].copy()
        self._image = QImage(self._pixels.data, width, height, 4 * width, QImage.Format.Format_RGBX8888)
        self.update()

    def paintEvent(self, _event: Any) -> None:
        if self._image.isNull() or self._image.size() != self.size:
            self.forceRender()
        painter = QPainter(self)
        painter.drawImage(0, 0, self._image)
        painter.end()

    def resizeEvent(self, event: Any) -> None:
        super().resizeEvent(event)
        self.scheduleRender()

    def sizeHint(self) -> QSize:
        return QSize(400, 300)

    def mousePressEvent(self, event: Any) -> None:
        self._tell(event, f"{_BUTTONS.get(event.button(), 'Left')}ButtonPressEvent", event.pos())

    def mouseReleaseEvent(self, event: Any) -> None:
        self._tell(event, f"{_BUTTONS.get(event.button(), 'Left')}ButtonReleaseEvent", event.pos())

    def mouseDoubleClickEvent(self, event: Any) -> None:
        self._tell(event, f"{_BUTTONS.get(event.button(), 'Left')}ButtonDoubleClickEvent", event.pos())

    def mouseMoveEvent(self, event: Any) -> None:
        self._tell(event, "MouseMoveEvent", event.pos())

    def wheelEvent(self, event: Any) -> None:
        name = f"MouseWheel{'Forward' if event.angleDelta().y() > 0 else 'Backward'}Event"
        self._tell(event, name, event.position().toPoint())

    def keyPressEvent(self, event: Any) -> None:
        self._interactor.SetKeySym(event.text() or None)
        self._interactor.SetKeyCode(event.text()[:1] or "\0")
        self._interactor.KeyPressEvent()
        event.ignore()

    def event(self, event: Any) -> bool:
        if event.type() == QEvent.Type.Enter:
            self._interactor.EnterEvent()
        elif event.type() == QEvent.Type.Leave:
            self._interactor.LeaveEvent()
        return bool(super().event(event))

    def show_managed(self, style: Any, group: Any) -> None:
        """Let displayable managers have the interactor's events, and draw whenever one asks for it."""
        self._style = style
        style.SetDisplayableManagers(group)
        style.SetInteractor(self._interactor)
        group.AddObserver(vtk.vtkCommand.UpdateEvent, lambda _group, _event: self.scheduleRender())

    def _tell(self, event: Any, name: str, place: Any) -> None:
        self._fit()
        held = event.modifiers()
        control = bool(held & Qt.KeyboardModifier.ControlModifier)
        shift = bool(held & Qt.KeyboardModifier.ShiftModifier)
        self._interactor.SetEventInformationFlipY(place.x(), place.y(), control, shift, "\0", 0, None)
        self._interactor.SetAltKey(bool(held & Qt.KeyboardModifier.AltModifier))
        getattr(self._interactor, name)()

    def _fit(self) -> tuple[int, int]:
        width, height = max(1, self.width), max(1, self.height)
        self._window.SetSize(width, height)
        self._interactor.SetSize(width, height)
        return width, height

    def _draw_if_visible(self) -> None:
        if not self.isVisible():
            return
        if slicer.app.rendering_is_paused():
            self._timer.start(20)
        else:
            self.forceRender()

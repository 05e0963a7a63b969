"""Mouse and keys of a person who is not there: real Qt events, sent through the application."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

_NONE = Qt.KeyboardModifier.NoModifier


class Mouse:
    """Events on a widget, at pixels from its upper left corner."""

    def click(self, widget: Any, x: int, y: int, *, button: Any = Qt.MouseButton.LeftButton) -> None:
        QTest.mouseClick(widget, button, _NONE, QPoint(x, y))
        QApplication.processEvents()

    def drag(self, widget: Any, path: Iterable[tuple[int, int]], *, button: Any = Qt.MouseButton.LeftButton) -> None:
        """Press at the first point, move through the others, let go at the last."""
        points = [QPoint(x, y) for x, y in path]
        QTest.mousePress(widget, button, _NONE, points[0])
        for point in points[1:]:
            QTest.mouseMove(widget, point)
            QApplication.processEvents()
        QTest.mouseRelease(widget, button, _NONE, points[-1])
        QApplication.processEvents()

    def wheel(self, widget: Any, x: int, y: int, *, notches: int) -> None:
        """Turn the wheel over a place; away from the person is positive."""
        place, turned = QPointF(x, y), QPoint(0, 120 * notches)
        QTest.mouseMove(widget, place.toPoint())
        none, phase = Qt.MouseButton.NoButton, Qt.ScrollPhase.NoScrollPhase
        event = QWheelEvent(place, widget.mapToGlobal(place), QPoint(), turned, none, _NONE, phase, False)
        QApplication.sendEvent(widget, event)
        QApplication.processEvents()

    def key(self, widget: Any, text: str, *, modifiers: Any = _NONE) -> None:
        """A key pressed and let go, by its letter."""
        QTest.keyClick(widget, text, modifiers)
        QApplication.processEvents()

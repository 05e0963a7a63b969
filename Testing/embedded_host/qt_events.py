"""Mouse events as Qt 5 has them, which Slicer is built with, and a register of event filters."""

from __future__ import annotations

from typing import Any

import shiboken6
from PySide6 import QtCore, QtGui

_ONLY_IN_QT_6 = ("position", "globalPosition", "scenePosition")
_filters: list[tuple[Any, Any]] = []


def put_on() -> None:
    """Change PySide6's classes in this process, once."""
    position, across_screens = QtGui.QSinglePointEvent.position, QtGui.QSinglePointEvent.globalPosition
    for name in _ONLY_IN_QT_6:
        delattr(QtGui.QSinglePointEvent, name)
    mouse: Any = QtGui.QMouseEvent
    mouse.pos = lambda event: position(event).toPoint()
    mouse.x = lambda event: round(position(event).x())
    mouse.y = lambda event: round(position(event).y())
    mouse.localPos = position
    mouse.globalPos = lambda event: across_screens(event).toPoint()
    wheel: Any = QtGui.QWheelEvent
    wheel.position, wheel.globalPosition = position, across_screens
    _register_filters()


def event_filter_count() -> int:
    """How many event filters installed from Python are in place: what a leak test compares."""
    _filters[:] = [pair for pair in _filters if all(shiboken6.isValid(one) for one in pair)]
    return len(_filters)


def _register_filters() -> None:
    kind: Any = QtCore.QObject
    install, remove = kind.installEventFilter, kind.removeEventFilter

    def install_and_note(watched: Any, watcher: Any) -> None:
        install(watched, watcher)
        if (watched, watcher) not in _filters:
            _filters.append((watched, watcher))

    def remove_and_note(watched: Any, watcher: Any) -> None:
        remove(watched, watcher)
        if (watched, watcher) in _filters:
            _filters.remove((watched, watcher))

    kind.installEventFilter, kind.removeEventFilter = install_and_note, remove_and_note

"""Keys of the module: heard in the whole window while the module is open, and only then."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt

from CovidQuantLib.slicer_app.connections import connect


class Shortcuts:
    """Keys and what they do. F-keys, since the Segment Editor and the views use letters and digits."""

    def __init__(self, parent: Any) -> None:
        self._parent = parent
        self._keys: list[tuple[Any, Callable[[], object]]] = []

    def add(self, key: str, action: Callable[[], object]) -> None:
        """Do `action` when `key` (as in "F6") is pressed."""
        shortcut = qt.QShortcut(qt.QKeySequence(key), self._parent)
        shortcut.setContext(qt.Qt.ApplicationShortcut)
        connect(shortcut, "activated()", action)
        self._keys.append((shortcut, action))

    def clear(self) -> None:
        """Give all keys back."""
        keys, self._keys = self._keys, []
        for shortcut, action in keys:
            shortcut.disconnect("activated()", action)
            shortcut.setParent(None)
            shortcut.deleteLater()

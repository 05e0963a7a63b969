"""What the editor's own selector of segmentations and its keys do by themselves, seen or not."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import shiboken6
import slicer
from PySide6.QtGui import QKeySequence, QShortcut

if TYPE_CHECKING:
    from Testing.embedded_host.segment_editor.editor_widget import SegmentEditorWidget

_KEYS = "1234567890"


class HiddenSelector:
    """Takes the first segmentation of a scene, also while it is hidden, and while no parameter node is there: Slicer
    prints an error then, and the host raises.
    """

    def __init__(self, editor: SegmentEditorWidget) -> None:
        self._editor = editor
        self._scene: Any = None
        self._tag = 0

    def observe(self, scene: Any) -> None:
        self.forget()
        self._scene = scene
        if scene is not None:
            self._tag = scene.AddObserver(scene.NodeAddedEvent, self._added)

    def forget(self) -> None:
        if self._scene is not None:
            self._scene.RemoveObserver(self._tag)
            self._scene = None

    def _added(self, _scene: Any, _event: str) -> None:
        if not shiboken6.isValid(self._editor):
            return
        found = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
        if len(found) == 1 and self._editor.segmentationNode() is None:
            self._editor.setSegmentationNode(found[0])


def effect_keys(parent: Any, toggle: Callable[[int], None]) -> list[QShortcut]:
    """Keys that choose an effect by its number, heard in the whole window whether the editor is enabled or not."""
    keys = []
    for number, key in enumerate(_KEYS):
        shortcut = QShortcut(QKeySequence(key), parent)
        shortcut.connect("activated()", partial(toggle, number))
        keys.append(shortcut)
    return keys

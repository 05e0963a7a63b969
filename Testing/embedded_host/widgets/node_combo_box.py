"""qMRMLNodeComboBox: a choice among the scene's nodes."""

from __future__ import annotations

from typing import Any, ClassVar

import slicer
from PySide6.QtCore import Property, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

_FLAGS = {"noneEnabled": False, "addEnabled": True, "removeEnabled": True, "renameEnabled": False, "editEnabled": False,
          "showHidden": False, "showChildNodeTypes": True, "selectNodeUponCreation": True}  # fmt: skip


class NodeComboBox(QWidget):
    """The nodes of some classes, kept up to date with the scene."""

    stands_for_native: ClassVar[bool] = True
    slicer_signals: ClassVar[dict[str, str]] = {
        "currentNodeChanged(vtkMRMLNode*)": "currentNodeChanged",
        "nodeAdded(vtkMRMLNode*)": "nodeAdded",
        "nodeAddedByUser(vtkMRMLNode*)": "nodeAddedByUser",
    }
    currentNodeChanged = Signal(object)
    currentNodeIDChanged = Signal(str)
    nodeAdded = Signal(object)
    nodeAddedByUser = Signal(object)
    _box: QComboBox
    _scene: Any
    _types: list[str]
    _ids: list[str]
    _current: str
    _flags: dict[str, bool]
    _none_text: str
    _tags: list[int]

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene, self._types, self._ids, self._current, self._tags = None, [], [], "", []
        self._flags, self._none_text = dict(_FLAGS), "None"
        self._box = QComboBox()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        self._box.connect("activated(int)", self._chosen)

    def setMRMLScene(self, scene: Any) -> None:
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._scene, self._tags = scene, []
        if scene is not None:
            events = slicer.vtkMRMLScene
            for event in (events.NodeAddedEvent, events.NodeRemovedEvent, events.EndCloseEvent, events.EndImportEvent):
                self._tags.append(scene.AddObserver(event, self._scene_changed))
            self.connect("destroyed()", lambda: [scene.RemoveObserver(tag) for tag in self._tags])
        self._refresh()

    def mrmlScene(self) -> Any:
        return self._scene

    def currentNode(self) -> Any:
        return self._scene.GetNodeByID(self._current) if self._scene is not None and self._current else None

    def setCurrentNode(self, node: Any) -> None:
        self.setCurrentNodeID(node.GetID() if node is not None else "")

    def setCurrentNodeID(self, node_id: str) -> None:
        if node_id and node_id not in self._ids:
            return
        self._select(node_id)

    def nodeCount(self) -> int:
        return sum(1 for node_id in self._ids if node_id)

    def _scene_changed(self, _scene: Any, _event: str) -> None:
        self._refresh()

    def _refresh(self) -> None:
        nodes = self._nodes()
        none = self._flags["noneEnabled"]
        self._ids = ([""] if none else []) + [node.GetID() for node in nodes]
        self._box.blockSignals(True)
        self._box.clear()
        self._box.addItems(([self._none_text] if none else []) + [node.GetName() for node in nodes])
        self._box.blockSignals(False)
        wanted = self._current if self._current in self._ids else (self._ids[0] if self._ids else "")
        self._select(wanted)

    def _nodes(self) -> list[Any]:
        if self._scene is None:
            return []
        found = [slicer.mrmlScene.GetNthNodeByClass(index, kind) for kind in self._types
                 for index in range(self._scene.GetNumberOfNodesByClass(kind))]  # fmt: skip
        hidden, children = self._flags["showHidden"], self._flags["showChildNodeTypes"]
        return [node for node in found if (hidden or not node.GetHideFromEditors())
                and (children or node.GetClassName() in self._types)]  # fmt: skip

    def _select(self, node_id: str) -> None:
        self._box.setCurrentIndex(self._ids.index(node_id) if node_id in self._ids else -1)
        if node_id != self._current:
            self._current = node_id
            self.currentNodeChanged.emit(self.currentNode())
            self.currentNodeIDChanged.emit(node_id)

    def _chosen(self, index: int) -> None:
        self._select(self._ids[index])

    def _get_types(self) -> list[str]:
        return self._types

    def _set_types(self, types: list[str]) -> None:
        self._types = list(types)
        self._refresh()

    def _get_id(self) -> str:
        return self._current

    def _get_none_text(self) -> str:
        return self._none_text

    def _set_none_text(self, text: str) -> None:
        self._none_text = text
        self._refresh()

    def _flag(name: str) -> Any:
        def read(self: NodeComboBox) -> bool:
            return self._flags[name]

        def write(self: NodeComboBox, on: bool) -> None:
            self._flags[name] = on
            self._refresh()

        return Property(bool, read, write)

    nodeTypes = Property("QStringList", _get_types, _set_types)
    currentNodeID = Property(str, _get_id, setCurrentNodeID)
    noneDisplay = Property(str, _get_none_text, _set_none_text)
    for _name in _FLAGS:
        vars()[_name] = _flag(_name)
    del _name

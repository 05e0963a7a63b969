"""QUiLoader that knows the stand-ins, and refuses what Qt's own loader passes over in silence."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from PySide6 import QtCore, QtUiTools, QtWidgets

# Properties of a .ui file that are no Q_PROPERTY: Qt's loader handles them itself.
_OF_THE_LOADER = {"buttonGroupId", "currentItem", "orientation", "whatsThis", "toolTipDuration"}


class UiLoader(QtUiTools.QUiLoader):
    """Loads a .ui file; raises RuntimeError for a class, property, signal or slot that does not exist."""

    classes: dict[str, type] = {}  # noqa: RUF012  the stand-ins, filled at boot

    def createWidget(self, class_name: str, parent: Any = None, name: str = "") -> Any:
        if class_name in self.classes:
            widget = self.classes[class_name](parent)
            widget.setObjectName(name)
            return widget
        if class_name not in self.availableWidgets() and class_name != "Line":
            raise RuntimeError(f"the host has no widget class {class_name!r}")
        return super().createWidget(class_name, parent, name)

    def load(self, file: Any, parent: Any = None) -> Any:
        """The widget of the file, its connections between stand-ins made."""
        file.seek(0)
        tree = ET.fromstring(bytes(file.readAll().data()))
        for widget in tree.iter("widget"):
            self._check_class(widget.get("class", ""))
        of_scene = _take_scene_connections(tree)
        buffer = QtCore.QBuffer()
        buffer.setData(ET.tostring(tree))
        buffer.open(QtCore.QIODevice.OpenModeFlag.ReadOnly)
        loaded = super().load(buffer, parent)
        if loaded is None:
            raise RuntimeError(f"Qt cannot load the .ui file: {self.errorString()}")
        by_name = {w.objectName: w for w in [loaded, *loaded.findChildren(QtWidgets.QWidget)]}
        _check_properties(tree, by_name)
        _check_connections(tree, by_name)
        for sender, signal, receiver, slot in of_scene:
            by_name[sender].connect(signal, getattr(by_name[receiver], slot.partition("(")[0]))
        return loaded

    def _check_class(self, class_name: str) -> None:
        if class_name not in self.classes and class_name not in self.availableWidgets() and class_name != "Line":
            raise RuntimeError(f"the host has no widget class {class_name!r}")


def _take_scene_connections(tree: ET.Element) -> list[tuple[str, str, str, str]]:
    """Remove the connections that name a type of MRML, which PySide6 cannot make, and give them back."""
    taken = []
    for connections in tree.iter("connections"):
        for connection in list(connections):
            parts = [connection.findtext(part, "") for part in ("sender", "signal", "receiver", "slot")]
            if "vtkMRML" in parts[1]:
                connections.remove(connection)
                taken.append((parts[0], parts[1], parts[2], parts[3]))
    return taken


def _check_connections(tree: ET.Element, by_name: dict[str, Any]) -> None:
    for connection in tree.iter("connection"):
        for side, part, method in (("sender", "signal", "indexOfSignal"), ("receiver", "slot", "indexOfMethod")):
            widget, name = by_name.get(connection.findtext(side, "")), connection.findtext(part, "")
            if widget is None or getattr(widget.metaObject(), method)(name) < 0:
                raise RuntimeError(f"a connection names {name!r}, which its {side} does not have")


def _check_properties(tree: ET.Element, by_name: dict[str, Any]) -> None:
    for element in tree.iter("widget"):
        widget = by_name.get(element.get("name", ""))
        if widget is None:
            continue
        for described in element.findall("property"):
            name = described.get("name", "")
            known = widget.metaObject().indexOfProperty(name) >= 0 or name in _OF_THE_LOADER
            if not known and described.get("stdset") != "0":
                raise RuntimeError(f"{element.get('class')} {element.get('name')!r} has no property {name!r}")

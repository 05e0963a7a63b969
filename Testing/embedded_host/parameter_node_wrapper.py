"""`slicer.parameterNodeWrapper`: typed attributes on a parameter node, and widgets that follow them.

Kept: bool, int, float, str, Path, Enum, nodes, and `X | None` of these; Default, WithinRange and Choice. Slicer's own
keeps lists, dicts and packs too: here they raise.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import vtk

from Testing.embedded_host.parameter_types import Choice, Default, Parameter, WithinRange, parameters_of
from Testing.embedded_host.parameter_widgets import ParameterWidget

_WIDGET_PROPERTY = "SlicerParameterName"


class ParameterNodeWrapper:
    """What the decorator makes of a class: its attributes read and write the node."""

    allParameters: dict[str, Parameter]

    def __init__(self, parameterNode: Any) -> None:
        self.parameterNode = parameterNode
        self._widgets: dict[int, list[tuple[ParameterWidget, Callable[[], None]]]] = {}
        self._observers: dict[int, int] = {}
        self._next, self._showing = 0, False
        for parameter in self.allParameters.values():
            if not parameter.is_in(parameterNode):
                parameter.write(parameterNode, parameter.default)

    def getValue(self, name: str) -> Any:
        return self._known(name).read(self.parameterNode)

    def setValue(self, name: str, value: Any) -> None:
        self._known(name).write(self.parameterNode, value)

    def default(self, name: str) -> Default:
        return Default(self._known(name).default)

    def connectGui(self, gui: Any) -> None:
        """Connect the widgets that carry the property SlicerParameterName in a .ui file.

        Slicer's own gives no tag either: only `connectParametersToGui` can be undone.
        """
        self.connectParametersToGui(self._named_widgets(gui))

    def connectParametersToGui(self, mapping: dict[str, Any]) -> int:
        """Connect parameters to widgets; the tag undoes it."""
        connected = [ParameterWidget(widget, self._known(name)) for name, widget in mapping.items()]
        tag, self._next = self._next, self._next + 1
        self._widgets[tag] = [(shown, self._follow(shown)) for shown in connected]
        for shown, changed in self._widgets[tag]:
            shown.write(self.getValue(shown.parameter.name))
            shown.widget.connect(shown.signal, changed)
        self._observers[tag] = self.AddObserver(vtk.vtkCommand.ModifiedEvent, self._show)
        return tag

    def disconnectGui(self, tag: int) -> None:
        for shown, changed in self._widgets.pop(tag, ()):
            shown.widget.disconnect(shown.signal, changed)
        if tag in self._observers:
            self.RemoveObserver(self._observers.pop(tag))

    def StartModify(self) -> int:
        return int(self.parameterNode.StartModify())

    def EndModify(self, was: int) -> None:
        self.parameterNode.EndModify(was)

    def AddObserver(self, event: Any, callback: Callable[[Any, str], None], priority: float = 0.0) -> int:
        return int(self.parameterNode.AddObserver(event, callback, priority))

    def RemoveObserver(self, tag: int) -> None:
        self.parameterNode.RemoveObserver(tag)

    def Modified(self) -> None:
        self.parameterNode.Modified()

    def _known(self, name: str) -> Parameter:
        if name not in self.allParameters:
            raise ValueError(f"no parameter is called {name!r}")
        return self.allParameters[name]

    def _named_widgets(self, gui: Any) -> dict[str, Any]:
        widgets = gui.findChildren("QWidget") if hasattr(gui, "isWidgetType") else vars(gui).values()
        return {w.property(_WIDGET_PROPERTY): w for w in widgets if w.property(_WIDGET_PROPERTY)}

    def _follow(self, shown: ParameterWidget) -> Callable[[], None]:
        def changed() -> None:
            if not self._showing:
                self.setValue(shown.parameter.name, shown.read())

        return changed

    def _show(self, _node: Any, _event: str) -> None:
        if self._showing:
            return
        self._showing = True
        try:
            for pairs in self._widgets.values():
                for shown, _ in pairs:
                    shown.write(self.getValue(shown.parameter.name))
        finally:
            self._showing = False


def parameterNodeWrapper(described: type) -> type:
    """The class with its annotated names as typed properties of a parameter node."""
    found = parameters_of(described)
    for name in found:
        if hasattr(ParameterNodeWrapper, name):
            raise ValueError(f"{name!r} is a name of the wrapper itself")
    members = {k: v for k, v in vars(described).items() if k not in found and k not in ("__dict__", "__weakref__")}
    members |= {name: _property(name) for name in found} | {"allParameters": found}
    return type(described.__name__, (ParameterNodeWrapper,), members)


def _property(name: str) -> property:
    return property(lambda self: self.getValue(name), lambda self, value: self.setValue(name, value))


def make_parameter_module() -> ModuleType:
    """The importable module `slicer.parameterNodeWrapper`."""
    module = ModuleType("slicer.parameterNodeWrapper")
    for value in (parameterNodeWrapper, Default, WithinRange, Choice):
        setattr(module, value.__name__, value)
    module.__all__ = ["Choice", "Default", "WithinRange", "parameterNodeWrapper"]  # type: ignore[attr-defined]
    return module

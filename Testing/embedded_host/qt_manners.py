"""The manners of PythonQt put on PySide6's classes: properties are values, and a C++ widget takes no new attribute."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from types import MethodDescriptorType
from typing import Any

import shiboken6
from PySide6 import QtCore, QtGui, QtNetwork, QtWidgets

from Testing.embedded_host.qt_connections import BoundSignal, connect, disconnect

# Virtual functions, which PySide6 looks up by name when C++ calls them, and one static function.
_LEFT_AS_FUNCTIONS = {"sizeHint", "minimumSizeHint", "duration", "totalDuration", "singleShot"}


def put_on() -> None:
    """Change PySide6's classes in this process, once."""
    classes = sorted(_classes(), key=lambda kind: len(kind.__mro__))
    for kind in classes:
        _make_properties(kind)
    for kind in classes:
        if "__setattr__" in vars(kind):
            kind.__setattr__ = _set_attribute
        if "__getattribute__" in vars(kind):
            kind.__getattribute__ = _with_signals(kind.__getattribute__)
    QtCore.QObject.className = lambda self: self.metaObject().className()
    QtCore.QObject.findChildren = _find_children(QtCore.QObject.findChildren)
    QtCore.QObject.findChild = lambda self, *query: next(iter(self.findChildren(*query)), None)
    QtCore.QObject.name = property(lambda self: self.objectName, lambda self, name: self.setObjectName(name))


def is_native(kind: type) -> bool:
    """Whether the class stands for one of C++: PySide6's own, or a stand-in of this host."""
    return kind.__module__.startswith("PySide6") or "stands_for_native" in vars(kind)


def _classes() -> Iterable[Any]:
    for module in (QtCore, QtGui, QtWidgets, QtNetwork):
        for value in (getattr(module, name) for name in dir(module)):  # classes are made as they are asked for
            if isinstance(value, type) and issubclass(value, QtCore.QObject):
                yield value


def _make_properties(kind: Any) -> None:
    meta = kind.staticMetaObject
    for index in range(meta.propertyCount()):
        described = meta.property(index)
        name = described.name()
        own = vars(kind).get(name)
        if name in _LEFT_AS_FUNCTIONS or isinstance(own, property):
            continue
        if own is None and index < meta.propertyOffset():
            continue
        inherited = getattr(kind, name, None)
        getter = next((f for f in (own, inherited) if isinstance(f, MethodDescriptorType)), None)
        setattr(kind, name, _value(name, getter, writable=described.isWritable()))


def _value(name: str, getter: Callable[[Any], Any] | None, *, writable: bool) -> property:
    set_name = f"set{name[0].upper()}{name[1:]}"

    def read(self: Any) -> Any:
        if not shiboken6.isValid(self):
            raise ValueError(f"the property {name!r} is read from a destroyed {type(self).__name__}")
        return getter(self) if getter is not None else self.property(name)

    def write(self: Any, value: Any) -> None:
        if not writable:
            raise AttributeError(f"the property {name!r} of {type(self).__name__} cannot be written")
        _refuse(self, name, value)
        setter = getattr(self, set_name, None)
        if setter is not None:
            setter(value)
        elif not self.setProperty(name, value):
            raise AttributeError(f"the property {name!r} of {type(self).__name__} does not take {value!r}")

    return property(read, write)


def _refuse(self: Any, name: str, value: Any) -> None:
    """Raise where PythonQt does: at the property of a widget that has gone, and at a number of numpy."""
    kind = type(self).__name__
    if not shiboken6.isValid(self):
        raise AttributeError(f"the property {name!r} is set on a destroyed {kind}")
    if type(value).__module__ == "numpy" and not isinstance(value, (float, str)):
        raise AttributeError(f"the property {name!r} of {kind} does not take numpy's {type(value).__name__}")


def _set_attribute(self: Any, name: str, value: Any) -> None:
    kind: Any = type(self)
    described = getattr(kind, name, None)
    if isinstance(described, QtCore.Property):
        _refuse(self, name, value)
        if not self.setProperty(name, value):
            raise AttributeError(f"the property {name!r} of {kind.__name__} does not take {value!r}")
    elif is_native(kind) and name not in _own_names(kind) and not hasattr(described, "__set__"):
        raise AttributeError(f"{kind.__name__} is a C++ class: {name!r} is none of its properties")
    else:
        shiboken6.Shiboken.Object.__setattr__(self, name, value)


@cache
def _own_names(kind: Any) -> frozenset[str]:
    """The attributes that a stand-in declares in its class body for its own use."""
    return frozenset(
        name
        for base in kind.__mro__
        if "stands_for_native" in vars(base)
        for name in vars(base).get("__annotations__", ())
    )


def _with_signals(native: Callable[[Any, str], Any]) -> Callable[[Any, str], Any]:
    def get_attribute(self: Any, name: str) -> Any:
        if name == "connect":
            return lambda *arguments: connect(self, *arguments)
        if name == "disconnect":
            return lambda *arguments: disconnect(self, *arguments)
        value = native(self, name)
        return BoundSignal(self, name, value) if type(value) is QtCore.SignalInstance else value

    return get_attribute


def _find_children(native: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    def find_children(self: Any, kind: Any = QtCore.QObject, name: str = "") -> list[Any]:
        """As PythonQt finds: by class or by the class's name, and by object name."""
        found = native(self, QtCore.QObject if isinstance(kind, str) else kind)
        if isinstance(kind, str):
            found = [child for child in found if kind in {base.__name__ for base in type(child).__mro__}]
        return [child for child in found if not name or child.objectName == name]

    return find_children

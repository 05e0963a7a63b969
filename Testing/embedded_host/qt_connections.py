"""Signals and slots as PythonQt connects them, but with an exception where PythonQt only returns False."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType, MethodType
from typing import Any

import shiboken6
from PySide6 import QtCore

Slot = Callable[..., Any]

_SIGNAL, _SLOT = QtCore.SIGNAL, QtCore.SLOT
_native_connect = QtCore.QObject.connect
_native_disconnect = QtCore.QObject.disconnect


@dataclass(frozen=True)
class Connection:
    """A signal of one object with the slot that it calls."""

    signature: str
    slot: Slot
    disconnect: Callable[[], object]


_of_object: dict[int, list[Connection]] = {}


def connect(sender: QtCore.QObject, signature: Any, receiver: Any, slot_signature: Any = None) -> bool:
    """Connect as `sender.connect("clicked(bool)", f)` or `sender.connect("clicked()", receiver, "hide()")` do.

    `sender.connect(other, ...)` is how PySide6 itself connects a single shot.

    Raises ValueError for a signature that the class lacks, TypeError for a slot that cannot be called or that is a
    lambda with captured defaults (PythonQt hands it the signal's value in place of the default).
    """
    if isinstance(signature, QtCore.QObject):
        return bool(_native_connect(signature, receiver, slot_signature))
    slot = receiver if slot_signature is None else _slot_of(receiver, slot_signature)
    if not callable(slot):
        raise TypeError(f"{slot!r} cannot be a slot: it is not callable")
    if isinstance(slot, FunctionType) and slot.__name__ == "<lambda>" and slot.__defaults__:
        raise TypeError("a lambda with captured defaults gets the signal's values in their place: use a method")
    normal = normalised(sender, signature)
    deliver = _trimmed(slot)
    alias = _alias(sender, normal)
    if alias is not None:
        bound = _native_attribute(sender, alias)
        bound.connect(deliver)
        _remember(sender, Connection(normal, slot, lambda: bound.disconnect(deliver)))
    else:
        if not _native_connect(sender, _SIGNAL(normal), deliver):
            raise ValueError(f"{type(sender).__name__} refuses to connect {normal}")
        _remember(sender, Connection(normal, slot, lambda: _native_disconnect(sender, _SIGNAL(normal), deliver)))
    return True


def disconnect(sender: QtCore.QObject, signature: str, receiver: Any, slot_signature: str | None = None) -> bool:
    """Undo one `connect`; raises ValueError where there is none, since PythonQt only returns False."""
    normal = normalised(sender, signature)
    slot = receiver if slot_signature is None else _slot_of(receiver, slot_signature)
    connections = _of_object.get(_address(sender), [])
    for connection in connections:
        if connection.signature == normal and connection.slot == slot:
            connection.disconnect()
            connections.remove(connection)
            return True
    raise ValueError(f"{normal} of {type(sender).__name__} is not connected to {slot!r}")


def connection_count() -> int:
    """How many connections made from Python are alive: what a leak test compares."""
    return sum(len(connections) for connections in _of_object.values())


def normalised(sender: QtCore.QObject, signature: str) -> str:
    """The signature as Qt writes it; raises ValueError where the class has no such signal, or the sender has gone."""
    if not shiboken6.isValid(sender):
        raise ValueError(f"{signature} is asked of a destroyed {type(sender).__name__}")
    text = bytes(QtCore.QMetaObject.normalizedSignature(signature).data()).decode()
    if _alias(sender, text) is not None or ("PyObject" not in text and sender.metaObject().indexOfSignal(text) >= 0):
        return text
    raise ValueError(f"{type(sender).__name__} has no signal {signature!r}")


def signature_of(sender: QtCore.QObject, name: str) -> str:
    """The signature that `sender.name.connect(f)` means: that with most arguments, as PythonQt takes it."""
    for text, alias in getattr(type(sender), "slicer_signals", {}).items():
        if alias == name:
            return str(text)
    meta = sender.metaObject()
    methods = [meta.method(index) for index in range(meta.methodCount())]
    signals = [
        m
        for m in methods
        if m.methodType() == QtCore.QMetaMethod.MethodType.Signal and bytes(m.name()) == name.encode()
    ]
    longest = max(signals, key=lambda method: method.parameterCount())
    return bytes(longest.methodSignature().data()).decode()


class BoundSignal:
    """What `widget.clicked` gives in PythonQt: connect, disconnect and emit, and nothing else."""

    def __init__(self, sender: QtCore.QObject, name: str, native: Any) -> None:
        self._sender, self._name, self._native = sender, name, native

    def connect(self, slot: Slot) -> bool:
        return connect(self._sender, signature_of(self._sender, self._name), slot)

    def disconnect(self, slot: Slot) -> bool:
        return disconnect(self._sender, signature_of(self._sender, self._name), slot)

    def emit(self, *values: Any) -> None:
        self._native.emit(*values)


def _trimmed(slot: Slot) -> Slot:
    """The slot behind a function that hands it as many values as it takes, counted as PythonQt counts."""
    function = slot.__func__ if isinstance(slot, MethodType) else slot
    if not isinstance(function, FunctionType):
        return lambda *values: slot(*values)
    code = function.__code__
    if code.co_flags & 0x04:  # CO_VARARGS
        return lambda *values: slot(*values)
    count = code.co_argcount - isinstance(slot, MethodType)
    return lambda *values: slot(*values[:count])


def _slot_of(receiver: QtCore.QObject, signature: str) -> Slot:
    text = bytes(QtCore.QMetaObject.normalizedSignature(signature).data()).decode()
    name = text.partition("(")[0]
    if receiver.metaObject().indexOfMethod(text) < 0:
        raise ValueError(f"{type(receiver).__name__} has no slot {signature!r}")
    slot: Slot = getattr(receiver, name)
    return slot


def _alias(sender: QtCore.QObject, signature: str) -> str | None:
    """The name of a stand-in's own signal, where the real class's signature names a type of Slicer."""
    found: str | None = getattr(type(sender), "slicer_signals", {}).get(signature)
    return found


_native_attribute = QtCore.QObject.__getattribute__


def _address(sender: QtCore.QObject) -> int:
    return int(shiboken6.getCppPointer(sender)[0])


def _remember(sender: QtCore.QObject, connection: Connection) -> None:
    address = _address(sender)
    if address not in _of_object:
        _of_object[address] = []
        _native_connect(sender, _SIGNAL("destroyed()"), lambda: _of_object.pop(address, None))
    _of_object[address].append(connection)

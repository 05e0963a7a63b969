"""The module `qt` of Slicer's Python, on PySide6."""

from __future__ import annotations

from types import ModuleType

from PySide6 import QtCore, QtGui, QtNetwork, QtWidgets

# Python's side of PySide6, which PythonQt does not have.
_ABSENT = {
    "Signal",
    "SignalInstance",
    "Slot",
    "Property",
    "SIGNAL",
    "SLOT",
    "ClassInfo",
    "QEnum",
    "QFlag",
    "Connection",
}


def make_qt_module() -> ModuleType:
    """Every public name of QtCore, QtGui, QtWidgets and QtNetwork in one module, as PythonQt offers them."""
    module = ModuleType("qt", "Qt as Slicer's Python sees it")
    for source in (QtCore, QtGui, QtWidgets, QtNetwork):
        for name in dir(source):
            if not name.startswith("_") and name not in _ABSENT:
                setattr(module, name, getattr(source, name))
    for kind in (QtWidgets.QDialog, QtWidgets.QMenu, QtWidgets.QApplication, QtCore.QEventLoop):
        kind.exec_ = kind.exec  # PySide6's own warns, PythonQt's is the usual one
    return module

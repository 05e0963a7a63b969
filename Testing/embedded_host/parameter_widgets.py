"""Which property and signal of a widget stand for a parameter's value."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Any

from PySide6 import QtWidgets

from Testing.embedded_host.parameter_types import Parameter, WithinRange
from Testing.embedded_host.widgets.node_combo_box import NodeComboBox
from Testing.embedded_host.widgets.path_line_edit import PathLineEdit
from Testing.embedded_host.widgets.slider_widget import SliderWidget

# Class of the widget, its property, the signal of a change.
_VALUES: tuple[tuple[type, str, str], ...] = (
    (QtWidgets.QAbstractButton, "checked", "toggled(bool)"),
    (QtWidgets.QSpinBox, "value", "valueChanged(int)"),
    (QtWidgets.QSlider, "value", "valueChanged(int)"),
    (QtWidgets.QDoubleSpinBox, "value", "valueChanged(double)"),
    (SliderWidget, "value", "valueChanged(double)"),
    (QtWidgets.QLineEdit, "text", "textChanged(QString)"),
    (QtWidgets.QComboBox, "currentText", "currentTextChanged(QString)"),
    (PathLineEdit, "currentPath", "currentPathChanged(QString)"),
)


class ParameterWidget:
    """A widget that shows a parameter; raises TypeError for a widget that Slicer's wrapper cannot connect."""

    def __init__(self, widget: Any, parameter: Parameter) -> None:
        self.widget, self.parameter = widget, parameter
        if isinstance(widget, NodeComboBox):
            self._property, self.signal = "", "currentNodeChanged(vtkMRMLNode*)"
        else:
            self._property, self.signal = self._find(widget)
        self._prepare()

    def read(self) -> Any:
        if not self._property:
            return self.widget.currentNode()
        value = getattr(self.widget, self._property)
        kind: Any = self.parameter.kind
        return kind[value] if issubclass(kind, enum.Enum) else kind(value)

    def write(self, value: Any) -> None:
        if not self._property:
            self.widget.setCurrentNode(value)
        elif isinstance(value, enum.Enum):
            self.widget.setCurrentText(value.name)
        else:
            setattr(self.widget, self._property, str(value) if isinstance(value, Path) else value)

    def _find(self, widget: Any) -> tuple[str, str]:
        for kind, name, signal in _VALUES:
            if isinstance(widget, kind):
                return name, signal
        raise TypeError(f"no parameter can be connected to a {type(widget).__name__}")

    def _prepare(self) -> None:
        for check in self.parameter.checks:
            if isinstance(check, WithinRange):
                self.widget.minimum, self.widget.maximum = check.minimum, check.maximum
        if isinstance(self.widget, QtWidgets.QComboBox) and issubclass(self.parameter.kind, enum.Enum):
            self.widget.clear()
            self.widget.addItems([member.name for member in self.parameter.kind])

"""The module `ctk` of Slicer's Python: those of its widgets that scripted modules use."""

from __future__ import annotations

from types import ModuleType

from PySide6 import QtWidgets

from Testing.embedded_host.widgets.collapsible_button import CollapsibleButton
from Testing.embedded_host.widgets.path_line_edit import PathLineEdit
from Testing.embedded_host.widgets.slider_widget import SliderWidget

# Widgets of ctk that a test may take for their Qt base class.
_AS_THEIR_BASE = {
    "ctkCheckBox": QtWidgets.QCheckBox,
    "ctkComboBox": QtWidgets.QComboBox,
    "ctkDoubleSpinBox": QtWidgets.QDoubleSpinBox,
    "ctkMessageBox": QtWidgets.QMessageBox,
    "ctkPushButton": QtWidgets.QPushButton,
}


class AxesWidget:
    """ctkAxesWidget's names of directions, which 3D views are turned to."""

    Right, Left, Posterior, Anterior, Inferior, Superior = range(6)


def make_ctk_module() -> ModuleType:
    """The module, filled with the stand-ins."""
    module = ModuleType("ctk", "CTK as Slicer's Python sees it")
    for name, base in _AS_THEIR_BASE.items():
        setattr(module, name, native_class(name, base))
    module.ctkCollapsibleButton = named(CollapsibleButton, "ctkCollapsibleButton")  # type: ignore[attr-defined]
    module.ctkPathLineEdit = named(PathLineEdit, "ctkPathLineEdit")  # type: ignore[attr-defined]
    module.ctkSliderWidget = named(SliderWidget, "ctkSliderWidget")  # type: ignore[attr-defined]
    module.ctkAxesWidget = AxesWidget  # type: ignore[attr-defined]
    return module


def native_class(name: str, base: type) -> type:
    """A class that passes for a C++ class of this name."""
    return type(
        name, (base,), {"stands_for_native": True, "__annotations__": {}, "__doc__": f"{name}, as its base class."}
    )


def named(kind: type, name: str) -> type:
    """The stand-in under the name of the class that it stands for."""
    return native_class(name, kind)

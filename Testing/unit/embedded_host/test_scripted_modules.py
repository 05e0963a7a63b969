"""A scripted module opens, reloads and closes in the host as in the application."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Any

import pytest

from Testing.embedded_host.application import Application

pytestmark = pytest.mark.slicer

SOURCE = """
import qt
import slicer
from slicer.i18n import tr as _
from slicer.ScriptedLoadableModule import *

class Reading(ScriptedLoadableModule):
    def __init__(self, parent):
        super().__init__(parent)
        parent.title = _("Reading")
        parent.categories = ["Quantification"]

class ReadingWidget(ScriptedLoadableModuleWidget):
    def setup(self):
        super().setup()
        self.events = ["setup"]
        self.button = qt.QPushButton("Go")
        self.layout.addWidget(self.button)
        self.button.connect("clicked(bool)", self.go)
    def go(self):
        self.events.append("go")
    def enter(self):
        self.events.append("enter")
    def exit(self):
        self.events.append("exit")
    def cleanup(self):
        self.events.append("cleanup")
        self.button.disconnect("clicked(bool)", self.go)
"""


@pytest.fixture
def module(application: Application, tmp_path: Path) -> Any:
    (tmp_path / "Reading.py").write_text(SOURCE, encoding="utf-8")
    return application.load_module(tmp_path / "Reading.py")


def test_a_module_is_opened_used_left_and_cleaned_up(application: Application, module: Any) -> None:
    import slicer

    panel = module.widgetRepresentation()
    widget = slicer.util.getModuleWidget("Reading")
    assert widget is slicer.modules.ReadingWidget
    panel.enter()
    widget.button.click()
    application.modules.unload_scripted()
    assert widget.events == ["setup", "enter", "go", "exit", "cleanup"]
    assert not hasattr(slicer.modules, "reading")


def test_reloading_cleans_up_once_and_leaves_nothing(application: Application, module: Any) -> None:
    import slicer

    module.widgetRepresentation()
    application.process_events()
    before = application.connection_count()
    first = slicer.modules.ReadingWidget
    for _ in range(3):
        slicer.modules.ReadingWidget.onReload()
        application.process_events()
    assert first.events == ["setup", "cleanup"]
    assert slicer.modules.ReadingWidget is not first
    assert application.connection_count() == before


def test_the_parent_takes_no_attribute_that_slicer_lacks(module: Any) -> None:
    with pytest.raises(AttributeError):
        module.version = "1.0"


class Mode(enum.Enum):
    READ = "read"
    CORRECT = "correct"


def wrapper_of(application: Application) -> Any:
    import slicer
    from slicer.parameterNodeWrapper import WithinRange, parameterNodeWrapper
    from slicer.ScriptedLoadableModule import ScriptedLoadableModuleLogic

    del application

    class ReadingLogic(ScriptedLoadableModuleLogic):
        pass

    class Parameters:
        pass

    from typing import Annotated

    Parameters.__annotations__ = {
        "ct": slicer.vtkMRMLScalarVolumeNode,
        "note": str,
        "done": bool,
        "pool": Path,
        "mode": Mode,
        "radius": Annotated[float, WithinRange(1.0, 30.0)],
        "score": int | None,
    }
    Parameters.radius = 5.0  # type: ignore[attr-defined]
    return parameterNodeWrapper(Parameters)(ReadingLogic().getParameterNode())


def test_parameters_keep_their_types_and_are_kept_in_the_scene(application: Application, tmp_path: Path) -> None:
    import slicer

    parameters = wrapper_of(application)
    assert (parameters.ct, parameters.note, parameters.mode, parameters.radius, parameters.score) == (
        None,
        "",
        Mode.READ,
        5.0,
        None,
    )
    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    parameters.ct, parameters.note, parameters.mode, parameters.radius = volume, "a = b", Mode.CORRECT, 7.5
    parameters.done, parameters.pool, parameters.score = True, tmp_path, 3
    again = wrapper_of(application)
    assert again.parameterNode is parameters.parameterNode
    assert (again.ct, again.note, again.mode, again.radius) == (volume, "a = b", Mode.CORRECT, 7.5)
    assert (again.done, again.pool, again.score) == (True, tmp_path, 3)


def test_a_wrong_type_or_value_raises(application: Application) -> None:
    parameters = wrapper_of(application)
    for name, value, error in (("note", 5, TypeError), ("radius", 50.0, ValueError), ("done", "yes", TypeError)):
        with pytest.raises(error):
            setattr(parameters, name, value)


def test_widgets_follow_the_parameters_and_the_other_way_round(application: Application) -> None:
    import qt

    parameters = wrapper_of(application)
    edit, box, size = qt.QLineEdit(), qt.QComboBox(), qt.QDoubleSpinBox()
    tag = parameters.connectParametersToGui({"note": edit, "mode": box, "radius": size})
    assert (edit.text, box.currentText, size.value, size.maximum) == ("", "READ", 5.0, 30.0)
    parameters.note, parameters.mode = "seen", Mode.CORRECT
    assert (edit.text, box.currentText) == ("seen", "CORRECT")
    edit.text, size.value = "read", 8.0
    assert (parameters.note, parameters.radius) == ("read", 8.0)
    parameters.disconnectGui(tag)
    edit.text = "later"
    assert parameters.note == "read"


def test_closing_the_scene_forgets_the_parameters(application: Application) -> None:
    import slicer

    parameters = wrapper_of(application)
    parameters.note = "seen"
    slicer.mrmlScene.Clear(0)
    assert wrapper_of(application).note == ""

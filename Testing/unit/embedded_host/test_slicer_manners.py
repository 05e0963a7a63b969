"""What only slicer-core has, or only the application offers, is as it is in the application."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from Testing.embedded_host.application import Application

pytestmark = pytest.mark.slicer

UI = """<?xml version="1.0" encoding="UTF-8"?>
<ui version="4.0"><class>Panel</class>
<widget class="qMRMLWidget" name="Panel"><layout class="QVBoxLayout" name="rows">
 <item><widget class="qMRMLNodeComboBox" name="ct"><property name="nodeTypes"><stringlist notr="true">
   <string>vtkMRMLScalarVolumeNode</string></stringlist></property>
   <property name="noneEnabled"><bool>true</bool></property></widget></item>
 <item><widget class="ctkCollapsibleButton" name="more"><property name="text"><string>More</string></property>
   <layout class="QVBoxLayout" name="inner"><item><widget class="QLabel" name="label"/></item></layout></widget></item>
 <item><widget class="{kind}" name="last"><property name="{name}"><string>x</string></property></widget></item>
</layout></widget>
<connections><connection><sender>Panel</sender><signal>mrmlSceneChanged(vtkMRMLScene*)</signal>
 <receiver>ct</receiver><slot>setMRMLScene(vtkMRMLScene*)</slot></connection>
 <connection><sender>more</sender><signal>{signal}</signal><receiver>label</receiver>
 <slot>setVisible(bool)</slot></connection></connections></ui>
"""


def ui_file(folder: Path, kind: str = "QLineEdit", name: str = "toolTip", signal: str = "toggled(bool)") -> str:
    path = folder / "panel.ui"
    path.write_text(UI.format(kind=kind, name=name, signal=signal), encoding="utf-8")
    return str(path)


def test_a_function_of_slicer_util_is_not_in_slicer(application: Application) -> None:
    import slicer

    del application
    assert callable(slicer.util.arrayFromVolume)
    for name in ("arrayFromVolume", "getNode", "util_", "import_module"):
        assert not hasattr(slicer, name)


def test_slicer_util_has_what_slicer_5_10_has(application: Application) -> None:
    import slicer

    del application
    for name in ("LazyImport", "executePythonModule"):
        with pytest.raises(AttributeError):
            getattr(slicer.util, name)


def test_the_scene_and_the_logics_are_reachable_as_in_the_application(application: Application) -> None:
    import slicer

    volume = slicer.util.addVolumeFromArray(np.zeros((3, 4, 5), np.int16), name="CT")
    assert slicer.util.getNode("CT") is volume
    assert slicer.modules.segmentations.logic().GetMRMLScene() is slicer.mrmlScene
    assert slicer.util.getModule("Volumes").logic().GetMRMLScene() is application.scene


def test_a_ui_file_is_loaded_with_stand_ins_and_its_scene_connections(application: Application, tmp_path: Path) -> None:
    import slicer

    del application
    panel = slicer.util.loadUI(ui_file(tmp_path))
    ui = slicer.util.childWidgetVariables(panel)
    panel.setMRMLScene(slicer.mrmlScene)
    volume = slicer.util.addVolumeFromArray(np.zeros((3, 4, 5), np.int16), name="CT")
    assert ui.ct.currentNode() is None
    ui.ct.setCurrentNode(volume)
    assert ui.ct.currentNode() is volume
    ui.more.collapsed = True
    assert (ui.more.text, ui.label.isVisibleTo(panel)) == ("More", False)
    slicer.mrmlScene.RemoveNode(volume)
    assert ui.ct.currentNode() is None


@pytest.mark.parametrize(
    ("kind", "name", "signal"),
    [
        ("QLineEdit", "tooltip", "toggled(bool)"),
        ("ctkNoSuchWidget", "toolTip", "toggled(bool)"),
        ("QLineEdit", "toolTip", "toggled(int)"),
    ],
    ids=["property", "class", "signal"],
)
def test_a_ui_file_with_an_unknown_name_raises(
    application: Application, tmp_path: Path, kind: str, name: str, signal: str
) -> None:
    import slicer

    del application
    with pytest.raises(RuntimeError):
        slicer.util.loadUI(ui_file(tmp_path, kind, name, signal))


def test_a_question_without_an_answer_raises(application: Application) -> None:
    import slicer

    with pytest.raises(AssertionError, match="no answer"):
        slicer.util.confirmYesNoDisplay("Replace?")
    application.dialogs.answer("Yes", "No")
    assert slicer.util.confirmYesNoDisplay("Replace?")
    assert not slicer.util.confirmYesNoDisplay("Really?")
    assert application.dialogs.take() == ["Replace?", "Replace?", "Really?"]


def test_an_answer_must_be_one_of_the_buttons(application: Application) -> None:
    import slicer

    application.dialogs.answer("Ok")
    with pytest.raises(AssertionError, match="no button"):
        slicer.util.confirmYesNoDisplay("Replace?")


def test_a_button_with_a_text_of_its_own_can_be_pressed(application: Application) -> None:
    import qt

    box = qt.QMessageBox()
    box.setText("The stroke leaves the lungs.")
    add = box.addButton("Add to &lung", qt.QMessageBox.AcceptRole)
    box.addButton("Leave it", qt.QMessageBox.RejectRole)
    application.dialogs.answer("Add to lung")
    box.exec_()
    assert box.clickedButton() is add


def test_a_file_dialog_gives_the_path_alone(application: Application) -> None:
    import qt

    application.dialogs.answer("/scans/ct.nii.gz")
    assert qt.QFileDialog.getOpenFileName(None, "CT") == "/scans/ct.nii.gz"


def test_settings_read_as_after_a_restart(application: Application) -> None:
    import qt
    import slicer

    settings = slicer.app.userSettings()
    settings.setValue("CovidQuant/timer", True)  # noqa: FBT003
    settings.setValue("CovidQuant/seconds", 30)
    assert qt.QSettings().value("CovidQuant/timer") == "true"
    assert settings.value("CovidQuant/seconds") == "30"
    assert settings.value("CovidQuant/none", 5) == 5
    assert slicer.util.settingsValue("CovidQuant/timer", False, converter=slicer.util.toBool) is True  # noqa: FBT003
    application.reset()
    assert settings.value("CovidQuant/timer") is None


def test_nothing_is_installed_but_the_request_is_noted(application: Application) -> None:
    import slicer

    with pytest.raises(RuntimeError, match="installs nothing"):
        slicer.util.pip_install("monai>=1.5")
    assert application.packaging.requests == ["monai>=1.5"]


def test_sys_executable_is_the_parent_of_the_python_that_works(application: Application) -> None:
    del application
    code = "import os; print(os.getpid()); raise SystemExit(3)"
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == 3
    assert int(output) not in (process.pid, os.getpid())

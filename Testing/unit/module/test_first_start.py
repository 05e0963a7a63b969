"""The first start with Slicer's Python as it comes, and the next one with what was set."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from Testing.embedded_host.application import Application
from Testing.unit.module.conftest import MODULE
from Testing.unit.module.ready_results import section

pytestmark = pytest.mark.slicer
BARE = """
import importlib.machinery, sys
from pathlib import Path

from Testing.embedded_host.boot import boot

LACKING = {"matplotlib", "jinja2", "tqdm", "torch", "monai", "safetensors", "openvino", "nibabel", "psutil"}

class AsItComes(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in LACKING else super().find_spec(name, path, target)

host = boot()
sys.meta_path[:] = [AsItComes if one is importlib.machinery.PathFinder else one for one in sys.meta_path]
panel = host.load_module(Path(sys.argv[1])).widgetRepresentation()
panel.enter()
screen = panel.self().screen
for one in screen.panels:
    one.ui.section.collapsed = False
host.process_events(0.1)
assert screen.message == "", screen.message
assert not LACKING & set(sys.modules)
print(next(one for one in screen.panels if one.UI == "Settings").ui.packagesLabel.text)
host.reset()
"""


def type_in(edit: Any, text: str) -> None:
    """Type a text in place of what stands there, and press Return."""
    from PySide6.QtCore import Qt
    from PySide6.QtTest import QTest

    edit.selectAll()
    QTest.keyClicks(edit, text)
    QTest.keyClick(edit, Qt.Key.Key_Return)


def test_the_screen_opens_before_anything_is_installed(tmp_path: Path) -> None:
    places = {"COVIDQUANT_CONFIG": str(tmp_path / "configuration"), "COVIDQUANT_DATA": str(tmp_path / "data")}
    command = [sys.executable, "-c", BARE, str(MODULE)]
    run = subprocess.run(
        command, cwd=MODULE.parents[1], env={**os.environ, **places}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    for package in ("matplotlib", "Jinja2", "tqdm", "torch", "monai"):
        assert package in run.stdout


def test_what_was_set_is_there_at_the_next_start(application: Application, screen: Any, tmp_path: Path) -> None:
    import qt
    import slicer

    ui = section(screen, "Settings").ui
    ui.poolEdit.currentPath = str(tmp_path / "pool")
    type_in(ui.readerEdit, "R7")
    for check in (ui.timerCheck, ui.graphicsCheck):
        assert check.checked
        check.click()
    application.modules.unload_scripted()
    application.app.userSettings().sync()
    assert qt.QSettings().value("CovidQuant/Reader") == "R7"
    application.load_module(MODULE).widgetRepresentation().enter()
    again = slicer.modules.CovidQuantWidget.screen
    assert again is not screen
    ui = section(again, "Settings").ui
    assert (ui.poolEdit.currentPath, ui.readerEdit.text) == (str(tmp_path / "pool"), "R7")
    assert not ui.timerCheck.checked
    assert not ui.graphicsCheck.checked
    process = again.desk.jobs._worker._new_process()
    assert process.processEnvironment().value("CUDA_VISIBLE_DEVICES", "unset") == ""


def test_a_reader_code_that_is_none_is_one_sentence_and_the_old_one_stays(screen: Any) -> None:
    ui = section(screen, "Settings").ui
    type_in(ui.readerEdit, "Dr. No, 007")
    assert screen.message
    assert ui.readerEdit.text == "R1"
    assert screen.desk.settings.reader == "R1"

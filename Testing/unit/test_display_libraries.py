"""What the tests of the screen stand on: slicer-core, Qt, and rendering without a display."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

import pytest

from Testing.conftest import require


def test_slicer_core_imports() -> None:
    assert require("slicer").vtkMRMLScene is not None


def test_qt_opens_a_window_without_a_display() -> None:
    require("PySide6.QtCore")
    code = (
        "from PySide6.QtWidgets import QApplication, QLabel\n"
        "app = QApplication([])\nlabel = QLabel('lungs')\nlabel.show()\napp.processEvents()\n"
        "assert not label.grab().isNull()"
    )
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    # A process of its own: Qt's application object outlives a test.
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0


@pytest.mark.skipif(sys.platform != "linux", reason="EGL is the off-screen renderer of Linux")
def test_egl_is_there_to_render_without_a_display() -> None:
    try:
        assert ctypes.CDLL("libEGL.so.1").eglInitialize
    except OSError:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip("libEGL is missing: sudo apt-get install libegl1")

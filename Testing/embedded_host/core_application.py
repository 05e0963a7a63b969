"""`slicer.app`: what of qSlicerApplication a scripted module uses."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any, ClassVar

from PySide6 import QtCore, QtWidgets

VERSION = (5, 12, 0)


class CoreApplication(QtWidgets.QApplication):
    """Slicer's application object: Qt's own, and the doors to scene, logics, modules, layout and settings."""

    stands_for_native: ClassVar[bool] = True
    startupCompleted = QtCore.Signal()
    _folder: Path
    _logic: Any
    _layout_manager: Any
    _module_manager: Any
    _settings: QtCore.QSettings
    _paused: int
    _testing: bool

    def __init__(self, folder: Path) -> None:
        super().__init__([sys.argv[0] or "Slicer"])
        self._folder, self._logic, self._layout_manager, self._module_manager = folder, None, None, None
        self._paused, self._testing = 0, False
        self.setApplicationName("Slicer")
        self.setQuitOnLastWindowClosed(False)
        QtCore.QSettings.setPath(QtCore.QSettings.Format.IniFormat, QtCore.QSettings.Scope.UserScope, str(folder))
        QtCore.QSettings.setDefaultFormat(QtCore.QSettings.Format.IniFormat)
        self.setOrganizationName("NA-MIC")
        self._settings = QtCore.QSettings()  # that which `qt.QSettings()` gives too, as in Slicer

    def attach(self, logic: Any, layout_manager: Any, module_manager: Any) -> None:
        """Hand over what exists only once the scene does."""
        self._logic, self._layout_manager, self._module_manager = logic, layout_manager, module_manager

    def applicationLogic(self) -> Any:
        return self._logic

    def mrmlScene(self) -> Any:
        return self._logic.GetMRMLScene()

    def layoutManager(self) -> Any:
        return self._layout_manager

    def moduleManager(self) -> Any:
        return self._module_manager

    def userSettings(self) -> QtCore.QSettings:
        return self._settings

    def settings(self) -> QtCore.QSettings:
        return self._settings

    def revisionUserSettings(self) -> QtCore.QSettings:
        return self._settings

    def testingEnabled(self) -> bool:
        return self._testing

    def pauseRender(self) -> None:
        self._paused += 1

    def resumeRender(self) -> None:
        self._paused -= 1

    def rendering_is_paused(self) -> bool:
        """Whether a `slicer.util.RenderBlocker` holds the views."""
        return self._paused > 0

    def startupEnvironment(self) -> QtCore.QProcessEnvironment:
        return QtCore.QProcessEnvironment.systemEnvironment()

    def _get_temporary_path(self) -> str:
        path = self._folder / "tmp"
        path.mkdir(exist_ok=True)
        return str(path)

    temporaryPath = QtCore.Property(str, _get_temporary_path)
    slicerHome = QtCore.Property(str, lambda self: str(self._folder))
    majorVersion = QtCore.Property(int, lambda _self: VERSION[0])
    minorVersion = QtCore.Property(int, lambda _self: VERSION[1])
    applicationVersion = QtCore.Property(str, lambda _self: "{}.{}.{}".format(*VERSION))
    os = QtCore.Property(str, lambda _self: {"posix": "linux", "nt": "win"}[os.name])

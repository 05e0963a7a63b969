"""Imported first: slicer-core as an application, and `qt`, before any module of `slicer_app` asks for them."""

from __future__ import annotations

import os
import sys
import types
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("VTK_DEFAULT_OPENGL_WINDOW", "vtkEGLRenderWindow")

from Testing.conftest import require

slicer: Any = require("slicer")
vtk: Any = require("vtk")
require("slicer.util")


class _Module:
    def __init__(self, logic: Any) -> None:
        self._logic = logic

    def logic(self) -> Any:
        return self._logic


def _boot() -> None:
    if hasattr(slicer, "mrmlScene"):
        return
    from PySide6 import QtCore, QtGui, QtNetwork, QtWidgets

    qt = types.ModuleType("qt")
    for module in (QtCore, QtGui, QtWidgets, QtNetwork):
        vars(qt).update({name: getattr(module, name) for name in dir(module) if not name.startswith("_")})
    sys.modules["qt"] = qt
    scene = slicer.mrmlScene = slicer.vtkMRMLScene()
    logic = slicer.vtkSlicerApplicationLogic()
    logic.SetMRMLScene(scene)
    logic.GetColorLogic().SetMRMLScene(scene)
    logic.GetColorLogic().AddDefaultColorNodes()
    logic.SetSliceLogics(vtk.vtkCollection())
    logic.SetViewLogics(vtk.vtkCollection())
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    slicer.modules = types.SimpleNamespace()
    for name, module_logic in (
        ("Volumes", slicer.vtkSlicerVolumesLogic()),
        ("Segmentations", slicer.vtkSlicerSegmentationsModuleLogic()),
        ("SubjectHierarchy", slicer.vtkSlicerSubjectHierarchyModuleLogic()),
    ):
        module_logic.SetMRMLScene(scene)
        module_logic.SetMRMLApplicationLogic(logic)
        logic.SetModuleLogic(name, module_logic)
        setattr(slicer.modules, name.lower(), _Module(module_logic))
    application = QtWidgets.QApplication.instance() or QtWidgets.QApplication(["tests"])
    slicer.app = types.SimpleNamespace(
        processEvents=application.processEvents, applicationLogic=lambda: logic, qt_application=application
    )


_boot()

"""`slicer.modules` and the module manager: loaded modules by name, C++ logics and scripted modules alike."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any, ClassVar

import slicer
from PySide6.QtCore import Property, QObject, Signal
from PySide6.QtWidgets import QVBoxLayout

from Testing.embedded_host.terminologies import write_terminologies
from Testing.embedded_host.widgets.mrml_widget import MRMLWidget

_LOGICS = {
    "Terminologies": "vtkSlicerTerminologiesModuleLogic",
    "Units": "vtkSlicerUnitsLogic",
    "Volumes": "vtkSlicerVolumesLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Plots": "vtkSlicerPlotsLogic",
    "Models": "vtkSlicerModelsLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "Transforms": "vtkSlicerTransformLogic",
    "CropVolume": "vtkSlicerCropVolumeLogic",
}


class Module:
    """A C++ module: its name and its logic."""

    def __init__(self, name: str, logic: Any) -> None:
        self.name, self.title, self._logic = name, name, logic

    def logic(self) -> Any:
        return self._logic


class ScriptedModule(QObject):
    """qSlicerScriptedLoadableModule: what `self.parent` is in a scripted module's module class."""

    stands_for_native: ClassVar[bool] = True
    title: str
    categories: list[str]
    dependencies: list[str]
    contributors: list[str]
    helpText: str
    acknowledgementText: str
    icon: Any
    hidden: bool
    index: int
    associatedNodeTypes: list[str]
    path: str
    name: str
    _representation: ScriptedModuleWidget | None

    def __init__(self, name: str, path: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.path, self._representation = path, None

    def widgetRepresentation(self) -> ScriptedModuleWidget:
        if self._representation is None:
            self._representation = ScriptedModuleWidget(self)
            self._representation.reload()
        return self._representation


class ScriptedModuleWidget(MRMLWidget):
    """qSlicerScriptedLoadableModuleWidget: the panel that a module's widget class fills."""

    stands_for_native: ClassVar[bool] = True
    _module: ScriptedModule
    _self: Any
    _entered: bool

    def __init__(self, module: ScriptedModule) -> None:
        super().__init__()
        self._module, self._self, self._entered = module, None, False
        self.setObjectName(f"{module.name}ModuleWidget")
        self.setLayout(QVBoxLayout())
        self.setMRMLScene(slicer.mrmlScene)

    def self(self) -> Any:
        return self._self

    def reload(self) -> None:
        """Make the widget class anew, from the source last executed."""
        kind = getattr(sys.modules[self._module.name], f"{self._module.name}Widget")
        self._self = kind(self)
        setattr(slicer.modules, f"{self._module.name}Widget", self._self)
        self._self.setup()

    def enter(self) -> None:
        if not self._entered:
            self._entered = True
            self._self.enter()

    def exit(self) -> None:
        if self._entered:
            self._entered = False
            self._self.exit()

    def close_module(self) -> None:
        """What the application does as it ends: leave the module and let go of it, which has cleaned up by then."""
        self.exit()
        self._self = None

    isEntered = Property(bool, lambda self: self._entered)


class ModuleManager(QObject):
    """The application's module manager, and the names under `slicer.modules`."""

    stands_for_native: ClassVar[bool] = True
    moduleAboutToBeUnloaded = Signal(str)
    _modules: dict[str, Any]

    def __init__(self) -> None:
        super().__init__()
        self._modules = {}

    def load_logics(self, scene: Any, application_logic: Any, share: Path) -> None:
        """The C++ modules' logics, each with the scene and the application's logic."""
        write_terminologies(share / "terminologies")
        for name, class_name in _LOGICS.items():
            logic = getattr(slicer, class_name)()
            if hasattr(logic, "SetModuleShareDirectory"):
                logic.SetModuleShareDirectory(str(share / name.lower()))
            logic.SetMRMLScene(scene)
            logic.SetMRMLApplicationLogic(application_logic)
            application_logic.SetModuleLogic(name, logic)
            self._add(name, Module(name, logic))
        application_logic.SetModuleLogic("Colors", application_logic.GetColorLogic())
        self._add("Colors", Module("Colors", application_logic.GetColorLogic()))

    def load_scripted(self, path: Path) -> ScriptedModule:
        """Execute a scripted module's file and make its module class, as the application does at its start."""
        name = path.stem
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise ValueError(f"{name} is no Python module")
        source = importlib.util.module_from_spec(spec)
        sys.modules[name] = source
        spec.loader.exec_module(source)
        module = ScriptedModule(name, str(path))
        setattr(slicer.modules, f"{name}Instance", getattr(source, name)(module))
        self._add(name, module)
        return module

    def unload_scripted(self) -> None:
        """Close every scripted module."""
        for name, module in list(self._modules.items()):
            if isinstance(module, ScriptedModule):
                representation = module._representation
                if representation is not None:
                    representation.exit()
                    self.moduleAboutToBeUnloaded.emit(name)
                    representation.close_module()
                    representation.deleteLater()
                del self._modules[name]
                for attribute in (name.lower(), f"{name}Instance", f"{name}Widget"):
                    vars(slicer.modules).pop(attribute, None)
                sys.modules.pop(name, None)

    def module(self, name: str) -> Any:
        return self._modules.get(name)

    def factoryManager(self) -> ModuleManager:
        return self

    def loadedModuleNames(self) -> list[str]:
        return list(self._modules)

    def _add(self, name: str, module: Any) -> None:
        self._modules[name] = module
        setattr(slicer.modules, name.lower(), module)

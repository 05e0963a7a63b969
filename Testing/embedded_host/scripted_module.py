"""`slicer.ScriptedLoadableModule`: the classes that a scripted module inherits from."""

from __future__ import annotations

import logging
import sys
import unittest
from pathlib import Path
from types import ModuleType
from typing import Any

import slicer


class ScriptedLoadableModule:
    """The module class: its description goes into `parent`."""

    def __init__(self, parent: Any) -> None:
        self.parent, self.moduleName = parent, type(self).__name__
        parent.title, parent.categories, parent.dependencies, parent.contributors = "", [], [], []
        parent.helpText, parent.acknowledgementText, parent.hidden = "", "", False

    def resourcePath(self, file_name: str) -> str:
        return _resource(self, file_name)

    def getDefaultModuleDocumentationLink(self, docPage: str = "") -> str:
        return f'<p>For more information see the <a href="{docPage}">documentation</a>.</p>'

    def runTest(self, msec: int = 100, **_keywords: Any) -> None:
        test = getattr(sys.modules[self.moduleName], f"{self.moduleName}Test")()
        test.messageDelay = msec
        test.runTest()


class ScriptedLoadableModuleWidget:
    """The widget class: `setup` builds the panel into `layout`."""

    def __init__(self, parent: Any = None) -> None:
        self.moduleName = type(self).__name__.removesuffix("Widget")
        self.parent, self.developerMode = parent, False
        self.layout = parent.layout()
        slicer.app.moduleManager().connect("moduleAboutToBeUnloaded(QString)", self._onModuleAboutToBeUnloaded)

    def resourcePath(self, file_name: str) -> str:
        return _resource(self, file_name)

    def setup(self) -> None:
        """Build the panel."""

    def enter(self) -> None:
        """The user opened the module."""

    def exit(self) -> None:
        """The user left the module."""

    def cleanup(self) -> None:
        """The application ends, or the module is reloaded."""

    def _onModuleAboutToBeUnloaded(self, moduleName: str) -> None:
        if moduleName == self.moduleName:
            self.cleanup()
            slicer.app.moduleManager().disconnect("moduleAboutToBeUnloaded(QString)", self._onModuleAboutToBeUnloaded)

    def onReload(self) -> None:
        """Execute the source again and build the panel anew."""
        slicer.util.reloadScriptedModule(self.moduleName)


class ScriptedLoadableModuleLogic:
    """The logic class: the parameter node."""

    def __init__(self, parent: Any = None) -> None:
        del parent
        self.moduleName, self.isSingletonParameterNode = type(self).__name__.removesuffix("Logic"), True

    def getParameterNode(self) -> Any:
        """The module's node in the scene; a scene that is closed keeps it, without parameters and attributes."""
        scene = slicer.mrmlScene
        if self.isSingletonParameterNode:
            kept = scene.GetSingletonNode(self.moduleName, "vtkMRMLScriptedModuleNode")
            if kept is not None:
                kept.SetAttribute("ModuleName", self.moduleName)
                return kept
        for node in slicer.util.getNodesByClass("vtkMRMLScriptedModuleNode"):
            if node.GetAttribute("ModuleName") == self.moduleName:
                return node
        node = scene.CreateNodeByClass("vtkMRMLScriptedModuleNode")
        node.UnRegister(None)
        if self.isSingletonParameterNode:
            node.SetSingletonTag(self.moduleName)
        node.SetAttribute("ModuleName", self.moduleName)
        node.SetName(slicer.mrmlScene.GenerateUniqueName(self.moduleName))
        return scene.AddNode(node)


class ScriptedLoadableModuleTest(unittest.TestCase):
    """The self test class."""

    messageDelay = 1

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*(arguments or ("runTest",)))

    def delayDisplay(self, message: str, requestedDelay: int | None = None, msec: int | None = None) -> None:
        del requestedDelay, msec
        logging.getLogger(__name__).info(message)
        slicer.app.processEvents()

    def runTest(self) -> None:
        """Run the module's self test."""


def make_scripted_module() -> ModuleType:
    """The importable module `slicer.ScriptedLoadableModule`."""
    module = ModuleType("slicer.ScriptedLoadableModule")
    classes = (
        ScriptedLoadableModule,
        ScriptedLoadableModuleWidget,
        ScriptedLoadableModuleLogic,
        ScriptedLoadableModuleTest,
    )
    for kind in classes:
        setattr(module, kind.__name__, kind)
    module.__all__ = [kind.__name__ for kind in classes]  # type: ignore[attr-defined]
    return module


def make_translation_module() -> ModuleType:
    """The importable module `slicer.i18n`: texts as they are."""
    module = ModuleType("slicer.i18n")
    module.tr = lambda text: text  # type: ignore[attr-defined]
    module.translate = lambda context, text: text  # type: ignore[attr-defined]  # noqa: ARG005
    return module


def _resource(owner: Any, file_name: str) -> str:
    source = sys.modules[type(owner).__module__].__file__
    return str(Path(str(source)).parent / "Resources" / file_name)

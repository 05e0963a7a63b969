"""slicer-core started as an application would start it."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from Testing.embedded_host.errors import Errors
from Testing.embedded_host.packaging_module import PackagingRecorder
from Testing.embedded_host.python_launcher import PythonLauncher
from Testing.embedded_host.sample_data import make_sample_data_module

if TYPE_CHECKING:
    from Testing.embedded_host.application import Application
    from Testing.embedded_host.dialogs import Dialogs

# Names that importing slicer-core leaves behind in `slicer`, beside every function of `slicer.util`.
_LEFT_BEHIND = {
    "me",
    "info",
    "item_name",
    "module",
    "sys",
    "slicer_core",
    "import_module",
    "iter_modules",
    "extend_path",
}

# What slicer-core's `slicer.util` has and that of Slicer 5.10 has not, compared by their source.
_NOT_IN_SLICER_5_10 = ("LazyImport", "executePythonModule")


@lru_cache(maxsize=1)
def boot(*, on_screen: bool = False) -> Application:
    """The host of this process, made at the first call. `on_screen` opens real windows and asks real questions."""
    if not on_screen:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["VTK_DEFAULT_OPENGL_WINDOW"] = "vtkEGLRenderWindow"
    import slicer.util

    from Testing.embedded_host import ctk_module, qt_events, qt_manners, qt_module, qt_settings, ui_loader
    from Testing.embedded_host.dialogs import Dialogs
    from Testing.embedded_host.slicer_classes import slicer_widget_classes

    folder = Path(tempfile.mkdtemp(prefix="slicer-host-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    qt_manners.put_on()
    qt_events.put_on()
    qt_settings.put_on()
    dialogs = Dialogs(interactive=on_screen)
    dialogs.install()
    qt, ctk = qt_module.make_qt_module(), ctk_module.make_ctk_module()
    qt.QUiLoader = ui_loader.UiLoader  # type: ignore[attr-defined]
    sys.modules["qt"], sys.modules["ctk"] = qt, ctk
    _take_away_slicer_core_names()
    widgets = slicer_widget_classes()
    for name, kind in widgets.items():
        setattr(slicer, name, kind)
    ui_loader.UiLoader.classes |= widgets | {n: k for n, k in vars(ctk).items() if isinstance(k, type)}
    return _assemble(folder, dialogs)


def _assemble(folder: Path, dialogs: Dialogs) -> Application:
    """The application object, the scene and the logics, each told of the others."""
    import slicer

    from Testing.embedded_host.application import Application
    from Testing.embedded_host.core_application import CoreApplication
    from Testing.embedded_host.modules import ModuleManager, ScriptedModule, ScriptedModuleWidget
    from Testing.embedded_host.mouse import Mouse
    from Testing.embedded_host.parameter_node_wrapper import make_parameter_module
    from Testing.embedded_host.scripted_module import make_scripted_module, make_translation_module
    from Testing.embedded_host.views.layout_manager import LayoutManager

    app, manager, packaging = CoreApplication(folder), ModuleManager(), PackagingRecorder()
    scene, logic = make_scene()
    slicer.app, slicer.mrmlScene, slicer.modules = app, scene, SimpleNamespace()
    slicer.qSlicerScriptedLoadableModule, slicer.qSlicerScriptedLoadableModuleWidget = (
        ScriptedModule,
        ScriptedModuleWidget,
    )
    manager.load_logics(scene, logic, folder)
    app.attach(logic, LayoutManager(scene, logic), manager)
    made = (make_scripted_module(), make_translation_module(), make_parameter_module(), packaging.make_module())
    for module in (*made, make_sample_data_module()):
        sys.modules[module.__name__] = module
        if module.__name__.startswith("slicer."):
            setattr(slicer, module.__name__.partition(".")[2], module)
    return Application(app, scene, manager, dialogs, Errors(), PythonLauncher(folder), packaging, Mouse())


def make_scene() -> tuple[Any, Any]:
    """A scene and the application's logic, with the nodes that every scene of Slicer has."""
    import slicer
    import vtk

    scene, logic = slicer.vtkMRMLScene(), slicer.vtkSlicerApplicationLogic()
    logic.SetMRMLScene(scene)
    logic.GetColorLogic().SetMRMLScene(scene)
    logic.GetColorLogic().AddDefaultColorNodes()
    logic.SetSliceLogics(vtk.vtkCollection())
    logic.SetViewLogics(vtk.vtkCollection())
    for class_name in ("vtkMRMLCrosshairNode", "vtkMRMLInteractionNode", "vtkMRMLSelectionNode"):
        node = getattr(slicer, class_name)()
        node.SetSingletonTag("default" if class_name == "vtkMRMLCrosshairNode" else "Singleton")
        scene.AddNode(node)
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    return scene, logic


def _take_away_slicer_core_names() -> None:
    """slicer-core copies `slicer.util` into `slicer`; in the application `slicer.arrayFromVolume` fails."""
    import slicer.util

    for name in list(vars(slicer)):
        same_in_util = name in vars(slicer.util) and getattr(slicer, name) is getattr(slicer.util, name)
        if not name.startswith("_") and (same_in_util or name in _LEFT_BEHIND):
            delattr(slicer, name)
    for name in _NOT_IN_SLICER_5_10:
        delattr(slicer.util, name)

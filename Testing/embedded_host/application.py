"""The host as a test sees it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # so that a test may name the class where PySide6 and slicer-core are not installed
    from Testing.embedded_host.core_application import CoreApplication
    from Testing.embedded_host.dialogs import Dialogs
    from Testing.embedded_host.errors import Errors
    from Testing.embedded_host.main_window import MainWindow
    from Testing.embedded_host.modules import ModuleManager, ScriptedModule
    from Testing.embedded_host.mouse import Mouse
    from Testing.embedded_host.packaging_module import PackagingRecorder
    from Testing.embedded_host.python_launcher import PythonLauncher


@dataclass(frozen=True)
class Application:
    """slicer-core booted as an application, with what a test needs beside `slicer.app`."""

    app: CoreApplication
    scene: Any
    modules: ModuleManager
    dialogs: Dialogs
    errors: Errors
    launcher: PythonLauncher
    packaging: PackagingRecorder
    mouse: Mouse
    windows: list[MainWindow] = field(default_factory=list)

    def load_module(self, path: Path) -> ScriptedModule:
        """Load a scripted module from its .py file; `widgetRepresentation()` builds its panel."""
        return self.modules.load_scripted(path)

    def open_window(self, size: tuple[int, int] = (1440, 900)) -> MainWindow:
        """Show a main window with the views; `slicer.util.selectModule` puts a module beside them."""
        from Testing.embedded_host.main_window import MainWindow

        self.close_window()
        window = MainWindow(self.modules, self.app.layoutManager().viewport(), size)
        self.windows.append(window)  # a window that nothing holds would be destroyed, with the views in it
        window.show()
        self.process_events()
        return window

    def close_window(self) -> None:
        """Close the main window, if there is one; its module is left first."""
        while self.windows:
            self.windows.pop().close_all()
            self.process_events()

    def wait_until(self, condition: Callable[[], bool], *, seconds: float) -> None:
        """Handle events until the condition holds; raises TimeoutError when it never does."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"not within {seconds} s")
            self.app.processEvents()
            time.sleep(0.005)

    def process_events(self, seconds: float = 0.0) -> None:
        """Handle the events of the next moments, deletions that were put off included."""
        end = time.monotonic() + seconds
        self.app.processEvents()
        while time.monotonic() < end:
            time.sleep(0.005)
            self.app.processEvents()
        self.app.sendPostedEvents(None, 52)  # QEvent::DeferredDelete

    def connection_count(self) -> int:
        """How many connections made from Python are alive: what a leak test compares."""
        from Testing.embedded_host.qt_connections import connection_count

        return connection_count()

    def event_filter_count(self) -> int:
        """How many event filters installed from Python are in place."""
        from Testing.embedded_host.qt_events import event_filter_count

        return event_filter_count()

    def observer_count(self) -> int:
        """How many observers from Python the scene, its nodes and the slice views have, those of the host included."""
        manager = self.app.layoutManager()
        views = [manager.sliceWidget(name).sliceView().interactor() for name in manager.sliceViewNames()]
        nodes = [self.scene.GetNthNode(index) for index in range(self.scene.GetNumberOfNodes())]
        return sum(python_observers(one) for one in (self.scene, *views, *nodes))

    def reset(self) -> None:
        """Close modules and scene and forget settings, dialogs and errors: the state after boot."""
        self.close_window()
        self.modules.unload_scripted()
        self.scene.Clear(0)
        self.process_events()
        self.app.userSettings().clear()
        self.dialogs.texts.clear()
        self.packaging.requests.clear()


def python_observers(observed: Any) -> int:
    """How many Python functions observe a VTK object, asked tag by tag: VTK has no list of them."""
    newest = observed.AddObserver("NoEvent", lambda _caller, _event: None)
    observed.RemoveObserver(newest)
    commands = (observed.GetCommand(tag) for tag in range(1, newest))
    return sum(str(command).startswith("vtkPythonCommand") for command in commands)

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

    def reset(self) -> None:
        """Close modules and scene and forget settings, dialogs and errors: the state after boot."""
        self.close_window()
        self.modules.unload_scripted()
        self.scene.Clear(0)
        self.process_events()
        self.app.userSettings().clear()
        self.dialogs.texts.clear()
        self.packaging.requests.clear()

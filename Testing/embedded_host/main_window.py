"""qSlicerMainWindow: a module's panel beside the views."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from PySide6.QtCore import Property, QObject, Qt
from PySide6.QtWidgets import QFrame, QMainWindow, QScrollArea, QSplitter, QWidget

_PANEL_WIDTH = 480


class ModuleSelector(QObject):
    """What `slicer.util.selectModule` asks: leaves the module on screen and enters another."""

    stands_for_native: ClassVar[bool] = True
    _manager: Any
    _area: QScrollArea
    _name: str

    def __init__(self, manager: Any, area: QScrollArea) -> None:
        super().__init__()
        self._manager, self._area, self._name = manager, area, ""

    def selectModule(self, name: str) -> None:
        if name == self._name:
            return
        self._leave()
        module = self._manager.module(name)
        if module is None:
            raise RuntimeError(f"no module is called {name!r}")
        panel = module.widgetRepresentation()
        self._area.setWidget(panel)
        panel.show()
        panel.enter()
        self._name = name

    def close_module(self) -> None:
        """Leave the module on screen, if there is one."""
        self._leave()
        self._name = ""

    def _leave(self) -> None:
        panel = self._area.takeWidget()
        if panel is not None:
            panel.exit()
            panel.hide()
            panel.setParent(None)  # PySide6 would otherwise delete it with the scroll area that it was taken from

    selectedModule = Property(str, lambda self: self._name)


class MainWindow(QMainWindow):
    """The panel in a scroll area on the left, the layout manager's views on the right, a status bar below."""

    stands_for_native: ClassVar[bool] = True
    _selector: ModuleSelector
    _viewport: QWidget

    def __init__(self, manager: Any, viewport: QWidget, size: tuple[int, int]) -> None:
        super().__init__()
        self.setObjectName("qSlicerMainWindow")
        self.setWindowTitle("CovidQuant without Slicer")
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._selector, self._viewport = ModuleSelector(manager, area), viewport
        halves = QSplitter(Qt.Orientation.Horizontal)
        halves.addWidget(area)
        halves.addWidget(viewport)
        halves.setSizes([_PANEL_WIDTH, size[0] - _PANEL_WIDTH])
        halves.setStretchFactor(1, 1)
        viewport.show()
        self.setCentralWidget(halves)
        self.statusBar()
        self.resize(*size)

    def moduleSelector(self) -> ModuleSelector:
        return self._selector

    def grab_png(self, path: Path) -> None:
        """Write the window as it looks now; every view is drawn first."""
        for view in self._viewport.findChildren("RenderView"):
            if view.isVisible():
                view.forceRender()
        if not self.grab().save(str(path), "PNG"):
            raise OSError("the picture could not be written")

    def close_all(self) -> None:
        """Leave the module and give the views back, which live longer than this window."""
        self._selector.close_module()
        self._viewport.setParent(None)
        self.close()
        self.deleteLater()

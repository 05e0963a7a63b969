"""ctkPathLineEdit: a path with a button that browses."""

from __future__ import annotations

from typing import Any, ClassVar

from PySide6.QtCore import Property, Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QToolButton, QWidget

_DIRECTORIES = 0x1


class PathLineEdit(QWidget):
    """A path typed or chosen; `filters` with Dirs (1) asks for a folder."""

    stands_for_native: ClassVar[bool] = True
    currentPathChanged = Signal(str)
    Dirs: ClassVar[int] = _DIRECTORIES
    Files: ClassVar[int] = 0x2
    _edit: QLineEdit
    _filters: int
    _settings_key: str

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filters, self._settings_key = self.Files, ""
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._edit, button = QLineEdit(), QToolButton()
        button.setText("...")
        layout.addWidget(self._edit)
        layout.addWidget(button)
        self._edit.connect("textChanged(QString)", self.currentPathChanged.emit)
        button.connect("clicked(bool)", self.browse)

    def browse(self) -> None:
        choose: Any = QFileDialog.getExistingDirectory if self._filters & self.Dirs else QFileDialog.getOpenFileName
        path = choose(self, "Choose a folder" if self._filters & self.Dirs else "Choose a file")
        if path:
            self.setCurrentPath(path)

    def setCurrentPath(self, path: str) -> None:
        self._edit.setText(path)

    def _get_path(self) -> str:
        return str(self._edit.text)

    def _get_filters(self) -> int:
        return self._filters

    def _set_filters(self, filters: int) -> None:
        self._filters = filters

    def _get_key(self) -> str:
        return self._settings_key

    def _set_key(self, key: str) -> None:
        self._settings_key = key

    currentPath = Property(str, _get_path, setCurrentPath)
    filters = Property(int, _get_filters, _set_filters)
    settingKey = Property(str, _get_key, _set_key)

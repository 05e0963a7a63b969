"""ctkCollapsibleButton: a heading that folds what stands under it."""

from __future__ import annotations

from typing import Any, ClassVar

from PySide6.QtCore import Property, Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

_HEADING_HEIGHT = 24


class CollapsibleButton(QWidget):
    """A container whose heading shows and hides its children."""

    stands_for_native: ClassVar[bool] = True
    contentsCollapsed = Signal(bool)
    toggled = Signal(bool)
    clicked = Signal(bool)
    _heading: QToolButton
    _collapsed: bool

    def __init__(self, *arguments: Any) -> None:
        super().__init__(arguments[-1] if arguments and isinstance(arguments[-1], QWidget) else None)
        self._collapsed = False
        self._heading = QToolButton(self)
        self._heading.setObjectName("")
        self._heading.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._heading.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._heading.setArrowType(Qt.ArrowType.DownArrow)
        self._heading.connect("clicked(bool)", self._pressed)
        self.setContentsMargins(0, _HEADING_HEIGHT + 2, 0, 0)
        if arguments and isinstance(arguments[0], str):
            self.setText(arguments[0])

    def setText(self, text: str) -> None:
        self._heading.setText(text)

    def _set_collapsed(self, collapsed: bool) -> None:
        if collapsed == self._collapsed:
            return
        self._collapsed = collapsed
        self._heading.setArrowType(Qt.ArrowType.RightArrow if collapsed else Qt.ArrowType.DownArrow)
        for child in self.children():
            if isinstance(child, QWidget) and child is not self._heading and not child.isWindow():
                child.setVisible(not collapsed)
        self.setMaximumHeight(_HEADING_HEIGHT if collapsed else 16777215)
        self.contentsCollapsed.emit(collapsed)
        self.toggled.emit(not collapsed)

    def resizeEvent(self, event: Any) -> None:
        self._heading.setGeometry(0, 0, self.width, _HEADING_HEIGHT)
        super().resizeEvent(event)

    def _pressed(self) -> None:
        self._set_collapsed(not self._collapsed)
        self.clicked.emit(not self._collapsed)

    def _get_text(self) -> str:
        return str(self._heading.text)

    def _get_collapsed(self) -> bool:
        return self._collapsed

    def _get_checked(self) -> bool:
        return not self._collapsed

    def _set_checked(self, checked: bool) -> None:
        self._set_collapsed(not checked)

    text = Property(str, _get_text, setText)
    collapsed = Property(bool, _get_collapsed, _set_collapsed)
    checked = Property(bool, _get_checked, _set_checked)

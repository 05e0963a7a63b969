"""The buttons of the Segment Editor's effects."""

from __future__ import annotations

from typing import ClassVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QToolButton, QWidget

_COLUMNS = 3


class EffectButtons(QWidget):
    """One button an effect, in the order given; the others after them, or hidden."""

    stands_for_native: ClassVar[bool] = True
    chosen = Signal(str)
    _names: list[str]
    _order: list[str]
    _all_shown: bool
    _active: str
    _buttons: dict[str, QToolButton]
    _grid: QGridLayout

    def __init__(self, names: list[str]) -> None:
        super().__init__()
        self._names, self._order, self._all_shown, self._active, self._buttons = names, names, True, "", {}
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        for name in names:
            button = QToolButton(self)
            button.setText(name)
            button.setCheckable(True)
            button.setObjectName(name)
            button.connect("clicked(bool)", self._pressed)
            self._buttons[name] = button
        self._arrange()

    def set_order(self, names: list[str]) -> None:
        self._order = list(names)
        self._arrange()

    def order(self) -> list[str]:
        return [name for name in self._order if name in self._names]

    def all_shown(self) -> bool:
        return self._all_shown

    def show_all(self, shown: bool) -> None:
        self._all_shown = shown
        self._arrange()

    def show_active(self, name: str) -> None:
        self._active = name
        for other, button in self._buttons.items():
            button.setChecked(other == name)

    def _arrange(self) -> None:
        first = self.order()
        names = first + ([name for name in self._names if name not in first] if self._all_shown else [])
        for button in self._buttons.values():
            self._grid.removeWidget(button)
            button.hide()
        for index, name in enumerate(names):
            self._grid.addWidget(self._buttons[name], index // _COLUMNS, index % _COLUMNS)
            self._buttons[name].show()

    def _pressed(self) -> None:
        """A second press on the active effect leaves none active."""
        self.chosen.emit(next((n for n, b in self._buttons.items() if b.checked and n != self._active), ""))

"""ctkSliderWidget: a slider with a spin box beside it."""

from __future__ import annotations

from typing import Any, ClassVar

from PySide6.QtCore import Property, Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QSlider, QWidget


class SliderWidget(QWidget):
    """A number chosen by slider or by typing; both show the same value."""

    stands_for_native: ClassVar[bool] = True
    valueChanged = Signal(float)
    _slider: QSlider
    _box: QDoubleSpinBox

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._slider, self._box = QSlider(Qt.Orientation.Horizontal), QDoubleSpinBox()
        layout.addWidget(self._slider)
        layout.addWidget(self._box)
        self._box.connect("valueChanged(double)", self._typed)
        self._slider.connect("valueChanged(int)", self._slid)

    def setValue(self, value: float) -> None:
        self._box.setValue(value)

    def _typed(self, value: float) -> None:
        self._slider.blockSignals(True)
        self._slider.setValue(round(value / self._step()))
        self._slider.blockSignals(False)
        self.valueChanged.emit(value)

    def _slid(self, position: int) -> None:
        self._box.setValue(position * self._step())

    def _step(self) -> float:
        return float(self._box.singleStep) or 1.0

    def _fit_slider(self) -> None:
        self._slider.setRange(round(self._box.minimum / self._step()), round(self._box.maximum / self._step()))

    def _property(name: str, kind: type) -> Any:
        def read(self: SliderWidget) -> Any:
            return getattr(self._box, name)

        def write(self: SliderWidget, value: Any) -> None:
            setattr(self._box, name, value)
            self._fit_slider()

        return Property(kind, read, write)

    value = _property("value", float)
    minimum = _property("minimum", float)
    maximum = _property("maximum", float)
    singleStep = _property("singleStep", float)
    pageStep = _property("singleStep", float)
    decimals = _property("decimals", int)
    suffix = _property("suffix", str)

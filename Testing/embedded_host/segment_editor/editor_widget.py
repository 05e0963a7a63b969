"""qMRMLSegmentEditorWidget: segments, effects, undo, on the real segment editor logic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import slicer
from PySide6.QtCore import Property, Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from Testing.embedded_host.segment_editor.effect import Effect, ScriptedEffect
from Testing.embedded_host.segment_editor.islands_effect import IslandsEffect
from Testing.embedded_host.segment_editor.paint_effect import PaintEffect
from Testing.embedded_host.segment_editor.segments_table import SegmentsTable
from Testing.embedded_host.segment_editor.threshold_effect import ThresholdEffect
from Testing.embedded_host.widgets.mrml_widget import MRMLWidget

_EFFECTS: dict[str, type[Effect]] = {
    "Threshold": ThresholdEffect,
    "Paint": PaintEffect,
    "Draw": Effect,
    "Erase": PaintEffect,
    "Level tracing": ScriptedEffect,
    "Grow from seeds": ScriptedEffect,
    "Fill between slices": ScriptedEffect,
    "Margin": ScriptedEffect,
    "Hollow": ScriptedEffect,
    "Smoothing": ScriptedEffect,
    "Scissors": Effect,
    "Islands": IslandsEffect,
    "Logical operators": ScriptedEffect,
    "Mask volume": ScriptedEffect,
}
_OVER_THE_VIEWS = 10.0  # priority of the observers: before those of the displayable managers


class SegmentEditorWidget(MRMLWidget):
    """The widget that a module embeds.

    As in Slicer the module sets the parameter node, calls `setupViewObservations` when it is entered (without it no
    effect sees the mouse), and `removeViewObservations` when it is left.
    """

    stands_for_native: ClassVar[bool] = True
    slicer_signals: ClassVar[dict[str, str]] = {
        "segmentationNodeChanged(vtkMRMLSegmentationNode*)": "segmentationNodeChanged",
        "sourceVolumeNodeChanged(vtkMRMLVolumeNode*)": "sourceVolumeNodeChanged",
    }
    segmentationNodeChanged = Signal(object)
    sourceVolumeNodeChanged = Signal(object)
    currentSegmentIDChanged = Signal(str)
    _logic: Any
    _node: Any
    _effects: dict[str, Effect]
    _buttons: dict[str, QToolButton]
    _active: Effect | None
    _table: SegmentsTable
    _undo: QToolButton
    _redo: QToolButton
    _observed: list[tuple[Any, int]]
    _unordered: bool
    _order: list[str]
    _settings: dict[str, Any]
    _group: QButtonGroup
    _grid: QGridLayout
    _pressed: bool

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._logic, self._node, self._active = slicer.vtkSlicerSegmentEditorLogic(), None, None
        self._observed, self._unordered, self._order, self._pressed = [], True, list(_EFFECTS), False
        self._settings = {"maximumNumberOfUndoStates": 10}
        self._effects = {name: kind(name, self, self._logic) for name, kind in _EFFECTS.items()}
        self._buttons, self._group, self._grid = {}, QButtonGroup(self), QGridLayout()
        self._table, self._undo, self._redo = SegmentsTable(), QToolButton(), QToolButton()
        self._lay_out()
        self._table.connect("selectionChanged(QItemSelection,QItemSelection)", self._row_selected)
        self._logic.AddObserver(self._logic.SegmentationHistoryChangedEvent, self._history_changed)
        self.connect("destroyed()", self.removeViewObservations)

    # The parameter node, the segmentation and the volume

    def setMRMLScene(self, scene: Any) -> None:
        self._logic.SetMRMLScene(scene)
        super().setMRMLScene(scene)

    def setMRMLSegmentEditorNode(self, node: Any) -> None:
        self._node = node
        self._logic.SetSegmentEditorNode(node)
        if node is not None:
            for effect in self._effects.values():
                effect.set_defaults()

    def mrmlSegmentEditorNode(self) -> Any:
        return self._node

    def setSegmentationNode(self, node: Any) -> None:
        self._required().SetAndObserveSegmentationNode(node)
        self._logic.SetSegmentationNode(node)
        self._table.setSegmentationNode(node)
        ids = list(node.GetSegmentation().GetSegmentIDs()) if node is not None else []
        if self.currentSegmentID() not in ids:
            self.setCurrentSegmentID(ids[0] if ids else "")
        self._table.setSelectedSegmentIDs([self.currentSegmentID()])
        self.segmentationNodeChanged.emit(node)

    def setSegmentationNodeID(self, node_id: str) -> None:
        self.setSegmentationNode(slicer.mrmlScene.GetNodeByID(node_id))

    def segmentationNode(self) -> Any:
        return self._node.GetSegmentationNode() if self._node is not None else None

    def setSourceVolumeNode(self, node: Any) -> None:
        self._required().SetAndObserveSourceVolumeNode(node)
        self._logic.SetSourceVolumeNode(node)
        self.sourceVolumeNodeChanged.emit(node)

    def sourceVolumeNode(self) -> Any:
        return self._node.GetSourceVolumeNode() if self._node is not None else None

    def currentSegmentID(self) -> str:
        return str((self._node.GetSelectedSegmentID() if self._node is not None else None) or "")

    def setCurrentSegmentID(self, segment_id: str) -> None:
        if segment_id != self.currentSegmentID():
            self._required().SetSelectedSegmentID(segment_id or None)
            self._table.setSelectedSegmentIDs([segment_id])
            self.currentSegmentIDChanged.emit(segment_id)

    # Effects

    def availableEffectNames(self) -> list[str]:
        return list(_EFFECTS)

    def setEffectNameOrder(self, names: list[str]) -> None:
        self._order = list(names)
        self._show_buttons()

    def effectByName(self, name: str) -> Effect | None:
        return self._effects.get(name)

    def activeEffect(self) -> Effect | None:
        return self._active

    def setActiveEffect(self, effect: Effect | None) -> None:
        self._active, self._pressed = effect, False
        self._required().SetActiveEffectName(effect.name if effect is not None else "")
        for name, button in self._buttons.items():
            button.setChecked(effect is not None and name == effect.name)

    def setActiveEffectByName(self, name: str) -> None:
        """Raises ValueError for a name that Slicer logs as unknown."""
        if name and name not in self._effects:
            raise ValueError(f"no effect is called {name!r}")
        self.setActiveEffect(self._effects.get(name))

    # Undo

    def saveStateForUndo(self) -> None:
        self._logic.SaveStateForUndo()

    def undo(self) -> None:
        self._logic.Undo()

    def redo(self) -> None:
        self._logic.Redo()

    # The views and the keyboard

    def setupViewObservations(self) -> None:
        if self._observed:
            return
        manager = slicer.app.layoutManager()
        answers: dict[str, Callable[[Any, tuple[int, int]], None]] = {
            "LeftButtonPressEvent": self._press,
            "MouseMoveEvent": self._move,
            "LeftButtonReleaseEvent": self._release,
        }
        for name in manager.sliceViewNames():
            view = manager.sliceWidget(name).sliceView()
            for event, answer in answers.items():
                self._observe(view, event, answer)

    def removeViewObservations(self) -> None:
        for interactor, tag in self._observed:
            interactor.RemoveObserver(tag)
        self._observed.clear()

    def installKeyboardShortcuts(self) -> None:
        """Slicer's own shortcuts are not in the host; the call is: a module that embeds the editor makes it."""

    def uninstallKeyboardShortcuts(self) -> None:
        """The other half."""

    def _observe(self, view: Any, event: str, answer: Callable[[Any, tuple[int, int]], None]) -> None:
        interactor = view.interactor()

        def told(_interactor: Any, _event: str) -> None:
            if self._active is not None and self.currentSegmentID():
                answer(view, interactor.GetEventPosition())
                interactor.GetCommand(tag).SetAbortFlag(event != "MouseMoveEvent" or self._pressed)

        tag = interactor.AddObserver(event, told, _OVER_THE_VIEWS)
        self._observed.append((interactor, tag))

    def _press(self, view: Any, xy: tuple[int, int]) -> None:
        self._pressed = True
        if self._active is not None:
            self._active.on_press(view, xy)

    def _move(self, view: Any, xy: tuple[int, int]) -> None:
        if self._pressed and self._active is not None:
            self._active.on_move(view, xy)

    def _release(self, _view: Any, _xy: tuple[int, int]) -> None:
        if self._pressed and self._active is not None:
            self._pressed = False
            self._active.on_release()

    # The panel

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._table.setMaximumHeight(150)
        layout.addWidget(self._table)
        for name in _EFFECTS:
            button = QToolButton(self)
            button.setText(name)
            button.setCheckable(True)
            button.setObjectName(name)
            button.connect("clicked(bool)", self._effect_pressed)
            self._buttons[name] = button
        layout.addLayout(self._grid)
        row = QHBoxLayout()
        layout.addLayout(row)
        for button, text, act in ((self._undo, "Undo", self.undo), (self._redo, "Redo", self.redo)):
            button.setText(text)
            button.setEnabled(False)
            button.connect("clicked(bool)", act)
            row.addWidget(button)
        row.addStretch(1)
        self._show_buttons()

    def _show_buttons(self) -> None:
        first = [name for name in self._order if name in _EFFECTS]
        names = first + ([name for name in _EFFECTS if name not in first] if self._unordered else [])
        for button in self._buttons.values():
            self._grid.removeWidget(button)
            button.hide()
        for index, name in enumerate(names):
            self._grid.addWidget(self._buttons[name], index // 3, index % 3)
            self._buttons[name].show()

    def _effect_pressed(self) -> None:
        active = self._active.name if self._active is not None else ""
        pressed = next((n for n, b in self._buttons.items() if b.checked and n != active), "")
        self.setActiveEffectByName(pressed)

    def _row_selected(self) -> None:
        chosen = self._table.selectedSegmentIDs()
        if chosen:
            self.setCurrentSegmentID(chosen[0])

    def _history_changed(self, _logic: Any, _event: str) -> None:
        self._undo.setEnabled(self._logic.CanUndo())
        self._redo.setEnabled(self._logic.CanRedo())

    def _required(self) -> Any:
        if self._node is None:
            raise RuntimeError("the segment editor has no parameter node: call setMRMLSegmentEditorNode first")
        return self._node

    def _get_unordered(self) -> bool:
        return self._unordered

    def _set_unordered(self, shown: bool) -> None:
        self._unordered = shown
        self._show_buttons()

    def _kept(name: str, kind: type, natural: Any) -> Any:
        """A property that the host keeps and does nothing with."""
        return Property(
            kind,
            lambda self: self._settings.get(name, natural),
            lambda self, value: self._settings.update({name: value}),
        )

    def _set_states(self, count: int) -> None:
        self._logic.SetMaximumNumberOfUndoStates(count)

    unorderedEffectsVisible = Property(bool, _get_unordered, _set_unordered)
    maximumNumberOfUndoStates = Property(int, lambda self: self._logic.GetMaximumNumberOfUndoStates(), _set_states)
    segmentationNodeSelectorVisible = _kept("segmentationNodeSelectorVisible", bool, natural=True)
    sourceVolumeNodeSelectorVisible = _kept("sourceVolumeNodeSelectorVisible", bool, natural=True)
    autoShowSourceVolumeNode = _kept("autoShowSourceVolumeNode", bool, natural=True)
    switchToSegmentationsButtonVisible = _kept("switchToSegmentationsButtonVisible", bool, natural=True)
    undoEnabled = _kept("undoEnabled", bool, natural=True)
    readOnly = _kept("readOnly", bool, natural=False)

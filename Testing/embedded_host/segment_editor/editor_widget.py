"""qMRMLSegmentEditorWidget: segments, effects, undo, on the real segment editor logic."""

from __future__ import annotations

from typing import Any, ClassVar

import shiboken6
import slicer
from PySide6.QtCore import Property, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from Testing.embedded_host.segment_editor.effect import Effect, ScriptedEffect
from Testing.embedded_host.segment_editor.effect_buttons import EffectButtons
from Testing.embedded_host.segment_editor.fill_effect import FillEffect
from Testing.embedded_host.segment_editor.hidden_selector import HiddenSelector, effect_keys
from Testing.embedded_host.segment_editor.islands_effect import IslandsEffect
from Testing.embedded_host.segment_editor.paint_effect import PaintEffect
from Testing.embedded_host.segment_editor.segments_table import SegmentsTable
from Testing.embedded_host.segment_editor.threshold_effect import ThresholdEffect
from Testing.embedded_host.segment_editor.view_mouse import ViewMouse
from Testing.embedded_host.widgets.mrml_widget import MRMLWidget

_EFFECTS: dict[str, type[Effect]] = {
    "Threshold": ThresholdEffect,
    "Paint": PaintEffect,
    "Draw": Effect,
    "Erase": PaintEffect,
    "Level tracing": ScriptedEffect,
    "Grow from seeds": ScriptedEffect,
    "Fill between slices": FillEffect,
    "Margin": ScriptedEffect,
    "Hollow": ScriptedEffect,
    "Smoothing": ScriptedEffect,
    "Scissors": Effect,
    "Islands": IslandsEffect,
    "Logical operators": ScriptedEffect,
    "Mask volume": ScriptedEffect,
}


class SegmentEditorWidget(MRMLWidget):
    """The widget that a module embeds.

    As in Slicer the module sets the parameter node, calls `setupViewObservations` when it is entered (without it no
    effect sees the mouse), and `removeViewObservations` when it is left. The first segmentation of a scene is chosen
    by itself, and the keys choose effects also while the widget is disabled: only `readOnly` stops them.
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
    _buttons: EffectButtons
    _active: Effect | None
    _table: SegmentsTable
    _undo: QToolButton
    _redo: QToolButton
    _mouse: ViewMouse
    _selector: HiddenSelector
    _keys: list[Any]
    _locked: bool
    _settings: dict[str, Any]

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._logic, self._node, self._active = slicer.vtkSlicerSegmentEditorLogic(), None, None
        self._mouse, self._selector = ViewMouse(self), HiddenSelector(self)
        self._settings, self._keys, self._locked = {}, [], False
        self._effects = {name: kind(name, self, self._logic) for name, kind in _EFFECTS.items()}
        self._buttons = EffectButtons(list(_EFFECTS))
        self._table, self._undo, self._redo = SegmentsTable(), QToolButton(), QToolButton()
        self._lay_out()
        self._table.connect("selectionChanged(QItemSelection,QItemSelection)", self._row_selected)
        self._logic.AddObserver(self._logic.SegmentationHistoryChangedEvent, self._history_changed)
        self.connect("destroyed()", self.removeViewObservations)
        self.connect("destroyed()", self._selector.forget)

    # The parameter node, the segmentation and the volume

    def setMRMLScene(self, scene: Any) -> None:
        self._logic.SetMRMLScene(scene)
        self._selector.observe(scene)
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
        """Another segmentation than before ends the effect."""
        if node is not self._required().GetSegmentationNode():
            self.setActiveEffect(None)
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
        self._buttons.set_order(names)

    def effectByName(self, name: str) -> Effect | None:
        return self._effects.get(name)

    def activeEffect(self) -> Effect | None:
        return self._active

    def setActiveEffect(self, effect: Effect | None) -> None:
        self._active = effect
        self._required().SetActiveEffectName(effect.name if effect is not None else "")
        self._buttons.show_active(effect.name if effect is not None else "")

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
        self._mouse.start()

    def removeViewObservations(self) -> None:
        self._mouse.stop()

    def installKeyboardShortcuts(self) -> None:
        """The digits choose effects in their order; Slicer's other keys are not in the host."""
        self.uninstallKeyboardShortcuts()
        self._keys = effect_keys(slicer.util.mainWindow() or self, self._toggle)

    def uninstallKeyboardShortcuts(self) -> None:
        for shortcut in self._keys:
            if shiboken6.isValid(shortcut):
                shortcut.setParent(None)
                shortcut.deleteLater()
        self._keys = []

    def _toggle(self, number: int) -> None:
        names = self._buttons.order()
        if not self._locked and number < len(names):
            chosen = self._effects[names[number]]
            self.setActiveEffect(None if chosen is self._active else chosen)

    # The panel

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._table.setMaximumHeight(150)
        layout.addWidget(self._table)
        self._buttons.connect("chosen(QString)", self.setActiveEffectByName)
        layout.addWidget(self._buttons)
        row = QHBoxLayout()
        layout.addLayout(row)
        for button, text, act in ((self._undo, "Undo", self.undo), (self._redo, "Redo", self.redo)):
            button.setText(text)
            button.setEnabled(False)
            button.connect("clicked(bool)", act)
            row.addWidget(button)
        row.addStretch(1)

    def _row_selected(self) -> None:
        chosen = self._table.selectedSegmentIDs()
        if chosen:
            self.setCurrentSegmentID(chosen[0])

    def _history_changed(self, _logic: Any, _event: str) -> None:
        if not shiboken6.isValid(self._undo):  # the widget has gone before its logic
            return
        self._undo.setEnabled(self._logic.CanUndo())
        self._redo.setEnabled(self._logic.CanRedo())

    def _required(self) -> Any:
        if self._node is None:
            raise RuntimeError("the segment editor has no parameter node: call setMRMLSegmentEditorNode first")
        return self._node

    def _kept(name: str, kind: type, natural: Any) -> Any:
        """A property that the host keeps and does nothing with."""
        return Property(
            kind,
            lambda self: self._settings.get(name, natural),
            lambda self, value: self._settings.update({name: value}),
        )

    def _set_states(self, count: int) -> None:
        self._logic.SetMaximumNumberOfUndoStates(count)

    def _set_locked(self, locked: bool) -> None:
        self._locked = locked
        if locked and self._node is not None:
            self.setActiveEffect(None)

    unorderedEffectsVisible = Property(
        bool, lambda self: self._buttons.all_shown(), lambda self, shown: self._buttons.show_all(shown)
    )
    maximumNumberOfUndoStates = Property(int, lambda self: self._logic.GetMaximumNumberOfUndoStates(), _set_states)
    segmentationNodeSelectorVisible = _kept("segmentationNodeSelectorVisible", bool, natural=True)
    sourceVolumeNodeSelectorVisible = _kept("sourceVolumeNodeSelectorVisible", bool, natural=True)
    autoShowSourceVolumeNode = _kept("autoShowSourceVolumeNode", bool, natural=True)
    addRemoveSegmentButtonsVisible = _kept("addRemoveSegmentButtonsVisible", bool, natural=True)
    switchToSegmentationsButtonVisible = _kept("switchToSegmentationsButtonVisible", bool, natural=True)
    undoEnabled = _kept("undoEnabled", bool, natural=True)
    readOnly = Property(bool, lambda self: self._locked, _set_locked)

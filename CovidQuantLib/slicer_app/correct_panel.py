"""Step 3: correct the infection in Slicer's own Segment Editor, with the time running by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import qt
from slicer.i18n import tr as _

from CovidQuantLib.anatomy import GROUND_GLASS
from CovidQuantLib.hitl.edit_log import read_edit_log, summarise_edit_log
from CovidQuantLib.messages import InputError
from CovidQuantLib.reports.wording import millilitres
from CovidQuantLib.slicer_app.connections import connect
from CovidQuantLib.slicer_app.correction import Correction
from CovidQuantLib.slicer_app.desk import Desk
from CovidQuantLib.slicer_app.edit_session import EditSession
from CovidQuantLib.slicer_app.editor_node import close_editor, editor_node, open_in_editor, set_up_editor, stop_effect
from CovidQuantLib.slicer_app.lesion_places import show_place
from CovidQuantLib.slicer_app.panel import Panel
from CovidQuantLib.slicer_app.picking import Picking, cursor_place
from CovidQuantLib.slicer_app.segmentation_nodes import is_edited, set_anatomy_editable
from CovidQuantLib.slicer_app.shortcuts import Shortcuts
from CovidQuantLib.slicer_app.slice_bar import infection_by_slice, place_of_slice, slice_bar_picture, slice_shown

_TICK_MS = 2000
_MS_PER_MINUTE = 60_000
_NOTHING_THERE = "There is nothing to do at that point: it holds no lesion, or lies outside of the lungs."

Ras = tuple[float, float, float]


class CorrectPanel(Panel):
    """The editor, the edits of one click, the slice bar and the timer."""

    UI: ClassVar[str] = "Correct"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        ui = self.ui
        set_up_editor(ui.segmentEditor)
        self.correction = Correction(desk, self._begun, self._show_outside, ui.segmentEditor.saveStateForUndo)
        self._shortcuts = Shortcuts(self.widget)
        self._picking = Picking(self._picked)
        self._act: Callable[[Ras], bool] | None = None
        self._entered = self._showing = False
        self._amounts: list[float] = []
        self._timer = qt.QTimer()
        self._timer.setInterval(_TICK_MS)
        connect(self._timer, "timeout()", self._tick)
        ui.outsideRow.visible = ui.draftRow.visible = False
        listen = self.observations.connect
        for button, slot in (
            (ui.resumeDraftButton, self.correction.resume_draft),
            (ui.discardDraftButton, self.correction.discard_draft),
            (ui.deleteLesionButton, self._on_delete),
            (ui.changeClassButton, self._on_change),
            (ui.growButton, self._on_grow),
            (ui.addToLungButton, self._on_add_to_lung),
            (ui.dismissOutsideButton, self._on_dismiss),
            (ui.splitButton, self._on_split),
            (ui.blankButton, self._on_blank),
            (ui.unclassifiedCheck, self._on_drawing),
            (ui.rangeCheck, self._on_range),
            (ui.anatomyCheck, self._on_anatomy),
        ):
            listen(button, "clicked(bool)", slot)
        for box in (ui.lowBox, ui.highBox):
            listen(box, "valueChanged(int)", self._on_range)
        listen(ui.sliceSlider, "valueChanged(int)", self._on_slice)

    def enter(self) -> None:
        """Let the editor see the views, hear the keys, go on with the correction."""
        self._entered = True
        self.ui.segmentEditor.setupViewObservations()
        self.ui.segmentEditor.installKeyboardShortcuts()
        for key, slot in (("F2", self._delete_here), ("F3", self._change_here), ("F4", self._grow_here)):
            self._shortcuts.add(key, slot)
        self._timer.start()
        self.correction.come_back()

    def leave(self) -> None:
        """Give views and keys back; the correction is kept as a draft meanwhile."""
        self._entered = False
        self.correction.leave()
        self._timer.stop()
        self._stop_picking()
        self._shortcuts.clear()
        stop_effect(self.ui.segmentEditor)
        self.ui.segmentEditor.uninstallKeyboardShortcuts()
        self.ui.segmentEditor.removeViewObservations()

    def case_closes(self) -> None:
        """End the correction; its draft is kept."""
        self.correction.end()
        self._stop_picking()
        close_editor(self.ui.segmentEditor)
        self._amounts = []

    def close(self) -> None:
        """Let go of everything."""
        self._timer.stop()
        self._timer.disconnect("timeout()", self._tick)
        super().close()

    def update(self) -> None:
        """Show what can be done now."""
        if self._entered and not self.desk.jobs.busy:
            self.correction.begin_by_itself()
        ui, session = self.ui, self.correction.session
        is_open = session is not None
        for name in (
            *("segmentEditor", "sliceSlider", "unclassifiedCheck", "deleteLesionButton", "changeClassButton"),
            *("growButton", "rangeCheck", "splitButton", "anatomyCheck"),
        ):
            getattr(ui, name).enabled = is_open
        ui.acceptButton.enabled = session is not None and not is_edited(session.nodes)
        ui.blankButton.enabled = self.desk.numbers is not None and bool(self.desk.settings.reader)
        ui.draftRow.visible = self.correction.offered is not None
        finished = self.correction.offered is not None and self.correction.is_finished()
        ui.resumeDraftButton.visible = not finished
        ui.draftLabel.text = (
            _("A finished correction of this case waits to be submitted: see section 4.")
            if finished
            else _("A draft of this case was kept: go on with it, or remove it and begin from the proposal.")
        )
        ui.stateLabel.text = self._state()
        ui.stateLabel.visible = bool(ui.stateLabel.text)
        ui.timerLabel.visible = is_open and self.desk.settings.timer_shown
        ui.marksLabel.visible = ui.sliceSlider.visible = is_open
        if session is not None:
            self._amounts = infection_by_slice(session.ledger.labels, session.arrays.grid)
            self._draw_marks()

    def _state(self) -> str:
        if self.desk.case is None or self.desk.numbers is None:
            return _("Segment and quantify a CT first.")
        if not self.desk.settings.reader:
            return _("Give your reader code in the settings: the correction then begins by itself.")
        session = self.correction.session
        if session is None:
            return ""
        starts = {"blank": _("Begun from a blank mask."), "proposal": _("Begun from the proposal.")}
        return starts.get(session.start.kind, _("Begun from an earlier reading."))

    def _begun(self, session: EditSession) -> None:
        ui = self.ui
        node = open_in_editor(ui.segmentEditor, session.nodes.infection, session.nodes.volume)
        session.follow_editor(node)
        self._showing = True
        ui.sliceSlider.minimum = 0
        ui.sliceSlider.maximum = session.arrays.grid.geometry.shape[0] - 1
        ui.unclassifiedCheck.checked = ui.rangeCheck.checked = ui.anatomyCheck.checked = False
        self._showing = False
        self._show_outside(0.0)

    def _show_outside(self, outside_ml: float) -> None:
        self.ui.outsideRow.visible = outside_ml > 0.0
        self.ui.outsideLabel.text = _("{ml} ml of what was painted lie outside the lungs.").format(
            ml=millilitres(outside_ml)
        )

    def _tick(self) -> None:
        session = self.correction.session
        if session is None:
            return
        try:
            summary = summarise_edit_log(read_edit_log(session.name.edit_log).events)
        except InputError:
            return
        self.ui.timerLabel.text = _("Open {minutes} min, of which active {active} min").format(
            minutes=f"{summary.correction_minutes:.1f}", active=f"{summary.active_ms / _MS_PER_MINUTE:.1f}"
        )
        number = slice_shown(session.arrays.grid)
        if number is not None and not self.ui.sliceSlider.isSliderDown():
            self._showing = True
            self.ui.sliceSlider.value = number
            self._showing = False
        self._draw_marks()

    def _draw_marks(self) -> None:
        session, label = self.correction.session, self.ui.marksLabel
        if session is not None and self._amounts:
            width = max(100, self.ui.sliceSlider.width)
            label.setPixmap(slice_bar_picture(width, self._amounts, session.views.seen, label.palette))

    def _on_slice(self, number: int) -> None:
        session = self.correction.session
        if session is not None and not self._showing:
            show_place(place_of_slice(session.arrays.grid, number))

    # Edits of one click

    def _on_delete(self) -> None:
        self._pick(self.ui.deleteLesionButton, self._delete)

    def _on_change(self) -> None:
        self._pick(self.ui.changeClassButton, self._change)

    def _on_grow(self) -> None:
        self._pick(self.ui.growButton, self._grow)

    def _delete_here(self) -> None:
        self._at_cursor(self._delete)

    def _change_here(self) -> None:
        self._at_cursor(self._change)

    def _grow_here(self) -> None:
        self._at_cursor(self._grow)

    def _delete(self, ras: Ras) -> bool:
        return self.desk.session.delete_component(ras)

    def _change(self, ras: Ras) -> bool:
        return self.desk.session.change_class(ras)

    def _grow(self, ras: Ras) -> bool:
        return self.desk.session.grow_from(ras)

    def _pick(self, button: Any, act: Callable[[Ras], bool]) -> None:
        wanted = button.checked
        self._stop_picking()
        if wanted:
            button.checked = True
            stop_effect(self.ui.segmentEditor)
            self._act = act
            self._picking.start()

    def _picked(self, ras: Ras) -> None:
        act = self._act
        self._stop_picking()
        if act is not None:
            self._do(act, ras)

    def _stop_picking(self) -> None:
        self._picking.stop()
        self._act = None
        for name in ("deleteLesionButton", "changeClassButton", "growButton"):
            getattr(self.ui, name).checked = False

    def _at_cursor(self, act: Callable[[Ras], bool]) -> None:
        place = cursor_place()
        if place is not None:
            self._do(act, place)

    def _do(self, act: Callable[[Ras], bool], ras: Ras) -> None:
        if self.correction.session is not None:
            self.desk.say("" if act(ras) else _(_NOTHING_THERE))

    # The other edits

    def _on_add_to_lung(self) -> None:
        session = self.correction.session
        if session is not None:
            try:
                session.add_to_lung()
            except InputError as error:
                self.desk.say(str(error))

    def _on_dismiss(self) -> None:
        session = self.correction.session
        if session is not None:
            session.dismiss_outside()

    def _on_split(self) -> None:
        session = self.correction.session
        if session is not None:
            session.split_again(self.ui.splitAgainBox.value)

    def _on_blank(self) -> None:
        self.correction.begin_blank()

    def _on_drawing(self) -> None:
        session = self.correction.session
        if session is None:
            return
        chosen = self.ui.segmentEditor.currentSegmentID()
        if self.ui.unclassifiedCheck.checked:
            self.ui.segmentEditor.setCurrentSegmentID(GROUND_GLASS.key)
            session.edits.drawing = "unclassified"
        else:
            session.edits.drawing = "consolidation" if chosen == "consolidation" else "ggo"

    def _on_range(self) -> None:
        if not self._showing:
            node = editor_node()
            node.SetSourceVolumeIntensityMask(self.ui.rangeCheck.checked)
            node.SetSourceVolumeIntensityMaskRange(self.ui.lowBox.value, self.ui.highBox.value)

    def _on_anatomy(self) -> None:
        session = self.correction.session
        if session is not None:
            edits_anatomy = self.ui.anatomyCheck.checked
            set_anatomy_editable(session.nodes, edits_anatomy)
            node = session.nodes.anatomy if edits_anatomy else session.nodes.infection
            self.ui.segmentEditor.setSegmentationNode(node)

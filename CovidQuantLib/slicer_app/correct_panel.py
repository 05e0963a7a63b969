"""Step 3: correct the infection in Slicer's own Segment Editor, with the time running by itself."""

from __future__ import annotations

from typing import ClassVar

import qt
import slicer
from slicer.i18n import tr as _

from CovidQuantLib.hitl.edit_log import read_edit_log, summarise_edit_log
from CovidQuantLib.hitl.pool import BLANK
from CovidQuantLib.messages import InputError
from CovidQuantLib.reports.wording import millilitres
from CovidQuantLib.slicer_app.connections import connect
from CovidQuantLib.slicer_app.correction import Correction
from CovidQuantLib.slicer_app.desk import Desk
from CovidQuantLib.slicer_app.edit_session import EditSession
from CovidQuantLib.slicer_app.editing_options import EditingOptions
from CovidQuantLib.slicer_app.editor_node import close_editor, let_edit, open_in_editor, set_up_editor, stop_effect
from CovidQuantLib.slicer_app.lesion_tools import LesionTools
from CovidQuantLib.slicer_app.panel import Panel
from CovidQuantLib.slicer_app.shortcuts import Shortcuts
from CovidQuantLib.slicer_app.slice_guide import SliceGuide

_TICK_MS = 2000
_MS_PER_MINUTE = 60_000
_OF_A_SESSION = (
    *("segmentEditor", "sliceSlider", "nextMarkButton", "unclassifiedCheck", "rangeCheck", "deleteLesionButton"),
    *("changeClassButton", "growButton", "fillButton", "splitButton", "anatomyCheck"),
)
"""The widgets that do something only while a correction is open."""


class CorrectPanel(Panel):
    """The editor, the edits of one click, the slice bar and the timer."""

    UI: ClassVar[str] = "Correct"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        ui = self.ui
        set_up_editor(ui.segmentEditor)
        self._options = EditingOptions(ui, self._session, desk.say)
        self.correction = Correction(
            desk,
            self._begun,
            self._show_outside,
            ui.segmentEditor.saveStateForUndo,
            self._options.show_drawing,
        )
        self._shortcuts = Shortcuts(self.widget)
        self._tools = LesionTools(ui, self._shortcuts, self._session, desk.say, self._free_the_mouse)
        self._guide = SliceGuide(ui, self.observations)
        self._entered = False
        self._timer = qt.QTimer()
        self._timer.setInterval(_TICK_MS)
        connect(self._timer, "timeout()", self._tick)
        ui.outsideRow.visible = ui.draftRow.visible = ui.nextMarkButton.visible = False
        self._tools.connect(self.observations)
        self._options.connect(self.observations)
        for button, slot in (
            (ui.resumeDraftButton, self.correction.resume_draft),
            (ui.discardDraftButton, self._on_discard),
            (ui.addToLungButton, self._on_add_to_lung),
            (ui.dismissOutsideButton, self._on_dismiss),
            (ui.blankButton, self._on_blank),
        ):
            self.observations.connect(button, "clicked(bool)", slot)

    def enter(self) -> None:
        """Let the editor see the views, hear the keys, go on with the correction."""
        self._entered = True
        self.ui.segmentEditor.setupViewObservations()
        self.ui.segmentEditor.installKeyboardShortcuts()
        self._tools.enter()
        self._shortcuts.add("F5", self._options.fill_between_slices)
        self._timer.start()
        self.correction.come_back()

    def leave(self) -> None:
        """Give views and keys back; the correction is kept as a draft meanwhile."""
        self._entered = False
        self.correction.leave()
        self._timer.stop()
        self._tools.stop()
        self._shortcuts.clear()
        self._free_the_mouse()
        self.ui.segmentEditor.uninstallKeyboardShortcuts()
        self.ui.segmentEditor.removeViewObservations()

    def case_closes(self) -> None:
        """End the correction; its draft is kept."""
        self.correction.end()
        self._tools.stop()
        self._guide.end()
        close_editor(self.ui.segmentEditor)

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
        if not is_open:
            self._tools.stop()
            self._free_the_mouse()
        for name in _OF_A_SESSION:
            getattr(ui, name).enabled = is_open
        let_edit(ui.segmentEditor, is_open)
        ui.acceptButton.enabled = session is not None and session.start != BLANK and session.is_unchanged
        ui.blankButton.enabled = self.desk.numbers is not None and bool(self.desk.settings.reader)
        self._show_draft()
        ui.stateLabel.text = self._state()
        ui.stateLabel.visible = bool(ui.stateLabel.text)
        ui.timerLabel.visible = is_open and self.desk.settings.timer_shown
        ui.marksLabel.visible = ui.sliceSlider.visible = ui.marksRow.visible = is_open
        self._guide.infection_changed()

    def _show_draft(self) -> None:
        ui = self.ui
        ui.draftRow.visible = self.correction.offered is not None
        finished = self.correction.offered is not None and self.correction.is_finished()
        ui.resumeDraftButton.visible = not finished
        ui.draftLabel.text = (
            _("A finished correction of this case waits to be submitted: see section 4.")
            if finished
            else _("A draft of this case was kept: go on with it, or remove it and begin from the proposal.")
        )

    def _state(self) -> str:
        if self.desk.case is None or self.desk.numbers is None:
            return _("Segment and quantify a CT first.")
        if not self.desk.settings.reader:
            return _("Give your reader code in the settings: the correction then begins by itself.")
        session = self.correction.session
        if session is None:
            waits = self.correction.offered is not None
            return "" if waits else _("No correction is open. What was submitted is in the pool.")
        starts = {"blank": _("Begun from a blank mask."), "proposal": _("Begun from the proposal.")}
        return starts.get(session.start.kind, _("Begun from an earlier reading."))

    def _session(self) -> EditSession | None:
        return self.correction.session

    def _begun(self, session: EditSession) -> None:
        node = open_in_editor(self.ui.segmentEditor, session.nodes.infection, session.nodes.volume)
        session.follow_editor(node)
        self._options.begin()
        self._guide.begin(session, self.desk.numbers)
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
        self._guide.look()

    def _free_the_mouse(self) -> None:
        stop_effect(self.ui.segmentEditor)

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
            self.desk.changed()

    def _on_discard(self) -> None:
        if slicer.util.confirmYesNoDisplay(_("Remove the draft and its time? They cannot be brought back.")):
            self.correction.discard_draft()

    def _on_blank(self) -> None:
        session = self.correction.session
        works = self.correction.offered is not None or (session is not None and not session.is_unchanged)
        question = _("Put away what was corrected, and its time? They cannot be brought back.")
        if not works or slicer.util.confirmYesNoDisplay(question):
            self.correction.begin_blank()

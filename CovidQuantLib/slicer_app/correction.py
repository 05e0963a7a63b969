"""The reader's correction of the case on the screen: begun by itself, left and taken up again, kept as a draft."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from slicer.i18n import tr as _

from CovidQuantLib.anatomy import INFECTION
from CovidQuantLib.hitl.edit_log import read_edit_log
from CovidQuantLib.hitl.pool import BLANK, Draft, DraftName, Start, load_draft, remove_draft
from CovidQuantLib.hitl.pool.drafts import has_draft
from CovidQuantLib.messages import InputError
from CovidQuantLib.slicer_app.ct_export import ct_grid
from CovidQuantLib.slicer_app.desk import Desk
from CovidQuantLib.slicer_app.draft_place import local_draft_name
from CovidQuantLib.slicer_app.edit_session import EditSession, Listeners
from CovidQuantLib.slicer_app.infection_edits import Drawing
from CovidQuantLib.slicer_app.label_arrays import read_labels, whole_box, write_labels
from CovidQuantLib.slicer_app.live_numbers import Numbers
from CovidQuantLib.slicer_app.segmentation_nodes import CaseNodes, is_edited, mark_edited, was_edited
from CovidQuantLib.slicer_app.submission import opens_blank

THRESHOLD = "threshold"


class Correction:
    """Opens and closes the edit session of the desk's case.

    `begun(session)` is called when one is open, `outside(ml)` as strokes leave the lungs, `drawing(what)` as another
    class is chosen in the Segment Editor, whose state `save_undo` saves. A draft of an earlier start of Slicer waits in
    `offered` until the reader decides.
    """

    def __init__(
        self,
        desk: Desk,
        begun: Callable[[EditSession], None],
        outside: Callable[[float], None],
        save_undo: Callable[[], object],
        drawing: Callable[[Drawing], None],
    ) -> None:
        self._desk = desk
        self._begun = begun
        self._outside = outside
        self._save_undo = save_undo
        self._drawing = drawing
        self.offered: Draft | None = None
        self._tried = ""
        self._failed = False

    @property
    def session(self) -> EditSession | None:
        """The open session; None where there is none."""
        session = self._desk.session
        return session if session is not None and session.is_open else None

    def begin_by_itself(self) -> None:
        """Begin, where the case is new, a reader is named and no draft waits for a decision."""
        case, numbers = self._desk.case, self._desk.numbers
        if case is None or numbers is None or self.session is not None or not self._desk.settings.reader:
            return
        key = f"{case.infection.GetID()} {self._desk.settings.reader}"
        if key == self._tried:
            return
        self._tried = key
        self._say_problems(self._begin_or_offer)

    def resume_draft(self) -> None:
        """Go on with the draft that was offered."""
        self._desk.say("")
        draft, self.offered = self.offered, None
        self._say_problems(lambda: self._open(draft, None))

    def discard_draft(self) -> None:
        """Remove the draft that was offered, and begin anew, from the proposal that the draft began from."""
        self._desk.say("")
        draft, self.offered = self.offered, None
        if draft is not None:
            self._say_problems(lambda: self._begin_before(draft))

    def begin_blank(self) -> None:
        """Begin anew from a blank mask."""
        self._desk.say("")
        session = self.session
        if session is not None:
            session.close()
        self.offered = None
        self._say_problems(lambda: self._begin_anew(BLANK, removed=True))

    def leave(self) -> None:
        """The module is left: nothing of the session listens any more; the draft holds it."""
        session = self.session
        if session is not None:
            # Coming back reads the draft: where none was worth saving yet, one is written now.
            if not has_draft(session.name):
                session.drafts.changed()
            session.close()
            self._desk.session = None

    def come_back(self) -> None:
        """The module is opened again: go on with what is in the scene, which may have been edited elsewhere."""
        case = self._desk.case
        if self._failed:  # what was in the way, as a full disk, may have gone
            self._tried, self._failed = "", False
        if case is None or self.session is not None or not self._tried or self.offered is not None:
            return

        def go_on() -> None:
            draft = load_draft(self._name())
            if draft is not None:
                self._go_on_in_the_scene(case, draft)

        self._say_problems(go_on)

    def end(self) -> None:
        """The case goes off the screen: the draft is kept."""
        session = self.session
        if session is not None:
            session.close()
        self._desk.session = None
        self.offered, self._tried = None, ""

    def finish(self) -> DraftName:
        """End the correction to submit it; gives the name of its draft. Raises `InputError` where the disk refuses.

        What was finished before, and could not be submitted then, is given again.
        """
        session = self.session
        if session is not None:
            session.submit()
            self._desk.session = None
        elif not self.is_finished():
            raise InputError(_("There is no correction to submit. Open the case, look at it, and correct it."))
        self.offered = None
        return self._name()

    def is_finished(self) -> bool:
        """Whether a draft of this case was finished and waits to be submitted."""
        try:
            name = self._name()
            return name.edit_log.is_file() and read_edit_log(name.edit_log).events[-1].kind == "submitted"
        except (InputError, IndexError):
            return False

    def _begin_before(self, draft: Draft) -> None:
        """Begin where `draft` began. Raises `InputError` where the scene has been edited and does not hold that now."""
        case = self._desk.case
        if case is None:
            return
        shown = draft.maps.get("start")
        remove_draft(self._name())
        if not is_edited(case):
            self._begin_anew()
        elif draft.start == BLANK:
            self._begin_anew(BLANK)
        elif shown is None or was_edited(case.anatomy):
            raise InputError(
                _("The draft is removed. What the scene holds was edited: press the button in section 1 to begin anew.")
            )
        else:
            labels = ct_grid(case.volume).order.to_stored(shown)
            write_labels(case.infection, INFECTION, whole_box(case.volume), labels, case.volume)
            self._begin_anew(draft.start)

    def _begin_or_offer(self) -> None:
        draft = load_draft(self._name())
        if draft is None:
            self._begin_anew()
        else:
            self.offered = draft

    def _begin_anew(self, start: Start | None = None, *, removed: bool = False) -> None:
        case = self._desk.case
        if case is None:
            return
        if removed:
            remove_draft(self._name())
        settings = self._desk.settings
        if start is None and opens_blank(case.volume, settings.pool, settings.reader):
            start = BLANK
        if start is None and is_edited(case):
            # What somebody has edited is no proposal, and must not be called one.
            raise InputError(
                _(
                    "The infection on the screen was edited before, and no draft of yours goes with it. Press the "
                    "button in section 1 for a new proposal, or begin again from a blank mask."
                )
            )
        self._open(None, start or Start("proposal", case.infection_source or THRESHOLD))

    def _open(self, draft: Draft | None, start: Start | None) -> None:
        case = self._desk.case
        if case is None:
            return
        begin_with = start or (draft.start if draft is not None else BLANK)
        listeners = Listeners(
            numbers=self._take_numbers,
            outside_ml=self._outside,
            problem=self._desk.say,
            closed=self._on_closed,
            drawing=self._drawing,
        )
        session = EditSession(case, self._name(), begin_with, listeners, save_undo=self._save_undo)
        session.begin(draft)
        self._desk.session = session
        self._begun(session)

    def _go_on_in_the_scene(self, case: CaseNodes, draft: Draft) -> None:
        order = ct_grid(case.volume).order
        labels = order.from_stored(read_labels(case.infection, INFECTION, case.volume)).copy()
        edited_elsewhere = not np.array_equal(labels, draft.maps["infection"])
        if edited_elsewhere:
            mark_edited(case.infection)
        self._open(dataclasses.replace(draft, maps={**draft.maps, "infection": labels}), None)
        session = self.session
        if edited_elsewhere and session is not None:
            # No draft holds it yet.
            session.drafts.changed()

    def _name(self) -> DraftName:
        numbers = self._desk.numbers
        if numbers is None or not numbers.series_code:
            raise InputError(_("This case cannot be kept as a draft. Segment and quantify its CT again."))
        return local_draft_name(numbers.series_code, self._desk.settings.reader)

    def _take_numbers(self, numbers: Numbers) -> None:
        case, shown = self._desk.case, self._desk.numbers
        if case is not None and shown is not None:
            # Until something is edited, the numbers of the result have what these lack: the ranges of estimates.
            live = is_edited(case) or numbers.outside_ml > 0
            self._desk.numbers = shown.with_live(numbers) if live else shown
            self._desk.changed()

    def _on_closed(self) -> None:
        self._desk.session = None
        self._desk.changed()

    def _say_problems(self, act: Callable[[], None]) -> None:
        try:
            act()
            self._failed = False
        except InputError as error:
            self._desk.session, self._failed = None, True
            self._desk.say(str(error))
        self._desk.changed()

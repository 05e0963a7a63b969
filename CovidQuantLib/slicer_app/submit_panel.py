"""Step 4: what will be written, then the pool; and the next case."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
from slicer.i18n import tr as _

from CovidQuantLib.hitl.pool import open_pool
from CovidQuantLib.messages import InputError
from CovidQuantLib.reports.wording import millilitres
from CovidQuantLib.slicer_app.case_numbers import CaseNumbers
from CovidQuantLib.slicer_app.clinical_form import ClinicalForm
from CovidQuantLib.slicer_app.consolidation_label import ConsolidationLabel
from CovidQuantLib.slicer_app.correct_panel import CorrectPanel
from CovidQuantLib.slicer_app.desk import Desk
from CovidQuantLib.slicer_app.edit_session import EditSession
from CovidQuantLib.slicer_app.next_case import NextCase
from CovidQuantLib.slicer_app.panel import Panel
from CovidQuantLib.slicer_app.patient import patient_of
from CovidQuantLib.slicer_app.submission import SCAN, Submission, Submitted


class SubmitPanel(Panel):
    """The preview, the patient where nobody else says it, the clinical facts, the button."""

    UI: ClassVar[str] = "Submit"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        listen = self.observations.connect
        listen(self.ui.submitButton, "clicked(bool)", self.submit)
        self._form = ClinicalForm(self.ui)
        self._form_of = ""
        self._label = ConsolidationLabel(desk, self.ui, self.observations)
        self._next = NextCase(desk)
        listen(self.ui.nextButton, "clicked(bool)", self._next.start)
        listen(self.ui.addRegionButton, "clicked(bool)", self._form.add_region)
        listen(self.ui.addOutsideButton, "clicked(bool)", self._on_add_outside)
        listen(self.ui.cutOutsideButton, "clicked(bool)", self._on_cut_outside)
        self.correct: CorrectPanel | None = None

    def set_correct(self, correct: CorrectPanel) -> None:
        """The section that the correction comes from; its "accept unchanged" submits at once."""
        self.correct = correct
        self.observations.connect(correct.ui.acceptButton, "clicked(bool)", self.submit)

    def update(self) -> None:
        """Show what would be written, and what is missing for it."""
        case, numbers, pool = self.desk.case, self.desk.numbers, self.desk.settings.pool
        if numbers is not None and numbers.series_code != self._form_of:
            self._form.clear()
            self._form_of = numbers.series_code
        session = self.correct.correction.session if self.correct is not None else None
        finished = self.correct is not None and case is not None and self.correct.correction.is_finished()
        ready = (session is not None or finished) and pool is not None
        self.ui.submitButton.enabled = ready and not self.desk.jobs.busy
        self.ui.nextButton.enabled = pool is not None and not self.desk.jobs.busy
        self._label.update()
        outside_ml = _outside_ml(numbers, session)
        self.ui.outsideRow.visible = outside_ml > 0
        self.ui.outsideLabel.text = _("{ml} ml of the infection lie outside the lungs:").format(
            ml=millilitres(outside_ml)
        )
        is_named = case is None or case.volume.GetAttribute(SCAN) or patient_of(case.volume) is not None
        self.ui.patientRow.visible = not is_named
        self.ui.previewLabel.text = self._preview(session, finished=finished)

    def submit(self) -> None:
        """Finish the correction and bring it into the pool."""
        case, numbers, pool = self.desk.case, self.desk.numbers, self.desk.settings.pool
        if case is None or numbers is None or pool is None or self.correct is None or self.desk.jobs.busy:
            self.desk.say(_("Choose the pool in the settings first.") if pool is None else "")
            return
        try:
            session = self.correct.correction.session
            if session is not None and (strayed := session.arrays.strayed_segments()):
                raise InputError(
                    _(
                        "The infection has {count} segments beside ground glass and consolidation, which would be "
                        "lost. Undo what made them, or remove them in the module Segmentations."
                    ).format(count=strayed)
                )
            if _outside_ml(numbers, session) > 0:
                raise InputError(_("Infection lies outside the lungs. Choose what is to become of it in section 4."))
            subject, facts = patient_of(case.volume) or self._form.subject(), self._form.facts()
            if subject is None and not case.volume.GetAttribute(SCAN):
                raise InputError(_("Say whose CT this is: type the patient's ID. The pool keeps a code of it."))
            open_pool(pool)
            draft = self.correct.correction.finish()
            what = Submitted(case, draft, subject, numbers.sources, facts)
            Submission(self.desk.jobs, pool, what, self._done).start()
        except InputError as error:
            self.desk.say(str(error))
        self.desk.changed()

    def _on_add_outside(self) -> None:
        self._repair("add")

    def _on_cut_outside(self) -> None:
        self._repair("cut")

    def _repair(self, how: Literal["add", "cut"]) -> None:
        session = self.correct.correction.session if self.correct is not None else None
        if session is not None:
            try:
                if how == "add":
                    session.add_to_lung()
                else:
                    session.dismiss_outside()
                session.repair_outside(how)
            except InputError as error:
                self.desk.say(str(error))
            self.desk.changed()

    def _done(self) -> None:
        self._form.clear()
        self.desk.show_section(self.UI)
        self.ui.nextButton.setFocus()
        self.desk.say(_('The reading is in the pool. "Next case" in section 4 brings a CT that nobody has read.'))

    def _preview(self, session: EditSession | None, *, finished: bool) -> str:
        if self.desk.settings.pool is None:
            return _("Choose a pool in the settings to submit readings.")
        if session is None:
            return _("A finished correction waits to be submitted.") if finished else _("Nothing is ready to submit.")
        seen, slices = session.views.seen & session.lung_slices, session.lung_slices
        ml = session.arrays.grid.stored.voxel_ml
        box = session.ledger.extent
        start = session.start_labels if box is None else session.start_labels[box.slices]
        now = session.ledger.labels if box is None else session.ledger.labels[box.slices]
        differ = now != start
        before, after = start[differ], now[differ]
        added, removed = np.count_nonzero(before == 0), np.count_nonzero(after == 0)
        changed = before.size - added - removed
        starts = {"blank": _("a blank mask"), "proposal": _("a proposal")}
        return "\n".join(
            [
                _("Will be written: a reading by {reader}, begun from {start}, state submitted.").format(
                    reader=session.name.reader, start=starts.get(session.start.kind, _("an earlier reading"))
                ),
                _("Infection: {added} ml added, {removed} ml removed, {changed} ml of another class.").format(
                    added=millilitres(added * ml), removed=millilitres(removed * ml), changed=millilitres(changed * ml)
                ),
                _("Lungs, lobes, segments: {anatomy}. Edit log: yes.").format(
                    anatomy=_("changed") if session.arrays.anatomy_changed else _("as proposed")
                ),
                _("{seen} of {all} lung slices seen.").format(seen=len(seen), all=len(slices)),
            ]
        )


def _outside_ml(numbers: CaseNumbers | None, session: EditSession | None) -> float:
    """Infection outside the lungs: what is there, and strokes that wait for a decision."""
    there = numbers.outside_ml if numbers is not None else 0.0
    return there + (session.waiting_ml if session is not None else 0.0)

"""Step 5: a second reader, who sees the reading and not who made it."""

from __future__ import annotations

from typing import Any, ClassVar

import slicer
from slicer.i18n import tr as _

from CovidQuantLib.anatomy import LUNGS_KEY
from CovidQuantLib.hitl.pool import find_scan, history, open_pool
from CovidQuantLib.hitl.pool.quality import ANCHORS
from CovidQuantLib.messages import InputError
from CovidQuantLib.slicer_app.case_results import segment
from CovidQuantLib.slicer_app.desk import Desk
from CovidQuantLib.slicer_app.jobs import Values
from CovidQuantLib.slicer_app.lesion_places import fullest_place, show_place
from CovidQuantLib.slicer_app.panel import Panel
from CovidQuantLib.slicer_app.reviewed import Reviewed, readings_to_review, show_over
from CovidQuantLib.slicer_app.segmentation_nodes import CaseNodes, show_lung_window
from CovidQuantLib.slicer_app.submission import read_from_blank
from CovidQuantLib.slicer_app.tables import fill_row, fit_table, set_up_table
from CovidQuantLib.slicer_app.volume_loading import pool_volume

_SHOWN_CODE = 8
_MOST_ROWS = 5
_TO_REVIEW = ("submitted", "reopened")


class ReviewPanel(Panel):
    """The list of CTs with readings, the reading that is open, and the decisions about it."""

    UI: ClassVar[str] = "Review"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._scans: list[str] = []
        self._readings: tuple[Reviewed, ...] = ()
        self._volume: Any = None
        self._overlay: Any = None
        self._showing = False
        set_up_table(self.ui.readingsTable, [_("CT"), _("State"), _("Readings")])
        fit_table(self.ui.readingsTable, _MOST_ROWS)
        listen = self.observations.connect
        for button, slot in (
            (self.ui.listButton, self._on_list),
            (self.ui.openButton, self._on_open),
            (self.ui.scoreButton, self._on_score),
            (self.ui.approveButton, self._on_approve),
            (self.ui.returnButton, self._on_return),
            (self.ui.consensusButton, self._on_consensus),
            (self.ui.blankButton, self._on_blank),
        ):
            listen(button, "clicked(bool)", slot)
        listen(self.ui.readingsTable, "itemSelectionChanged()", self.update)
        listen(self.ui.scoreBox, "valueChanged(int)", self.update)
        listen(self.ui.readingBox, "currentIndexChanged(int)", self._on_choice)
        listen(self.ui.shownBox, "currentIndexChanged(int)", self._on_choice)

    @property
    def opened(self) -> Reviewed | None:
        """The reading that is open."""
        index = self.ui.readingBox.currentIndex
        return self._readings[index] if 0 <= index < len(self._readings) else None

    def update(self) -> None:
        """Show what can be pressed."""
        settings, ui, opened = self.desk.settings, self.ui, self.opened
        ready = settings.pool is not None and bool(settings.reader) and not self.desk.jobs.busy
        ui.listButton.enabled = ready
        ui.openButton.enabled = ready and 0 <= ui.readingsTable.currentRow() < len(self._scans)
        ui.openedRows.visible = opened is not None
        proposed = opened is not None and opened.proposed is not None
        ui.shownBox.enabled = proposed
        ui.scoreButton.enabled = ui.scoreBox.enabled = ready and proposed
        ui.meaningLabel.text = _("{score}: {meaning}.").format(
            score=ui.scoreBox.value, meaning=ANCHORS[ui.scoreBox.value]
        )
        ui.meaningLabel.visible = ui.wordingLabel.visible = proposed
        ui.approveButton.enabled = ui.returnButton.enabled = ready and opened is not None and not opened.is_own
        ui.consensusButton.enabled = ready and opened is not None
        ui.blankButton.enabled = ready and opened is not None
        if settings.pool is None or not settings.reader:
            ui.openedLabel.text = _("Choose a pool and give your reader code in the settings.")
        elif opened is None:
            ui.openedLabel.text = _("No reading is open.")
        else:
            text = _("Open: a reading of CT {code}. It cannot be changed here.")
            text += "" if proposed else "\n" + _("It began from a blank mask: there is no proposal to score.")
            ui.openedLabel.text = text.format(code=opened.past.scan.code[:_SHOWN_CODE])

    def case_closes(self) -> None:
        """The reading that was shown goes."""
        self._hide()

    def _hide(self) -> None:
        self._remove_overlay()
        self._readings, self._volume = (), None
        self._offer()

    def _remove_overlay(self) -> None:
        if self._overlay is not None and slicer.mrmlScene.IsNodePresent(self._overlay):
            slicer.mrmlScene.RemoveNode(self._overlay)
        self._overlay = None

    def _on_list(self) -> None:
        arguments = ["pool", "status", str(self.desk.settings.pool)]
        self.desk.jobs.run(arguments, _("Looking for readings to review"), self._take_list)

    def _take_list(self, values: Values) -> None:
        mine = self.desk.settings.reader
        rows = [
            row for row in values["rows"] if row["state"] in _TO_REVIEW and row["readings"] and row["readers"] != [mine]
        ]
        self._scans = [str(row["scan"]) for row in rows]
        table = self.ui.readingsTable
        table.setRowCount(len(rows))
        for number, row in enumerate(rows):
            cells = [str(row["scan"])[:_SHOWN_CODE], str(row["state"]), str(len(row["readings"]))]
            fill_row(table, number, cells, tip=str(row["scan"]), words=2)
        fit_table(table, _MOST_ROWS)
        if not rows:
            self.desk.say(_("There is no reading of somebody else to review."))

    def _on_open(self) -> None:
        try:
            self._open(self._scans[self.ui.readingsTable.currentRow()])
        except InputError as error:
            self._hide()
            self.desk.say(str(error))
        self.desk.changed()

    def _open(self, scan_code: str) -> None:
        folder = self.desk.settings.pool
        if folder is None:
            return
        self.desk.say("")
        pool = open_pool(folder)
        scan = find_scan(pool, scan_code)
        readings = readings_to_review(history(pool, scan), self.desk.settings.reader)
        if not readings:
            raise InputError(_("This CT has no reading any more. List the readings again."))
        volume = pool_volume(pool, scan)
        self.desk.close_case()
        self.desk.parameters.ct = volume
        slicer.util.setSliceViewerLayers(background=volume, fit=True)
        self._readings, self._volume = readings, volume
        show_lung_window(volume)
        self._offer()
        self._show()
        place = fullest_place(CaseNodes(volume, self._overlay, self._overlay), LUNGS_KEY)
        if place is not None:
            show_place(place)

    def _offer(self) -> None:
        """Fill the choice of the readings; the boxes' signals are not for what is filled here."""
        self._showing = True
        self.ui.readingBox.clear()
        for reading in self._readings:
            self.ui.readingBox.addItem(reading.name)
        self.ui.readingBox.visible = len(self._readings) > 1
        self.ui.shownBox.setCurrentIndex(0)
        self._showing = False

    def _on_choice(self) -> None:
        if self._showing:
            return
        try:
            self._show()
        except InputError as error:
            self.desk.say(str(error))
        self.update()

    def _show(self) -> None:
        """Show the mask that is chosen over the CT, and nothing else of the CT's cases."""
        self._remove_overlay()
        opened = self.opened
        if opened is not None and self._volume is not None:
            self.desk.show_case_alone()
            self._overlay = show_over(self._volume, opened, proposal=self.ui.shownBox.currentIndex == 1)

    def _on_score(self) -> None:
        opened = self.opened
        if opened is not None and opened.proposed is not None:
            self._mark("quality", opened.proposed.id, str(self.ui.scoreBox.value))

    def _on_approve(self) -> None:
        self._decide("approve")

    def _on_return(self) -> None:
        self._decide("return")

    def _on_consensus(self) -> None:
        self._decide("consensus")

    def _decide(self, decision: str) -> None:
        if self.opened is not None:
            self._mark(decision, self.opened.revision.id)

    def _mark(self, decision: str, *what: str) -> None:
        if self.opened is not None:
            scan, reader = self.opened.past.scan.code, self.desk.settings.reader
            arguments = ["pool", "mark", str(self.desk.settings.pool), scan, "--reader", reader]
            receive = self._scored if decision == "quality" else self._decided
            self.desk.jobs.run([*arguments, f"--{decision}", *what], _("Putting it on record"), receive)

    def _scored(self, values: Values) -> None:  # noqa: ARG002 - as every receiver of a result
        self.desk.say(_("The score of the proposal is on record."))

    def _decided(self, values: Values) -> None:
        """The decision is on record: the CT goes from the screen, and from the list unless it is still to be done."""
        code = str(values["scan"])
        if values["state"] not in _TO_REVIEW and code in self._scans:
            self.ui.readingsTable.removeRow(self._scans.index(code))
            self._scans.remove(code)
        self._hide()
        self.desk.say(_("On record. The scan is now {state}.").format(state=values["state"]))

    def _on_blank(self) -> None:
        """Read the CT without having the reading or a proposal on the screen."""
        volume = self._volume
        self._hide()
        if volume is None or not slicer.mrmlScene.IsNodePresent(volume):
            self.desk.changed()
            return
        read_from_blank(volume, self.desk.settings.reader)
        self.desk.parameters.ct = volume
        segment(self.desk, volume, ["--anatomy", self.desk.parameters.anatomy, "--infection", "threshold"], "Correct")

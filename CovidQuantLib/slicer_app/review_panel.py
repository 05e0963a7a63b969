"""Step 5: a second reader, who sees the reading and not who made it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import qt
import slicer
from slicer.i18n import tr as _

from CovidQuantLib.anatomy import INFECTION
from CovidQuantLib.ct.labelmaps import read_labelmap_on
from CovidQuantLib.hitl.pool import find_scan, history, open_pool
from CovidQuantLib.hitl.pool.layout import INFECTION_FILE
from CovidQuantLib.hitl.pool.revisions import find_revision
from CovidQuantLib.messages import InputError
from CovidQuantLib.slicer_app.ct_export import ct_grid
from CovidQuantLib.slicer_app.desk import Desk
from CovidQuantLib.slicer_app.jobs import Values
from CovidQuantLib.slicer_app.label_arrays import whole_box, write_labels
from CovidQuantLib.slicer_app.panel import Panel
from CovidQuantLib.slicer_app.segmentation_nodes import show_lung_window
from CovidQuantLib.slicer_app.submission import remember_scan, scan_of
from CovidQuantLib.slicer_app.volume_loading import load_ct

_SHOWN_CODE = 8
_TO_REVIEW = ("submitted", "reopened")


class ReviewPanel(Panel):
    """The list of readings, the one that is open, and the decisions about it."""

    UI: ClassVar[str] = "Review"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._rows: list[tuple[str, str]] = []
        self._open: tuple[str, str] | None = None
        self._overlay: Any = None
        table = self.ui.readingsTable
        table.setColumnCount(2)
        table.setHorizontalHeaderLabels([_("CT"), _("State")])
        table.verticalHeader().setVisible(False)
        table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.Stretch)
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
        listen(table, "itemSelectionChanged()", self.update)

    def update(self) -> None:
        """Show what can be pressed."""
        settings, ui = self.desk.settings, self.ui
        ready = settings.pool is not None and bool(settings.reader) and not self.desk.jobs.busy
        ui.listButton.enabled = ready
        ui.openButton.enabled = ready and 0 <= ui.readingsTable.currentRow() < len(self._rows)
        for name in ("scoreButton", "approveButton", "returnButton", "consensusButton", "blankButton"):
            getattr(ui, name).enabled = ready and self._open is not None
        if settings.pool is None or not settings.reader:
            ui.openedLabel.text = _("Choose a pool and give your reader code in the settings.")
        elif self._open is None:
            ui.openedLabel.text = _("No reading is open.")
        else:
            ui.openedLabel.text = _("Open: a reading of CT {code}. It cannot be changed here.").format(
                code=self._open[0][:_SHOWN_CODE]
            )

    def case_closes(self) -> None:
        """The reading that was shown goes."""
        self._hide()

    def _hide(self) -> None:
        if self._overlay is not None and slicer.mrmlScene.IsNodePresent(self._overlay):
            slicer.mrmlScene.RemoveNode(self._overlay)
        self._overlay = self._open = None

    def _on_list(self) -> None:
        arguments = ["pool", "status", str(self.desk.settings.pool)]
        self.desk.jobs.run(arguments, _("Looking for readings to review"), self._take_list)

    def _take_list(self, values: Values) -> None:
        mine = self.desk.settings.reader
        self._rows = []
        states = []
        for row in values["rows"]:
            if row["state"] in _TO_REVIEW and row["readings"] and row["readers"] != [mine]:
                self._rows.append((str(row["scan"]), str(row["reference"] or row["readings"][-1])))
                states.append(str(row["state"]))
        table = self.ui.readingsTable
        table.setRowCount(len(self._rows))
        for number, ((scan, _revision), state) in enumerate(zip(self._rows, states, strict=True)):
            table.setItem(number, 0, qt.QTableWidgetItem(scan[:_SHOWN_CODE]))
            table.setItem(number, 1, qt.QTableWidgetItem(state))
        if not self._rows:
            self.desk.say(_("There is no reading of somebody else to review."))

    def _on_open(self) -> None:
        try:
            self._show(*self._rows[self.ui.readingsTable.currentRow()])
        except InputError as error:
            self.desk.say(str(error))
        self.desk.changed()

    def _show(self, scan_code: str, revision_id: str) -> None:
        folder = self.desk.settings.pool
        if folder is None:
            return
        pool = open_pool(folder)
        scan = find_scan(pool, scan_code)
        revision = find_revision(history(pool, scan).readings, revision_id)
        volume = self._volume_of(pool, scan)
        self.desk.parameters.ct = volume
        self.desk.find_case()
        self._hide()
        slicer.app.processEvents()
        labels = read_labelmap_on(revision.folder / INFECTION_FILE, scan.grid)
        slicer.app.processEvents()
        stored = np.ascontiguousarray(ct_grid(volume).order.to_stored(labels))
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", _("Reading to review"))
        node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
        node.CreateDefaultDisplayNodes()
        write_labels(node, INFECTION, whole_box(volume), stored, volume)
        node.SetHideFromEditors(True)  # no editor offers it: it is read-only
        show_lung_window(volume)
        if self.desk.case is not None:
            self.desk.case.infection.GetDisplayNode().SetVisibility(False)
        self._overlay, self._open = node, (scan_code, revision_id)

    def _volume_of(self, pool: Any, scan: Any) -> Any:
        for volume in slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode"):
            if scan_of(volume, pool) == scan.code:
                slicer.util.setSliceViewerLayers(background=volume, fit=True)
                return volume
        volume = load_ct(scan.folder / "ct.nii.gz", _("CT {code}").format(code=scan.code[:_SHOWN_CODE]))
        remember_scan(volume, pool, scan.code)
        return volume

    def _on_score(self) -> None:
        self._mark("quality", str(self.ui.scoreBox.value))

    def _on_approve(self) -> None:
        self._mark("approve")

    def _on_return(self) -> None:
        self._mark("return")

    def _on_consensus(self) -> None:
        self._mark("consensus")

    def _mark(self, decision: str, *more: str) -> None:
        if self._open is not None:
            scan, revision = self._open
            arguments = ["pool", "mark", str(self.desk.settings.pool), scan, "--reader", self.desk.settings.reader]
            self.desk.jobs.run([*arguments, f"--{decision}", revision, *more], _("Putting it on record"), self._marked)

    def _marked(self, values: Values) -> None:
        self.desk.say(_("On record. The scan is now {state}.").format(state=values["state"]))

    def _on_blank(self) -> None:
        self._hide()
        self.desk.say(
            _('Segment the CT in section 1, then choose "Begin again from a blank mask" in section 3, "More".')
        )
        self.desk.changed()

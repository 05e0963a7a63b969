"""The next case of the pool: chosen by `covidquant next`, loaded, and segmented."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

from CovidQuantLib.hitl.pool import find_scan, open_pool
from CovidQuantLib.slicer_app.case_results import segment, usual_options
from CovidQuantLib.slicer_app.desk import Desk
from CovidQuantLib.slicer_app.jobs import Values
from CovidQuantLib.slicer_app.segmentation_nodes import case_nodes_of, is_edited
from CovidQuantLib.slicer_app.volume_loading import pool_volume


class NextCase:
    """Puts a CT that nobody has read on the desk, and starts its computation.

    The case before stays in the scene, hidden. A correction that is not submitted is kept as a draft, which is said.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def start(self) -> None:
        """Choose one. Whatever fails is said in the message's place, and the case on the screen stays."""
        pool = self._desk.settings.pool
        if pool is not None and not self._desk.jobs.busy:
            self._desk.jobs.run(["next", str(pool)], _("Choosing the next case"), self._load)

    def _load(self, values: Values) -> None:
        folder = self._desk.settings.pool
        if folder is None:
            return
        pool = open_pool(folder)
        volume = pool_volume(pool, find_scan(pool, str(values["scans"][0]["scan"])))
        shown = self._desk.case
        if shown is not None and shown.volume is volume:
            self._desk.say(_("This CT is the next one: nobody has submitted a reading of it yet."))
            return
        session = self._desk.session
        keeps_draft = session is not None and session.is_open and shown is not None and is_edited(shown)
        self._desk.parameters.ct = volume
        self._desk.find_case()
        if session is not None and keeps_draft and not session.drafts.is_saved:
            # What the disk said stays on the screen, and the voxels in the scene.
            return
        self._desk.jobs.then(lambda: self._begin(volume, keeps_draft=keeps_draft))

    def _begin(self, volume: Any, *, keeps_draft: bool) -> None:
        # A CT that was on the screen before is as it was left, with its draft.
        if case_nodes_of(volume):
            self._desk.show_section("Correct")
        else:
            segment(self._desk, volume, usual_options(self._desk), "Look")
        if keeps_draft:
            self._desk.say(_("The correction of the case before is kept as a draft, and is not submitted."))

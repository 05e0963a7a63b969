"""Whether a radiologist sees consolidation in the CT on the screen: one click, a fact of its scan in the pool."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

from CovidQuantLib.hitl.pool import open_pool
from CovidQuantLib.messages import InputError
from CovidQuantLib.slicer_app.connections import Observations
from CovidQuantLib.slicer_app.desk import Desk
from CovidQuantLib.slicer_app.jobs import Values
from CovidQuantLib.slicer_app.submission import SCAN, scan_of


class ConsolidationLabel:
    """The buttons of `ui` that note the label at once, of a CT that is in the pool; no reading is made.

    What the pool knows already is not shown: it is somebody else's word, and would lead this reader's.
    """

    def __init__(self, desk: Desk, ui: Any, observations: Observations) -> None:
        self._desk, self._ui = desk, ui
        self._said = {
            "yes": _("On record: there is consolidation in this CT."),
            "no": _("On record: there is no consolidation in this CT."),
            "unknown": _("On record: it is not known whether there is consolidation in this CT."),
        }
        for button, slot in (
            (ui.seenYesButton, self._on_yes),
            (ui.seenNoButton, self._on_no),
            (ui.seenUnknownButton, self._on_unknown),
        ):
            observations.connect(button, "clicked(bool)", slot)

    def update(self) -> None:
        """Offer the label where the CT on the screen is a scan of a pool and there is a reader to say it."""
        settings, volume = self._desk.settings, self._desk.parameters.ct
        in_pool = volume is not None and bool(volume.GetAttribute(SCAN))
        self._ui.seenRow.visible = in_pool and settings.pool is not None and bool(settings.reader)
        self._ui.seenRow.enabled = not self._desk.jobs.busy

    def _on_yes(self) -> None:
        self._note("yes")

    def _on_no(self) -> None:
        self._note("no")

    def _on_unknown(self) -> None:
        self._note("unknown")

    def _note(self, answer: str) -> None:
        folder, volume = self._desk.settings.pool, self._desk.parameters.ct
        if folder is None or volume is None or self._desk.jobs.busy:
            return
        try:
            scan = scan_of(volume, open_pool(folder))
        except InputError as error:
            self._desk.say(str(error))
            return
        if scan is None:
            self._desk.say(_("This CT is in another pool. Choose that pool in the settings."))
            return
        arguments = ["pool", "mark", str(folder), scan, "--reader", self._desk.settings.reader]

        def noted(values: Values) -> None:  # noqa: ARG001 - as every receiver of a result
            self._desk.say(self._said[answer])

        self._desk.jobs.run([*arguments, "--has-consolidation", answer], _("Putting it on record"), noted)

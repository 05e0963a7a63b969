"""What a reader may say about the CT beside its mask: whose it is, and clinical facts."""

from __future__ import annotations

import datetime as dt
from typing import Any

from slicer.i18n import tr as _

from CovidQuantLib.anatomy import LOBES, SEGMENTS
from CovidQuantLib.hitl.pool import Subject
from CovidQuantLib.messages import InputError

_UNKNOWN = -1
_STATES = ("absent", "not-definable")


class ClinicalForm:
    """The fields of `ui` for patient and facts. They are of one CT: the owner empties them when another one comes."""

    def __init__(self, ui: Any) -> None:
        self._ui = ui
        self._regions = (*LOBES, *SEGMENTS)
        for region in self._regions:
            ui.regionBox.addItem(region.name)

    def clear(self) -> None:
        """Say nothing any more."""
        ui = self._ui
        ui.patientEdit.text = ui.dateEdit.text = ui.regionsEdit.text = ui.noteEdit.text = ""
        for box in (ui.onsetBox, *self._scores().values()):
            box.value = _UNKNOWN
        ui.psiBox.value = 0
        ui.typeBox.setCurrentIndex(0)
        ui.denseBox.setCurrentIndex(0)

    def subject(self) -> Subject | None:
        """Whose CT it is, where that was typed. Raises `InputError` for a date that is none."""
        patient, date = self._ui.patientEdit.text.strip(), self._ui.dateEdit.text.strip()
        if not patient:
            return None
        try:
            return Subject(patient, study_date=dt.date.fromisoformat(date) if date else None)
        except ValueError as error:
            raise InputError(_("The study date is written as year-month-day, or left empty.")) from error

    def facts(self) -> list[str]:
        """The facts that were given, as options of `pool mark`."""
        ui, found = self._ui, []
        if ui.onsetBox.value != _UNKNOWN:
            found += ["--day-from-onset", str(ui.onsetBox.value)]
        if ui.psiBox.value > 0:
            found += ["--psi-class", str(ui.psiBox.value)]
        for box, option in ((ui.typeBox, "--clinical-type"), (ui.denseBox, "--has-consolidation")):
            if box.currentIndex > 0:
                found += [option, box.currentText]
        scores = {key: box.value for key, box in self._scores().items()}
        given = [f"{key}={score}" for key, score in scores.items() if score != _UNKNOWN]
        if given:
            found += ["--visual-score", ",".join(given)]
        if regions := ui.regionsEdit.text.replace(" ", ""):
            found += ["--regions", regions]
        if note := ui.noteEdit.text.strip():
            found += [f"--note={note}"]  # in one word: a note may begin with a dash
        return found

    def add_region(self) -> None:
        """Put the chosen region, with what is the matter with it, into the list of regions."""
        ui = self._ui
        key, state = self._regions[ui.regionBox.currentIndex].key, _STATES[ui.regionStateBox.currentIndex]
        others = [one.strip() for one in ui.regionsEdit.text.split(",") if one.strip()]
        kept = [one for one in others if one.partition("=")[0] != key]
        ui.regionsEdit.text = ", ".join([*kept, f"{key}={state}"])

    def _scores(self) -> dict[str, Any]:
        """The boxes of the scores by eye, by the lobe's key."""
        return {lobe.key: getattr(self._ui, f"score{lobe.key}Box") for lobe in LOBES}

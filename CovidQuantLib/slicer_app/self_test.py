"""Slicer's self test: the whole circle on a synthetic chest, in a fresh scene, with a pool of its own.

It stands in the library, since the tests' folder is not installed. The same body runs in the embedded host.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
import unittest
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import slicer

from CovidQuantLib.anatomy import CONSOLIDATION, INFECTION
from CovidQuantLib.hitl.pool import History, histories, open_pool
from CovidQuantLib.hitl.rounds import promoted_model
from CovidQuantLib.networks.extra import missing_packages
from CovidQuantLib.quantification import LabelMaps, quantify
from CovidQuantLib.slicer_app.case_numbers import parse_numbers
from CovidQuantLib.slicer_app.correct_panel import CorrectPanel
from CovidQuantLib.slicer_app.follow_up_panel import FollowUpPanel
from CovidQuantLib.slicer_app.improve_panel import ImprovePanel
from CovidQuantLib.slicer_app.installation import BASE, missing
from CovidQuantLib.slicer_app.label_arrays import read_labels, whole_box, write_labels
from CovidQuantLib.slicer_app.lesion_places import fullest_place
from CovidQuantLib.slicer_app.module_screen import ModuleScreen
from CovidQuantLib.slicer_app.review_panel import ReviewPanel
from CovidQuantLib.slicer_app.segment_panel import SegmentPanel
from CovidQuantLib.slicer_app.segmentation_nodes import load_results
from CovidQuantLib.slicer_app.self_test_chest import chest_volume, true_results
from CovidQuantLib.slicer_app.settings import POOL, READER
from CovidQuantLib.slicer_app.submit_panel import SubmitPanel
from CovidQuantLib.synthetic_chest import SMALL, make_chest

PATIENT = "COVIDQUANT-SELF-TEST"
_LONGEST_S = 1200.0
_LUNG_TOLERANCE, _POI_TOLERANCE = 0.05, 3.0
_QUICK_ROUND = (
    *("--from", "scratch", "--epochs", "1", "--patch", "16", "--batch", "1", "--patches-per-case", "1"),
    *("--network", "vbnet", "--set", "width=2", "--set", "blocks=[1,1]", "--spacing", "5"),
)


class SelfTest:
    """Uses the screen as a reader does; `run` raises `AssertionError` with a sentence where something is wrong."""

    def __init__(self, screen: ModuleScreen, say: Callable[[str], object]) -> None:
        self._screen = screen
        self._desk = screen.desk
        self._say = say

    def run(self) -> None:
        """Go the whole circle. Raises `unittest.SkipTest` in a test run of Slicer that lacks packages."""
        if slicer.app.testingEnabled() and missing(BASE):
            raise unittest.SkipTest(f"Not installed: {', '.join(missing(BASE))}.")
        with self._own_places() as pool:
            self._screen.enter()
            self._make_pool(pool)
            volume = self._one_click()
            self._correct()
            self._recover()
            self._submit(pool)
            self._review(pool)
            self._improve(pool)
            self._follow_up(volume)
        self._say("The whole circle was gone: every step did what it should.")

    @contextlib.contextmanager
    def _own_places(self) -> Iterator[Path]:
        """A pool, a key and drafts of this test's own; what the user has set comes back."""
        settings, names = slicer.app.userSettings(), (f"CovidQuant/{POOL}", f"CovidQuant/{READER}")
        kept = {name: settings.value(name) for name in names}
        variables = ("COVIDQUANT_CONFIG", "COVIDQUANT_DATA")
        environment = {name: os.environ.get(name) for name in variables}
        with tempfile.TemporaryDirectory(prefix="covidquant-self-test-") as folder:
            for name in variables:
                os.environ[name] = str(Path(folder) / name.lower())
            self._desk.settings.set_pool("")
            self._desk.settings.set_reader("R1")
            try:
                yield Path(folder) / "pool"
            finally:
                self._desk.close_case()
                for name, value in kept.items():
                    settings.setValue(name, value)
                for name, old in environment.items():
                    os.environ.pop(name, None)
                    if old is not None:
                        os.environ[name] = old

    def _make_pool(self, pool: Path) -> None:
        self._say("Making a pool")
        arguments = ["pool", "init", str(pool), "--training", PATIENT]
        self._desk.jobs.run(arguments, "Making a pool", lambda values: None)  # noqa: ARG005 - nothing to do with it
        self._wait()
        self._desk.settings.set_pool(str(pool))
        open_pool(pool)

    def _one_click(self) -> Any:
        self._say("Segment and quantify")
        self._chest = make_chest(SMALL)
        volume = chest_volume(self._chest, PATIENT, "20200301")
        self._desk.parameters.ct = volume
        self._desk.changed()
        self._screen.panel(SegmentPanel).ui.segmentButton.click()
        self._wait()
        numbers = self._desk.numbers
        assert numbers is not None, f"one click gave no numbers: {self._message()}"
        truth = quantify(self._chest.ct.hu, self._true_maps(), self._chest.ct.geometry)
        measured, true = numbers.region("lungs"), truth.region("lungs")
        off = abs((measured.volume_ml or 0.0) - (true.volume_ml or 0.0)) / (true.volume_ml or 1.0)
        assert off < _LUNG_TOLERANCE, f"the lungs' volume is off by {100 * off:.1f} %"
        assert abs((measured.poi or 0.0) - (true.poi or 0.0)) < _POI_TOLERANCE, "POI is far from the truth"
        return volume

    def _correct(self) -> None:
        self._say("Correct")
        panel, case = self._screen.panel(CorrectPanel), self._desk.case
        session = panel.correction.session
        assert case is not None, "no case is on the screen"
        assert session is not None, f"the correction did not begin by itself: {self._message()}"
        before = self._infection()
        editor = panel.ui.segmentEditor
        editor.setCurrentSegmentID(CONSOLIDATION.key)
        editor.setActiveEffectByName("Islands")
        effect = editor.activeEffect()
        effect.setParameter("Operation", "KEEP_LARGEST_ISLAND")
        effect.self().onApply()
        session.settle()
        after = self._infection()
        assert np.count_nonzero(after) < np.count_nonzero(before), "the Segment Editor changed nothing"
        editor.undo()
        session.settle()
        assert np.array_equal(self._infection(), before), "undo did not bring everything back"
        editor.setActiveEffect(None)
        place = fullest_place(case, "lungs")
        assert place is not None, "there is no infection to correct"
        assert session.delete_component(place), "no lesion was deleted"
        self._until(lambda: self._desk.numbers is not None and self._desk.numbers.follow_edits)
        assert session.name.edit_log.stat().st_size > 0, "no time was logged"

    def _recover(self) -> None:
        self._say("Draft and recovery")
        panel, case = self._screen.panel(CorrectPanel), self._desk.case
        corrected = self._infection()
        assert case is not None, "no case is on the screen"
        self._desk.close_case()
        write_labels(case.infection, INFECTION, whole_box(case.volume), np.zeros_like(corrected), case.volume)
        self._desk.find_case()
        assert panel.correction.offered is not None, "the draft was not offered again"
        panel.ui.resumeDraftButton.click()
        assert np.array_equal(self._infection(), corrected), "the draft did not bring the correction back"

    def _submit(self, pool: Path) -> None:
        self._say("Submit")
        panel = self._screen.panel(SubmitPanel)
        panel.ui.onsetBox.value = 5
        assert panel.ui.submitButton.isEnabled(), "nothing can be submitted"
        panel.submit()
        self._wait()
        past = self._only_scan(pool)
        assert past.state == "submitted", f"the reading is not in the pool: {self._message()}"
        assert past.clinical.day_from_onset == 5, "the clinical fact is not in the pool"
        assert past.reference is not None, "the reading is no reference"
        assert past.reference.start.kind == "proposal", "the reading does not say what it began from"

    def _review(self, pool: Path) -> None:
        self._say("Review")
        self._desk.close_case()
        self._desk.settings.set_reader("R2")
        self._desk.changed()
        panel = self._screen.panel(ReviewPanel)
        panel.ui.listButton.click()
        self._wait()
        assert panel.ui.readingsTable.rowCount == 1, "the reading is not offered for review"
        panel.ui.readingsTable.selectRow(0)
        panel.update()
        panel.ui.openButton.click()
        panel.ui.scoreButton.click()
        self._wait()
        panel.ui.approveButton.click()
        self._wait()
        past = self._only_scan(pool)
        assert past.state == "reviewed", f"the reading is not reviewed: {self._message()}"

    def _improve(self, pool: Path) -> None:
        if missing_packages():
            self._say("No round: the packages for networks are not installed.")
            return
        self._say("Improve")
        panel = self._screen.panel(ImprovePanel)
        panel.rounds.run(["round", "start", str(pool), *_QUICK_ROUND], "A short round", lambda values: None)  # noqa: ARG005
        self._wait()
        panel.ui.section.collapsed = False
        panel.ui.reasonEdit.text = "self test"
        panel.update()
        assert panel.ui.promoteButton.isEnabled(), f"the round gave no model: {panel.ui.messageLabel.text}"
        panel.ui.promoteButton.click()
        self._wait()
        assert promoted_model(open_pool(pool)) is not None, f"nothing was promoted: {panel.ui.messageLabel.text}"

    def _follow_up(self, volume: Any) -> None:
        self._say("Follow up")
        second = chest_volume(self._chest, PATIENT, "20200311")
        with tempfile.TemporaryDirectory() as folder:
            text = true_results(Path(folder), self._chest)
            nodes = load_results(Path(folder), second)
        self._desk.parameters.ct = second
        self._desk.new_case(nodes, parse_numbers(text), text)
        panel = self._screen.panel(FollowUpPanel)
        panel.ui.section.collapsed = False
        panel.update()
        assert panel.ui.pointsTable.rowCount == 2, f"not two CTs: {panel.ui.patientLabel.text}"
        days = [panel.ui.pointsTable.item(row, 0).text() for row in range(2)]
        assert days == ["5", "15"], f"the CTs are of days 5 and 15 from onset, and not {days}"
        assert volume is not second, "two CTs are two nodes"

    def _only_scan(self, pool: Path) -> History:
        found = histories(open_pool(pool))
        assert len(found) == 1, f"the pool does not hold the one scan: {self._message()}"
        return found[0]

    def _true_maps(self) -> LabelMaps:
        chest = self._chest
        return LabelMaps(chest.lungs, chest.lobes, chest.segments, chest.infection)

    def _infection(self) -> Any:
        case = self._desk.case
        assert case is not None, "no case is on the screen"
        return read_labels(case.infection, INFECTION, case.volume)

    def _message(self) -> str:
        return str(self._screen.message)

    def _wait(self) -> None:
        """Wait for all computations of the screen."""
        rounds = self._screen.panel(ImprovePanel).rounds
        self._until(lambda: not self._desk.jobs.busy and not rounds.busy)

    def _until(self, condition: Callable[[], bool]) -> None:
        end = time.monotonic() + _LONGEST_S
        while not condition():
            assert time.monotonic() < end, "it took too long"
            slicer.app.processEvents()
            time.sleep(0.005)

"""Step 5 with a pool of two readers: blind, read-only, scored, approved, returned, read from blank, agreed on."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from CovidQuantLib.hitl.pool import (
    AnatomyMaps,
    Pool,
    Reading,
    Scan,
    Start,
    Subject,
    add_scan,
    history,
    init_pool,
    note_clinical,
    submit_anatomy,
    submit_reading,
)
from Testing.embedded_host.application import Application
from Testing.unit.module.ready_results import a_chest, do_commands, section

pytestmark = pytest.mark.slicer


def proposal() -> Any:
    return a_chest().infection


def corrected() -> Any:
    """The proposal without its consolidation."""
    return np.where(proposal() == 2, 0, proposal()).astype(np.uint8)


@pytest.fixture
def a_pool(screen: Any, tmp_path: Path) -> tuple[Pool, Scan]:
    """A pool with one scan that FIRST has corrected; R2 is at the screen."""
    pool = init_pool(tmp_path / "pool", fraction=0.0)
    scan = add_scan(pool, a_chest().ct, Subject("4711", study_date=dt.date(2020, 3, 1))).scan
    submit_anatomy(pool, scan, AnatomyMaps(a_chest().lungs))
    start = Start("proposal", "threshold")
    submit_reading(pool, scan, Reading(corrected(), "FIRST", start, start_mask=proposal()))
    note_clinical(pool, scan, "FIRST", {"clinical_type": "severe", "day_from_onset": 12})
    screen.desk.settings.set_pool(str(pool.folder))
    screen.desk.settings.set_reader("R2")
    screen.desk.changed()
    return pool, scan


class Step:
    """The review section and somebody who presses its buttons."""

    def __init__(self, application: Application, screen: Any) -> None:
        self._application, self.screen = application, screen
        self.ui = section(screen, "Review").ui

    def press(self, name: str) -> None:
        button = getattr(self.ui, name)
        assert button.isEnabled(), f"{name} cannot be pressed"
        button.click()
        self._application.wait_until(lambda: not self.screen.desk.jobs.busy, seconds=60)
        self._application.process_events(0.05)

    def open(self, row: int = 0) -> None:
        self.press("listButton")
        self.ui.readingsTable.selectRow(row)
        self.press("openButton")

    def overlay(self) -> Any:
        """The labels of what is shown over the CT."""
        import slicer

        from CovidQuantLib.anatomy import INFECTION
        from CovidQuantLib.slicer_app.ct_export import ct_grid
        from CovidQuantLib.slicer_app.label_arrays import read_labels

        (node,) = [
            one for one in slicer.util.getNodesByClass("vtkMRMLSegmentationNode") if one.GetName() == "Under review"
        ]
        volume = self.screen.desk.parameters.ct
        return ct_grid(volume).order.from_stored(read_labels(node, INFECTION, volume))

    def texts(self) -> str:
        """Everything that is written on the screen of the module."""
        import qt

        found = []
        for panel in self.screen.panels:
            found += [label.text for label in panel.widget.findChildren(qt.QLabel)]
            for table in panel.widget.findChildren(qt.QTableWidget):
                items = [
                    table.item(row, column) for row in range(table.rowCount) for column in range(table.columnCount)
                ]
                found += [item.text() + item.toolTip() for item in items if item is not None]
            for box in panel.widget.findChildren(qt.QComboBox):
                found.append(box.currentText)
        return "\n".join(found)


@pytest.fixture
def step(application: Application, screen: Any, a_pool: Any, monkeypatch: pytest.MonkeyPatch) -> Step:
    del a_pool
    do_commands(monkeypatch)
    return Step(application, screen)


def test_the_second_reader_sees_neither_the_first_ones_name_nor_clinical_facts(step: Step) -> None:
    step.open()
    shown = step.texts()
    for secret in ("FIRST", "day 12", "PSI"):
        assert secret not in shown.replace("PSI class", "")
    assert section(step.screen, "Submit").ui.typeBox.currentIndex == 0
    assert section(step.screen, "Submit").ui.onsetBox.value == -1


def test_the_reading_lies_over_the_ct_and_no_editor_offers_it(step: Step) -> None:
    import slicer

    step.open()
    assert np.array_equal(step.overlay(), corrected())
    (node,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    assert node.GetHideFromEditors()
    assert not node.GetSaveWithScene()
    assert not node.GetDisplayNode().GetSaveWithScene()
    assert step.screen.desk.case is None, "nothing of it can be corrected or submitted"
    assert not section(step.screen, "Submit").ui.submitButton.isEnabled()


def test_the_score_is_of_the_proposal_that_can_be_seen(step: Step, a_pool: tuple[Pool, Scan]) -> None:
    step.open()
    step.ui.shownBox.setCurrentIndex(1)
    assert np.array_equal(step.overlay(), proposal())
    assert (step.ui.scoreBox.minimum, step.ui.scoreBox.maximum) == (0, 5)
    step.ui.scoreBox.value = 4
    step.press("scoreButton")
    past = history(*a_pool)
    (event,) = [one for one in past.events if one.kind == "quality"]
    assert (event.values["score"], event.reader, event.revision) == (4, "R2", past.readings[0].id)
    assert past.state == "submitted", "a score decides nothing"
    assert step.ui.approveButton.isEnabled()


def test_the_anchors_of_the_scale_are_labelled_as_covidquant_s_own(step: Step) -> None:
    step.ui.section.collapsed = False
    step.open()
    assert step.ui.meaningLabel.isVisible()
    assert step.ui.wordingLabel.isVisible()
    assert step.ui.wordingLabel.text == "The wording of the scale is CovidQuant's own."
    assert "Appendix E3" in step.ui.wordingLabel.toolTip


def test_a_reading_from_a_blank_mask_has_no_proposal_to_score(step: Step, a_pool: tuple[Pool, Scan]) -> None:
    submit_reading(*a_pool, Reading(corrected(), "FIRST", Start("blank")))
    step.ui.section.collapsed = False
    step.open()
    assert step.ui.readingBox.count == 1, "the reader's first reading was continued by the second"
    assert not step.ui.scoreButton.isEnabled()
    assert not step.ui.shownBox.isEnabled()
    assert "no proposal" in step.ui.openedLabel.text
    assert not step.ui.wordingLabel.isVisible(), "there is no scale on the screen"


@pytest.mark.parametrize(
    ("button", "state", "listed"), [("approveButton", "reviewed", 0), ("returnButton", "reopened", 1)]
)
def test_approved_or_returned(
    application: Application, step: Step, a_pool: tuple[Pool, Scan], button: str, state: str, listed: int
) -> None:
    step.open()
    step.press(button)
    assert history(*a_pool).state == state
    assert state in step.screen.message
    assert step.ui.readingsTable.rowCount == listed
    assert not step.ui.openedRows.visible, "the reading goes from the screen"
    improve = section(step.screen, "Improve")
    improve.ui.section.collapsed = False
    improve.ui.refreshButton.click()
    application.wait_until(lambda: not improve.rounds.busy, seconds=60)
    assert improve.ui.modelsTable.rowCount > 0
    assert step.screen.message == "", "of what was decided before"


def test_nobody_is_offered_the_own_reading(step: Step) -> None:
    step.screen.desk.settings.set_reader("FIRST")
    step.screen.desk.changed()
    step.press("listButton")
    assert step.ui.readingsTable.rowCount == 0
    assert "somebody else" in step.screen.message


def test_read_from_blank_and_agreed_on(step: Step, a_pool: tuple[Pool, Scan], application: Application) -> None:
    import slicer

    step.open()
    step.press("blankButton")
    application.process_events(0.3)
    session = step.screen.desk.session
    assert session is not None
    assert session.start.kind == "blank"
    assert not session.ledger.labels.any(), "the proposal is not on the screen"
    assert not [
        one for one in slicer.util.getNodesByClass("vtkMRMLSegmentationNode") if one.GetName() == "Under review"
    ]
    log = session.name.edit_log.read_text(encoding="utf-8")
    assert "threshold" not in log, "no proposal was ever shown"
    section(step.screen, "Submit").submit()
    application.wait_until(lambda: not step.screen.desk.jobs.busy, seconds=60)
    readings = history(*a_pool).readings
    assert [(one.reader, one.start.kind) for one in readings] == [("FIRST", "proposal"), ("R2", "blank")]

    step.open()
    names = [step.ui.readingBox.itemText(index) for index in range(step.ui.readingBox.count)]
    assert names == ["Reading A", "Reading B (your own)"]
    step.ui.readingBox.setCurrentIndex(1)
    assert not step.ui.approveButton.isEnabled(), "nobody approves the own reading"
    step.ui.readingBox.setCurrentIndex(0)
    step.press("consensusButton")
    past = history(*a_pool)
    assert past.state == "consensus"
    assert [one.revision for one in past.events if one.kind == "consensus"] == [readings[0].id]

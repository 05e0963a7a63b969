"""Step 4: the optional facts, as they go into the pool."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from CovidQuantLib.cli.main import parser
from CovidQuantLib.cli.pool.patient_options import facts_of
from CovidQuantLib.hitl.pool import Clinical, Subject, add_scan, history, init_pool
from Testing.embedded_host.application import Application
from Testing.unit.module.ready_results import a_chest, a_ct, do_commands, section

pytestmark = pytest.mark.slicer


def as_the_pool_reads(options: list[str]) -> Clinical:
    parsed = parser().parse_args(["pool", "mark", "POOL", "SCAN", "--reader", "R1", *options])
    return Clinical(**facts_of(parsed))


def test_every_field_reaches_the_pool_as_it_was_meant(screen: Any) -> None:
    ui = section(screen, "Submit").ui
    ui.onsetBox.value = 6
    ui.psiBox.value = 3
    ui.typeBox.setCurrentIndex(3)
    ui.denseBox.setCurrentIndex(1)
    for lobe, score in zip(("RUL", "RML", "RLL", "LUL", "LLL"), (0, 1, 2, 3, 4), strict=True):
        getattr(ui, f"score{lobe}Box").value = score
    ui.noteEdit.text = "- motion at the bases, see slice 40"
    for region, state in ((1, 0), (12, 1), (1, 1)):
        ui.regionBox.setCurrentIndex(region)
        ui.regionStateBox.setCurrentIndex(state)
        ui.addRegionButton.click()
    found = as_the_pool_reads(section(screen, "Submit")._form.facts())
    assert (found.day_from_onset, found.psi_class, found.clinical_type) == (6, 3, "severe")
    assert found.has_consolidation == "yes"
    assert found.visual_score == {"RUL": 0, "RML": 1, "RLL": 2, "LUL": 3, "LLL": 4}
    assert found.note == "- motion at the bases, see slice 40"
    assert found.regions is not None
    assert found.regions["RML"] == "not definable", "what is said last of a region counts"
    assert len(found.regions) == 2


def test_nothing_is_said_of_what_was_left_alone(screen: Any) -> None:
    form = section(screen, "Submit")._form
    assert form.facts() == []
    ui = section(screen, "Submit").ui
    ui.onsetBox.value = 0
    ui.noteEdit.text = "x"
    assert as_the_pool_reads(form.facts()) == Clinical(day_from_onset=0, note="x")
    form.clear()
    assert form.facts() == []


def test_a_score_that_nobody_gave_still_names_its_lobe(screen: Any) -> None:
    ui = section(screen, "Submit").ui
    assert ui.scoreLULBox.specialValueText == "LUL -"


def test_whether_there_is_consolidation_is_one_click_on_a_ct_of_the_pool(
    application: Application, screen: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from CovidQuantLib.slicer_app.submission import remember_scan

    asked = do_commands(monkeypatch)
    pool = init_pool(tmp_path / "pool", fraction=0.0)
    scan = add_scan(pool, a_chest().ct, Subject("4711")).scan
    ui, desk = section(screen, "Submit").ui, screen.desk
    ui.section.collapsed = False
    desk.settings.set_pool(str(pool.folder))
    desk.parameters.ct = a_ct()
    desk.changed()
    assert not ui.seenRow.isVisible(), "this CT is in no pool yet: the label goes with its first reading"
    remember_scan(desk.parameters.ct, pool, scan.code)
    desk.changed()
    for button, answer in ((ui.seenYesButton, "yes"), (ui.seenNoButton, "no"), (ui.seenUnknownButton, "unknown")):
        assert button.isVisible()
        button.click()
        application.wait_until(lambda: not desk.jobs.busy, seconds=60)
        assert history(pool, scan).clinical.has_consolidation == answer
        assert screen.message.startswith("On record")
    assert history(pool, scan).readings == (), "no reading was made for it"
    assert [one.reader for one in history(pool, scan).events] == ["R1"] * 3

    other = init_pool(tmp_path / "other", fraction=0.0)
    desk.settings.set_pool(str(other.folder))
    ui.seenYesButton.click()
    assert "another pool" in screen.message
    assert len(asked) == 3

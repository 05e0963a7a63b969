"""Accept unchanged, the offer of the next case, and that nothing of the case before is lost or carried over."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from Testing.embedded_host.application import Application
from Testing.unit.module.reader import Reader
from Testing.unit.module.ready_results import a_chest, a_ct, hand_over_results

pytestmark = pytest.mark.slicer


@pytest.fixture
def pool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A pool with one CT that nobody has read: the chest again, a little denser."""
    from CovidQuantLib.ct import ScanFacts
    from CovidQuantLib.hitl.pool import AnatomyMaps, Subject, add_scan, init_pool, submit_anatomy

    monkeypatch.setenv("COVIDQUANT_CONFIG", str(tmp_path / "configuration"))
    made, chest = init_pool(tmp_path / "pool", fraction=0.0), a_chest()
    other = ScanFacts(content_code_source=b"another series")
    ct = replace(chest.ct, hu=(chest.ct.hu + 1).astype(np.int16), scan=other)
    scan = add_scan(made, ct, Subject("another patient")).scan
    submit_anatomy(made, scan, AnatomyMaps(chest.lungs, chest.lobes, chest.segments))
    return made


@pytest.fixture
def reader(application: Application, module: Any, pool: Any, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """Somebody at the window over the pool; results of segmentation are handed over, all else is done by workers."""
    import slicer

    from CovidQuantLib.slicer_app.worker import Worker

    del module
    real = Worker.start
    hand_over_results(monkeypatch)
    ready = Worker.start

    def start(self: Any, arguments: Any, on_progress: Any, on_result: Any, on_error: Any) -> None:
        def received(values: Any) -> None:
            numbers = Path(arguments[arguments.index("--output") + 1]) / "quantification.json"
            document = json.loads(numbers.read_text(encoding="utf-8"))
            document["case"]["series_code"] = hashlib.sha256(Path(arguments[1]).read_bytes()).hexdigest()[:12]
            numbers.write_text(json.dumps(document), encoding="utf-8")
            on_result(values)

        if arguments[0] == "quantify":
            ready(self, arguments, on_progress, received, on_error)
        else:
            real(self, arguments, on_progress, on_result, on_error)

    monkeypatch.setattr(Worker, "start", start)
    application.open_window()
    slicer.util.selectModule("CovidQuant")
    screen = slicer.modules.CovidQuantWidget.screen
    screen.desk.settings.set_pool(str(pool.folder))
    screen.desk.parameters.ct = a_ct()
    screen.desk.parameters.surfaces = False
    screen.desk.changed()
    made = Reader(application, screen)
    made.press(made.section("Segment").segmentButton)
    made.wait()
    for panel in screen.panels:
        panel.ui.section.collapsed = panel.UI != "Correct"
    made.rest(0.2)
    return made


def test_accept_unchanged_is_one_click_and_the_next_case_follows(reader: Reader, pool: Any) -> None:
    import slicer

    from CovidQuantLib.hitl.edit_log import read_edit_log, summarise_edit_log
    from CovidQuantLib.hitl.pool import histories
    from CovidQuantLib.hitl.pool.layout import EDIT_LOG_FILE

    desk, first = reader.screen.desk, reader.screen.desk.case
    proposal, submit = reader.infection(), reader.section("Submit")
    submit.onsetBox.value = 7
    reader.rest(1.0)
    reader.press(reader.section("Correct").acceptButton)
    reader.wait()
    assert "Next case" in reader.screen.message
    assert desk.session is None
    (past,) = (one for one in histories(pool) if one.readings)
    summary = summarise_edit_log(read_edit_log(past.readings[0].folder / EDIT_LOG_FILE).events)
    assert summary.correction_minutes * 60 > 0.9
    assert past.clinical.day_from_onset == 7
    reader.effect_is_off()
    assert np.array_equal(reader.infection(), proposal)
    reader.section("Submit").patientEdit.text = "typed for the case before"

    reader.press(submit.nextButton)
    reader.wait()
    case = desk.case
    assert case.volume is not first.volume
    assert slicer.mrmlScene.IsNodePresent(first.infection)
    assert not first.infection.GetDisplayNode().GetVisibility()
    assert desk.session is not None
    assert desk.session.is_open
    assert reader.section("Submit").patientEdit.text == ""
    assert reader.section("Submit").onsetBox.value == -1
    assert not reader.section("Submit").patientRow.isVisible()

    reader.press(submit.nextButton)
    reader.wait()
    assert desk.case.volume is case.volume
    assert "is the next one" in reader.screen.message

    reader.press(submit.submitButton)
    reader.wait()
    assert sum(len(one.readings) for one in histories(pool)) == 2
    reader.press(submit.nextButton)
    reader.wait()
    assert "has a reading" in reader.screen.message
    assert desk.case.volume is case.volume


def test_an_unfinished_correction_is_a_draft_when_the_next_case_comes(reader: Reader) -> None:
    from CovidQuantLib.hitl.pool import load_draft

    desk, first = reader.screen.desk, reader.screen.desk.case
    reader.session.delete_component(reader.ras(reader.lesion(2)))
    corrected, name = reader.infection(), reader.session.name
    reader.press(reader.section("Submit").nextButton)
    reader.wait()
    assert desk.case.volume is not first.volume
    assert "draft" in reader.screen.message
    draft = load_draft(name)
    assert draft is not None
    assert desk.session.name.scan != name.scan
    reader.section("Segment").ctSelector.setCurrentNode(first.volume)
    reader.rest(0.3)
    assert desk.case.infection is first.infection
    assert reader.screen.message == "", "the draft of the case before is on the screen again"
    reader.press(reader.section("Correct").resumeDraftButton)
    assert np.array_equal(reader.infection(), corrected)

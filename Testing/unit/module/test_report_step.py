"""Step 8: the report says what is on the screen, with the ranges and warnings of the first one and the views."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from Testing.embedded_host.application import Application
from Testing.unit.module.ready_results import do_commands, section

pytestmark = pytest.mark.slicer
WARNING = "The slices are thick: small lesions may be missed."


@pytest.fixture
def a_reported_case(application: Application, a_case: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The case, whose first results have estimated borders that may be 6 mm off, and a warning."""
    import slicer

    from CovidQuantLib.slicer_app.case_numbers import keep_numbers, kept_document, parse_numbers

    do_commands(monkeypatch)
    desk = a_case.desk
    warnings = [{"code": "thick_slices", "sentence": WARNING}]
    text = json.dumps({**kept_document(desk.case.infection), "border_error_mm": 6.0, "warnings": warnings})
    keep_numbers(desk.case.infection, text)
    desk.numbers = parse_numbers(text)
    desk.changed()
    window = application.open_window()
    window.show()
    slicer.util.selectModule("CovidQuant")
    application.process_events(0.3)
    return a_case


def report_of(application: Application, screen: Any, path: Path) -> str:
    application.dialogs.answer(str(path))
    ui = section(screen, "Report").ui
    ui.reportButton.click()
    application.wait_until(lambda: not screen.desk.jobs.busy, seconds=120)
    assert screen.message == "The report is made."
    return path.read_text(encoding="utf-8")


def test_a_corrected_case_is_reported_as_it_is_with_the_first_reports_ranges_and_warnings(
    application: Application, a_reported_case: Any, tmp_path: Path
) -> None:
    from CovidQuantLib.reports.wording import millilitres
    from CovidQuantLib.slicer_app.lesion_places import fullest_place

    desk = a_reported_case.desk
    before = desk.numbers.region("lungs").infection_ml
    assert desk.session.delete_component(fullest_place(desk.case, "lungs"))
    application.wait_until(lambda: desk.numbers.follow_edits, seconds=30)
    application.process_events(0.3)
    after = desk.numbers.region("lungs").infection_ml
    assert millilitres(after) != millilitres(before)
    text = report_of(application, a_reported_case, tmp_path / "report.html")
    assert "Corrected by reader R1" in text
    assert WARNING in text
    assert "6.0 mm (95th percentile" in text
    assert f"{millilitres(after)} ml" in text
    assert f"{millilitres(before)} ml" not in text
    assert "The views of 3D Slicer when this report was made" in text
    assert "data:image/png;base64," in text.split("The views of 3D Slicer", 1)[1]
    assert "4711" not in text


def test_what_nobody_has_corrected_is_handed_over_as_the_proposal_that_it_is(
    a_reported_case: Any, tmp_path: Path
) -> None:
    arguments = section(a_reported_case, "Report")._prepare(tmp_path)
    assert "--reader" not in arguments
    sources = json.loads((tmp_path / "quantification.json").read_text(encoding="utf-8"))["sources"]
    assert sources["infection"]["source"] == "threshold"
    assert sources["lobes"] == {"source": "estimated", "model": None, "estimated": True}
    assert {path.stem for path in tmp_path.glob("*.nrrd")} == {"ct", "lungs", "lobes", "segments", "infection"}


def test_infection_outside_the_lungs_has_no_report_yet(
    application: Application, a_reported_case: Any, tmp_path: Path
) -> None:
    from dataclasses import replace

    desk = a_reported_case.desk
    desk.numbers = replace(desk.numbers, outside_ml=1.0)
    application.dialogs.answer(str(tmp_path / "report.html"))
    section(a_reported_case, "Report").ui.reportButton.click()
    assert "section 4" in a_reported_case.message
    assert not (tmp_path / "report.html").exists()

"""Step 2: keys for the display, what is estimated, and what a row brings into view."""

from __future__ import annotations

from typing import Any

import pytest

from Testing.embedded_host.application import Application
from Testing.unit.module.ready_results import a_ct, section

pytestmark = pytest.mark.slicer


@pytest.fixture
def at_the_window(application: Application, a_case: Any) -> Any:
    """The case with a window on the screen, which hears keys."""
    import slicer

    window = application.open_window()
    window.show()
    slicer.util.selectModule("CovidQuant")
    application.process_events(0.2)
    return a_case


def press_key(application: Application, number: int) -> None:
    import qt
    import slicer

    application.mouse.key(slicer.util.mainWindow(), getattr(qt.Qt, f"Key_F{number}"))
    application.process_events(0.05)


def test_one_key_each_for_overlay_outline_and_both_windows(application: Application, at_the_window: Any) -> None:
    case, ui = at_the_window.desk.case, section(at_the_window, "Look").ui
    display, volume = case.infection.GetDisplayNode(), case.volume.GetDisplayNode()
    press_key(application, 6)
    assert not display.GetVisibility()
    assert not case.anatomy.GetDisplayNode().GetVisibility()
    assert not ui.overlayButton.checked
    press_key(application, 6)
    assert display.GetVisibility()
    assert ui.overlayButton.checked
    press_key(application, 7)
    assert not display.GetVisibility2DFill()
    assert display.GetVisibility2DOutline()
    press_key(application, 7)
    assert display.GetVisibility2DFill()
    press_key(application, 9)
    assert (volume.GetWindow(), volume.GetLevel()) == (350.0, 40.0)
    press_key(application, 8)
    assert (volume.GetWindow(), volume.GetLevel()) == (1200.0, -600.0)


def test_the_keys_are_given_back_when_the_module_is_left(application: Application, at_the_window: Any) -> None:
    display = at_the_window.desk.case.infection.GetDisplayNode()
    at_the_window.leave()
    press_key(application, 6)
    assert display.GetVisibility()


def test_the_next_case_is_shown_as_the_last_one_was(application: Application, a_case: Any) -> None:
    ui = section(a_case, "Look").ui
    ui.outlineButton.click()
    ui.overlayButton.click()
    a_case.desk.parameters.ct = a_ct("20200311")
    a_case.desk.find_case()
    section(a_case, "Segment").ui.segmentButton.click()
    application.wait_until(lambda: not a_case.desk.jobs.busy, seconds=60)
    display = a_case.desk.case.infection.GetDisplayNode()
    assert not display.GetVisibility2DFill()
    assert ui.outlineButton.checked
    assert display.GetVisibility(), "a new case is shown"
    assert ui.overlayButton.checked


def test_a_clicked_row_brings_the_fullest_slice_into_all_views(application: Application, at_the_window: Any) -> None:
    import slicer

    from CovidQuantLib.slicer_app.lesion_places import fullest_place

    table = section(at_the_window, "Look").ui.regionTable
    rows = {table.item(row, 0).text(): row for row in range(table.rowCount)}
    table.scrollToItem(table.item(rows["Left lower lobe"], 0))
    application.process_events(0.2)
    spot = table.visualItemRect(table.item(rows["Left lower lobe"], 0)).center()
    application.mouse.click(table.viewport(), spot.x(), spot.y())
    place = fullest_place(at_the_window.desk.case, "LLL")
    assert place is not None
    layout = slicer.app.layoutManager()
    red = layout.sliceWidget("Red").mrmlSliceNode()
    assert red.GetSliceOffset() == pytest.approx(place[2], abs=3.0)


def test_an_estimated_row_tells_its_range(a_case: Any) -> None:
    table, region = section(a_case, "Look").ui.regionTable, a_case.desk.numbers.region("RLL")
    tip = table.item(5, 0).toolTip()
    assert region.poi_range is None or "%" in tip
    assert "Hatched" in section(a_case, "Look").ui.noteLabel.text

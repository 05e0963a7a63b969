"""Step 7: the CTs of one patient in order, what changed between them, and the two beside each other."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import numpy as np
import pytest

from CovidQuantLib.messages import MAY_HOLD_EFFUSION
from CovidQuantLib.synthetic_chest import SyntheticChest
from Testing.embedded_host.application import Application
from Testing.unit.module.ready_results import a_chest, section

pytestmark = pytest.mark.slicer


@lru_cache(maxsize=1)
def without_consolidation() -> SyntheticChest:
    return replace(a_chest(), infection=np.where(a_chest().infection == 2, 0, a_chest().infection).astype(np.uint8))


@lru_cache(maxsize=2)
def results_of(dense: bool) -> tuple[Path, str]:  # noqa: FBT001 - the key of a cache
    from CovidQuantLib.slicer_app.self_test_chest import true_results

    folder = Path(mkdtemp())
    return folder, true_results(folder, a_chest() if dense else without_consolidation())


def add_case(
    screen: Any,
    date: str,
    *,
    patient: str = "4711",
    dense: bool = True,
    lungs: float = 1.0,
    table_mm: float = 0.0,
    warning: str | None = None,
) -> Any:
    """A CT of a patient with its results on the screen; its lungs are said to be `lungs` times as large as they are.

    `table_mm`: how much higher the patient lies on the table. `warning` is the code of one that the results hold.
    """
    from CovidQuantLib.slicer_app.case_numbers import parse_numbers
    from CovidQuantLib.slicer_app.segmentation_nodes import load_results
    from CovidQuantLib.slicer_app.self_test_chest import chest_volume

    folder, text = results_of(dense)
    document = json.loads(text)
    document["regions"][0]["volume_ml"] *= lungs
    if warning is not None:
        document["warnings"].append({"code": warning, "sentence": "A sentence."})
    text = json.dumps(document)
    volume = chest_volume(a_chest(), patient, date)
    origin = volume.GetOrigin()
    volume.SetOrigin(origin[0], origin[1], origin[2] + table_mm)
    nodes = load_results(folder, volume)
    screen.desk.parameters.ct = volume
    screen.desk.new_case(nodes, parse_numbers(text), text)
    return nodes


def opened(screen: Any) -> Any:
    panel = section(screen, "FollowUp")
    panel.ui.section.collapsed = False
    panel.update()
    return panel


def row_of(table: Any, row: int) -> list[str]:
    return [table.item(row, column).text() for column in range(table.columnCount)]


@pytest.fixture
def three(screen: Any) -> Any:
    """Day 10 on the screen, then 0 and 4 in the scene, and a CT of another patient."""
    add_case(screen, "20200301")
    add_case(screen, "20200305", dense=False)
    add_case(screen, "20200302", patient="4712")
    add_case(screen, "20200311")
    return screen


def test_the_cts_of_the_patient_are_in_order_and_others_are_listed_with_the_reason(three: Any) -> None:
    ui = opened(three).ui
    assert [ui.pointsTable.item(row, 0).text() for row in range(ui.pointsTable.rowCount)] == ["0", "4", "10"]
    assert ui.patientLabel.text.count("Skipped") == 1
    assert "another patient" in ui.patientLabel.text


def test_changes_of_each_class_against_first_and_previous(three: Any) -> None:
    ui = opened(three).ui
    table = ui.changesTable
    assert "day 10" in ui.changesLabel.text
    infection, ggo, dense = (row_of(table, row) for row in range(3))
    assert infection[1:4] == ["0.0", "0.0", "0"]
    assert ggo[1:] == ["0.0", "0.0", "0"] * 2
    assert dense[1:4] == ["0.0", "0.0", "0"]
    assert dense[4].startswith("+")
    assert float(dense[4]) > 1.0
    assert dense[6] == "not available", "there was no consolidation before"
    ui.pointsTable.selectRow(1)
    dense = row_of(table, 2)
    assert dense[1] == dense[4]
    assert dense[1].startswith("\N{MINUS SIGN}")
    assert dense[3] == "\N{MINUS SIGN}100"
    ui.pointsTable.selectRow(0)
    assert row_of(table, 0)[1:] == [""] * 6


def test_numbers_of_a_corrected_case_follow_it_when_another_ct_is_on_the_screen(
    application: Application, screen: Any
) -> None:
    from CovidQuantLib.slicer_app.lesion_places import fullest_place

    add_case(screen, "20200301")
    application.process_events(0.3)
    assert screen.desk.session.delete_component(fullest_place(screen.desk.case, "lungs"))
    application.wait_until(lambda: screen.desk.numbers.follow_edits, seconds=20)
    application.process_events(0.5)
    corrected = screen.desk.numbers.region("lungs").infection_ml
    add_case(screen, "20200311")
    points = [visit.point for visit in opened(screen)._course.visits]
    assert points[0].infection_ml == pytest.approx(corrected)
    assert points[0].infection_ml < points[1].infection_ml


def test_a_ct_whose_infection_may_hold_effusion_is_left_out_of_the_comparison_with_the_reason(
    screen: Any,
) -> None:
    from CovidQuantLib.slicer_app.case_numbers import keep_edited_numbers, kept_numbers

    high = add_case(screen, "20200305", warning=MAY_HOLD_EFFUSION)
    assert opened(screen).ui.pointsTable.rowCount == 1, "alone it is shown: nothing is compared"
    add_case(screen, "20200301")
    add_case(screen, "20200311")
    ui = opened(screen).ui
    assert [ui.pointsTable.item(row, 0).text() for row in range(ui.pointsTable.rowCount)] == ["0", "10"]
    assert ui.patientLabel.text.count("Skipped") == 1
    assert "pleural effusion may be in its percentages" in ui.patientLabel.text
    assert row_of(ui.changesTable, 0)[1:] == ["0.0", "0.0", "0"] * 2
    kept = kept_numbers(high.infection)
    assert kept is not None
    keep_edited_numbers(high.infection, kept)
    edited = kept_numbers(high.infection)
    assert edited is not None
    assert edited.follow_edits
    assert edited.may_hold_effusion, "a stroke does not take the effusion out"


def test_the_plot_is_over_days_from_onset_where_one_is_known(screen: Any, tmp_path: Path) -> None:
    from CovidQuantLib.hitl.pool import Subject, add_scan, init_pool, note_clinical
    from CovidQuantLib.slicer_app.submission import remember_scan
    from Testing.unit.slicer_app.test_plots import column, shown_series

    first = add_case(screen, "20200301")
    add_case(screen, "20200311", dense=False)
    panel = opened(screen)
    panel.ui.plotButton.click()
    ggo = shown_series()[1]
    assert column(ggo, "Days since the first CT") == [0.0, 10.0]
    assert "day 10" in panel.ui.changesLabel.text

    import datetime as dt

    pool = init_pool(tmp_path / "pool")
    scan = add_scan(pool, a_chest().ct, Subject("4711", study_date=dt.date(2020, 3, 1))).scan
    note_clinical(pool, scan, "R1", {"day_from_onset": 5})
    remember_scan(first.volume, pool, scan.code)
    screen.desk.settings.set_pool(str(tmp_path / "pool"))
    panel.update()
    assert [panel.ui.pointsTable.item(row, 0).text() for row in range(2)] == ["5", "15"]
    panel.ui.plotBox.setCurrentIndex(1)
    panel.ui.plotButton.click()
    poi = shown_series()[0]
    assert column(poi, "Days from onset") == [5.0, 15.0]
    assert column(poi, "POI")[0] == pytest.approx(panel._course.visits[0].point.poi)


def test_days_from_onset_that_contradict_the_dates_are_not_used() -> None:
    from CovidQuantLib.quantification.change import TimePoint
    from CovidQuantLib.slicer_app.follow_up import Course, Visit

    points = [TimePoint(day, None, None, None, None, None) for day in (0, 10)]
    visits = [Visit(None, point, onset) for point, onset in zip(points, (5, 9), strict=True)]  # type: ignore[arg-type]
    assert Course("", tuple(visits)).days_from_onset is None
    assert Course("", (visits[0], replace(visits[1], onset=15))).days_from_onset == (5, 15)
    assert Course("", (visits[0], replace(visits[1], onset=None))).days_from_onset == (5, 15)
    assert Course("", (replace(visits[0], onset=None), replace(visits[1], onset=None))).days_from_onset is None


def test_a_scan_of_the_patient_that_is_in_the_pool_alone_is_listed(screen: Any, tmp_path: Path) -> None:
    import datetime as dt

    from CovidQuantLib.hitl.pool import Subject, add_scan, init_pool

    pool = init_pool(tmp_path / "pool")
    add_scan(pool, a_chest().ct, Subject("4711", study_date=dt.date(2020, 4, 1)))
    screen.desk.settings.set_pool(str(tmp_path / "pool"))
    add_case(screen, "20200301")
    assert "in the pool, not in the scene" in opened(screen).ui.patientLabel.text


def test_a_ct_without_a_date_has_no_place_in_the_order(screen: Any) -> None:
    add_case(screen, "")
    assert opened(screen).ui.pointsTable.item(0, 0).text() == "unknown"
    add_case(screen, "20200301")
    ui = opened(screen).ui
    assert ui.pointsTable.rowCount == 1
    assert "its date is not known" in ui.patientLabel.text


@pytest.mark.parametrize(("lungs", "warned"), [(1.14, False), (1.16, True), (0.84, True)])
def test_lungs_of_another_volume_are_warned_of(screen: Any, lungs: float, warned: bool) -> None:  # noqa: FBT001
    add_case(screen, "20200301")
    add_case(screen, "20200311", lungs=lungs)
    label = opened(screen).ui.warningLabel
    assert label.visible == warned
    if warned:
        assert "day 10" in label.text
        assert "15 %" in label.text


def test_slices_follow_each_other_by_height_within_the_lungs_and_not_by_the_table(
    application: Application, screen: Any
) -> None:
    import slicer

    application.open_window().show()
    add_case(screen, "20200301")
    add_case(screen, "20200311", table_mm=100.0)
    panel = opened(screen)
    panel.ui.linkButton.click()
    layout = slicer.app.layoutManager()
    red, yellow = (layout.sliceWidget(name).mrmlSliceNode() for name in ("Red", "Yellow"))
    for offset in (-120.0, -60.0, -30.0):
        red.SetSliceOffset(offset)
        assert yellow.GetSliceOffset() == pytest.approx(offset + 100.0, abs=1.0)
    yellow.SetSliceOffset(20.0)
    assert red.GetSliceOffset() == pytest.approx(-80.0, abs=1.0)


def test_the_views_are_as_they_were_once_the_two_cts_are_apart_again(application: Application, screen: Any) -> None:
    import slicer

    application.open_window().show()
    add_case(screen, "20200301")
    last = add_case(screen, "20200311")
    slicer.util.setSliceViewerLayers(background=last.volume, fit=True)
    application.process_events(0.1)
    panel, layout = opened(screen), slicer.app.layoutManager()

    def views() -> list[Any]:
        found = []
        for name in ("Red", "Green", "Yellow"):
            node = layout.sliceWidget(name).mrmlSliceNode()
            composite = layout.sliceWidget(name).mrmlSliceCompositeNode()
            field = [round(mm, 1) for mm in (*node.GetFieldOfView(), node.GetSliceOffset())]
            found.append((node.GetOrientation(), composite.GetBackgroundVolumeID(), field))
        return found

    layout.sliceWidget("Yellow").mrmlSliceNode().SetSliceOffset(-40.0)
    before = views()
    for name in ("linkButton", "volumesButton"):
        getattr(panel.ui, name).click()
        application.process_events(0.1)
        getattr(panel.ui, name).click()
        application.process_events(0.1)
        assert views() == before


def test_both_infections_are_seen_in_3d_at_one_scale(application: Application, screen: Any) -> None:
    import slicer

    from CovidQuantLib.slicer_app.lesion_places import fullest_place
    from CovidQuantLib.slicer_app.surfaces import show_surfaces

    window = application.open_window()
    window.show()
    first = add_case(screen, "20200301")
    for node in (first.anatomy, first.infection):
        show_surfaces(node)
    application.process_events(0.3)
    assert screen.desk.session.delete_component(fullest_place(first, "LUL"))
    application.process_events(0.5)
    add_case(screen, "20200311")
    panel = opened(screen)
    panel.ui.volumesButton.click()
    application.process_events(0.5)
    layout = slicer.app.layoutManager()
    greens = []
    for index in (0, 1):
        view = layout.threeDWidget(index).threeDView()
        view.forceRender()
        pixels = view._pixels.astype(int)
        greens.append(int(((pixels[..., 1] > pixels[..., 0] + 60) & (pixels[..., 1] > pixels[..., 2] + 40)).sum()))
    assert min(greens) > 200, f"green pixels of ground glass in the two views: {greens}"
    assert greens[0] == pytest.approx(greens[1], rel=0.4)
    assert "Left: day 0. Right: day 10." in panel.ui.sidesLabel.text
    panel.ui.volumesButton.click()
    assert not first.infection.GetDisplayNode().GetVisibility()
    assert not panel.ui.sidesLabel.visible

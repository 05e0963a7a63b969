"""The screen over a scene: results come in, are looked at and corrected, and everything is let go of again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from Testing.embedded_host.application import Application
from Testing.unit.module.ready_results import a_ct, hand_over_results, section

pytestmark = pytest.mark.slicer


def test_one_click_gives_two_nodes_and_a_table(a_case: Any) -> None:
    import slicer

    assert len(slicer.util.getNodesByClass("vtkMRMLSegmentationNode")) == 2
    table = section(a_case, "Look").ui.regionTable
    assert table.rowCount == 8
    assert table.item(0, 0).text() == "Both lungs"
    section(a_case, "Look").ui.levelBox.setCurrentIndex(1)
    assert table.rowCount == 18


def test_estimated_regions_are_hatched_and_measured_ones_are_not(application: Application, a_case: Any) -> None:
    import qt

    del application
    table = section(a_case, "Look").ui.regionTable
    assert table.item(0, 1).background().style() == qt.Qt.NoBrush
    assert table.item(4, 1).background().style() == qt.Qt.BDiagPattern


def test_a_row_brings_the_slice_with_most_infection_of_its_region(a_case: Any) -> None:
    from CovidQuantLib.anatomy import INFECTION, LOBES, by_key
    from CovidQuantLib.slicer_app.case_arrays import CaseArrays
    from CovidQuantLib.slicer_app.label_arrays import read_labels
    from CovidQuantLib.slicer_app.lesion_places import fullest_place

    case = a_case.desk.case
    place = fullest_place(case, "RLL")
    infection = read_labels(case.infection, INFECTION, case.volume) > 0
    lobe = read_labels(case.anatomy, LOBES, case.volume) == by_key("RLL").label
    k, j, i = CaseArrays(case).voxel_at(place or (0.0, 0.0, 0.0)) or (0, 0, 0)
    assert (infection & lobe)[k, j, i]
    assert k == np.argmax((infection & lobe).sum(axis=(1, 2)))


def test_the_correction_begins_by_itself_and_the_numbers_follow_it(application: Application, a_case: Any) -> None:
    from CovidQuantLib.slicer_app.lesion_places import fullest_place

    session, before = a_case.desk.session, a_case.desk.numbers.region("lungs").infection_ml
    assert session.is_open
    assert session.delete_component(fullest_place(a_case.desk.case, "lungs"))
    application.process_events(0.5)
    assert a_case.desk.numbers.region("lungs").infection_ml < before
    assert not section(a_case, "Correct").ui.acceptButton.isEnabled()


def test_a_scene_closed_over_unfinished_work_says_where_it_is_kept(application: Application, a_case: Any) -> None:
    import slicer

    from CovidQuantLib.hitl.pool import load_draft
    from CovidQuantLib.slicer_app.lesion_places import fullest_place

    name = a_case.desk.session.name
    a_case.desk.session.delete_component(fullest_place(a_case.desk.case, "lungs"))
    slicer.mrmlScene.Clear(0)
    application.process_events(0.2)
    assert load_draft(name) is not None
    assert "draft" in a_case.message


def test_what_is_edited_elsewhere_is_kept_when_the_module_opens_again(application: Application, a_case: Any) -> None:
    import slicer

    from CovidQuantLib.anatomy import INFECTION
    from CovidQuantLib.hitl.pool import load_draft
    from CovidQuantLib.slicer_app.ct_export import ct_grid
    from CovidQuantLib.slicer_app.label_arrays import nonzero_box, read_labels, whole_box, write_labels
    from CovidQuantLib.slicer_app.segmentation_nodes import is_edited

    case = a_case.desk.case
    a_case.leave()
    assert not a_case.desk.session
    box = nonzero_box(read_labels(case.infection, INFECTION, case.volume), whole_box(case.volume))
    assert box is not None
    write_labels(case.infection, INFECTION, box, np.ones(box.shape, np.uint8), case.volume)
    a_case.enter()
    application.process_events(0.3)
    assert a_case.desk.session.is_open
    assert read_labels(case.infection, INFECTION, case.volume, box).all()
    assert slicer.mrmlScene.IsNodePresent(case.infection)
    assert is_edited(case), "it is no proposal any more"
    name = a_case.desk.session.name
    a_case.leave()
    draft = load_draft(name)
    assert draft is not None
    kept = ct_grid(case.volume).order.to_stored(draft.maps["infection"])
    assert np.array_equal(kept, read_labels(case.infection, INFECTION, case.volume))


def test_leaving_gives_back_keys_views_and_filters(application: Application, a_case: Any) -> None:
    a_case.leave()
    left = application.connection_count()
    for _ in range(3):
        a_case.enter()
        application.process_events(0.1)
        a_case.leave()
    assert application.connection_count() == left


def test_a_scene_closed_while_a_job_runs_leaves_a_usable_module(
    application: Application, screen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import slicer

    hand_over_results(monkeypatch, after_ms=300)
    screen.desk.parameters.ct = a_ct()
    screen.desk.changed()
    section(screen, "Segment").ui.segmentButton.click()
    slicer.mrmlScene.Clear(0)
    application.process_events(0.6)
    assert not screen.desk.jobs.busy
    assert screen.desk.case is None
    assert screen.desk.parameters.ct is None


def test_a_ct_deleted_while_a_job_runs_ends_in_one_message(
    application: Application, screen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import slicer

    hand_over_results(monkeypatch, after_ms=300)
    ct = screen.desk.parameters.ct = a_ct()
    screen.desk.changed()
    section(screen, "Segment").ui.segmentButton.click()
    slicer.mrmlScene.RemoveNode(ct)
    application.wait_until(lambda: not screen.desk.jobs.busy, seconds=20)
    assert "removed" in screen.message
    assert not slicer.util.getNodesByClass("vtkMRMLSegmentationNode")


def test_a_pool_that_has_gone_is_one_message(a_case: Any, tmp_path: Path) -> None:
    a_case.desk.settings.set_pool(str(tmp_path / "gone"))
    a_case.desk.changed()
    section(a_case, "Submit").submit()
    assert a_case.message
    assert str(tmp_path) not in a_case.message
    assert a_case.desk.session.is_open


def test_nothing_is_installed_without_asking(
    application: Application, screen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from CovidQuantLib.slicer_app import installation

    asked = hand_over_results(monkeypatch)
    monkeypatch.setattr(installation, "BASE", {"no_such_package": "no-such-package>=1"})
    screen.desk.parameters.ct = a_ct()
    screen.desk.changed()
    application.dialogs.answer("No")
    section(screen, "Segment").ui.segmentButton.click()
    assert asked == []
    assert application.packaging.requests == []
    assert screen.message == "Nothing was started: packages are missing."
    assert section(screen, "Segment").ui.segmentButton.isEnabled()
    application.dialogs.answer("Yes")
    section(screen, "Segment").ui.segmentButton.click()
    assert application.packaging.requests == ["no-such-package>=1"]
    assert "could not be installed" in screen.message
    monkeypatch.setattr(installation, "BASE", {})
    section(screen, "Segment").ui.segmentButton.click()
    application.wait_until(lambda: not screen.desk.jobs.busy, seconds=60)
    assert len(asked) == 1
    assert screen.message == ""


def test_the_screens_state_is_in_the_scene(application: Application, a_case: Any, tmp_path: Path) -> None:
    import slicer

    a_case.desk.parameters.split_hu = -250
    path = str(tmp_path / "scene.mrml")
    slicer.mrmlScene.SetURL(path)
    assert slicer.mrmlScene.Commit()
    slicer.mrmlScene.Clear(0)
    application.process_events(0.1)
    assert a_case.desk.parameters.split_hu == -200
    slicer.mrmlScene.SetURL(path)
    assert slicer.mrmlScene.Import()
    application.process_events(0.1)
    assert a_case.desk.parameters.split_hu == -250


def test_two_cts_of_a_patient_are_put_in_order_and_shown_one_at_a_time(application: Application, a_case: Any) -> None:
    import slicer

    first = a_case.desk.case
    second = a_case.desk.parameters.ct = a_ct("20200311")
    a_case.desk.find_case()
    assert not a_case.desk.case
    section(a_case, "Segment").ui.segmentButton.click()
    application.wait_until(lambda: not a_case.desk.jobs.busy, seconds=60)
    panel = section(a_case, "FollowUp")
    panel.ui.section.collapsed = False
    panel.update()
    assert a_case.desk.case.volume is second
    assert [panel.ui.pointsTable.item(row, 0).text() for row in range(2)] == ["0", "10"]
    assert not first.infection.GetDisplayNode().GetVisibility()
    assert a_case.desk.case.infection.GetDisplayNode().GetVisibility()
    layout = slicer.app.layoutManager()
    before, offset = layout.layout, layout.sliceWidget("Red").mrmlSliceNode().GetSliceOffset()
    panel.ui.linkButton.click()
    layout.sliceWidget("Red").mrmlSliceNode().SetSliceOffset(offset + 20.0)
    assert layout.sliceWidget("Yellow").mrmlSliceNode().GetSliceOffset() == pytest.approx(offset + 20.0, abs=1.0)
    panel.ui.linkButton.click()
    assert layout.layout == before
    assert layout.sliceWidget("Yellow").mrmlSliceNode().GetOrientation() == "Sagittal"
    shown = {node.GetBackgroundVolumeID() for node in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")}
    assert shown == {second.GetID()}

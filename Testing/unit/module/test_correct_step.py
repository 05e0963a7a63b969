"""Step 3 as a reader goes it, with mouse and keys in the window: lesions, strokes, gaps, ranges, undo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from Testing.embedded_host.application import Application
from Testing.unit.module.reader import Reader
from Testing.unit.module.ready_results import a_ct, hand_over_results

pytestmark = pytest.mark.slicer


@pytest.fixture
def reader(application: Application, module: Any, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """Somebody at the window, with the synthetic chest segmented and its correction begun."""
    import slicer

    del module
    hand_over_results(monkeypatch)
    application.open_window()
    slicer.util.selectModule("CovidQuant")
    screen = slicer.modules.CovidQuantWidget.screen
    screen.desk.parameters.ct = a_ct()
    screen.desk.parameters.surfaces = False
    screen.desk.changed()
    made = Reader(application, screen)
    made.press(made.section("Segment").segmentButton)
    made.wait()
    made.section("Segment")
    for panel in screen.panels:
        panel.ui.section.collapsed = panel.UI != "Correct"
    made.rest(0.2)
    return made


def test_a_lesion_is_deleted_by_one_click_and_comes_back_by_the_editor_s_undo(reader: Reader) -> None:
    before, lungs = reader.infection(), reader.anatomy()
    place = reader.ras(reader.lesion(2))
    reader.show(place)
    reader.effect("Paint")
    ui = reader.section("Correct")
    reader.press(ui.deleteLesionButton)
    assert ui.segmentEditor.activeEffect() is None
    reader.click(place)
    after = reader.infection()
    assert after[reader.lesion(1)] == 1
    assert (before[after != before] > 0).all()
    assert not after[after != before].any()
    assert np.count_nonzero(after != before) > 10
    assert not ui.deleteLesionButton.checked
    assert not ui.acceptButton.isEnabled()
    reader.numbers_are_right()
    reader.click(place)
    assert np.array_equal(reader.infection(), after)
    reader.press(next(one for one in ui.segmentEditor.findChildren("QToolButton") if one.text == "Undo"))
    reader.settle()
    assert np.array_equal(reader.infection(), before)
    assert np.array_equal(reader.anatomy(), lungs)
    assert ui.acceptButton.isEnabled()
    reader.numbers_are_right()


def test_a_click_beside_every_lesion_says_so_and_a_second_press_waits_no_more(reader: Reader) -> None:
    ui, before = reader.section("Correct"), reader.infection()
    healthy = reader.ras(np.argwhere((reader.anatomy() > 0) & (before == 0))[500])
    reader.show(healthy)
    reader.press(ui.changeClassButton)
    reader.click(healthy)
    assert "nothing to do" in reader.screen.message
    reader.press(ui.growButton)
    reader.press(ui.growButton)
    assert not ui.growButton.checked
    reader.click(reader.ras(reader.lesion(1)))
    assert np.array_equal(reader.infection(), before)


def test_keys_work_on_the_lesion_under_the_mouse(reader: Reader) -> None:
    before, voxel = reader.infection(), reader.lesion(2)
    place = reader.ras(voxel)
    reader.show(place)
    reader.point(place)
    reader.key("F3")
    changed = reader.infection() != before
    assert set(before[changed]) == {2}
    assert set(reader.infection()[changed]) == {1}
    assert reader.session.ledger.by_reader[changed].all()
    reader.key("F2")
    assert reader.infection()[voxel] == 0
    reader.key("F4")
    grown = reader.infection()
    assert grown[voxel] > 0
    assert not ((grown > 0) & (reader.anatomy() == 0)).any()
    reader.numbers_are_right()
    reader.screen.leave()
    reader.key("F2")
    assert np.array_equal(reader.infection(), grown)


def test_a_stroke_beyond_the_lung_waits_for_a_decision_and_is_taken_in_by_one_click(
    reader: Reader, tmp_path: Path
) -> None:
    ui, lungs = reader.section("Correct"), reader.anatomy()
    assert not ui.outsideRow.isVisible()
    k, j = lungs.shape[0] // 2, lungs.shape[1] // 2
    row = np.flatnonzero(lungs[k, j])
    edge = int(row[0])
    path = [reader.ras((k, j, i)) for i in range(edge + 4, edge - 4, -1)]
    reader.show(path[0])
    volume = reader.screen.desk.numbers.region("lungs").volume_ml
    reader.effect("Paint")
    reader.drag(path)
    assert not ((reader.infection() > 0) & (lungs == 0)).any()
    assert np.array_equal(reader.anatomy(), lungs)
    assert ui.outsideRow.isVisible()
    assert "ml" in ui.outsideLabel.text
    reader.screen.desk.settings.set_pool(str(tmp_path / "pool"))
    reader.screen.desk.changed()
    assert reader.section("Submit").outsideRow.isVisible()
    reader.press(reader.section("Submit").submitButton)
    assert "outside the lungs" in reader.screen.message
    assert reader.session.is_open
    reader.press(ui.addToLungButton)
    reader.settle()
    assert not ui.outsideRow.isVisible()
    grown = reader.anatomy()
    assert (grown > 0).sum() > (lungs > 0).sum()
    assert (reader.infection()[(grown > 0) & (lungs == 0)] > 0).all()
    assert reader.screen.desk.numbers.region("lungs").volume_ml > volume
    for name in ("lobes", "segments"):
        assert np.array_equal(reader.anatomy(name) > 0, grown > 0)
    reader.numbers_are_right()


def test_a_segment_beside_the_two_classes_is_not_lost_in_silence(reader: Reader, tmp_path: Path) -> None:
    reader.screen.desk.settings.set_pool(str(tmp_path / "pool"))
    reader.screen.desk.changed()
    segmentation = reader.screen.desk.case.infection.GetSegmentation()
    strayed = segmentation.AddEmptySegment("strayed")
    reader.press(reader.section("Submit").submitButton)
    assert "1 segments beside" in reader.screen.message
    assert reader.session.is_open
    segmentation.RemoveSegment(strayed)


def test_the_hu_range_is_off_at_first_and_one_click_away(reader: Reader) -> None:
    import slicer

    ui, hu = reader.section("Correct"), slicer.util.arrayFromVolume(reader.screen.desk.case.volume)
    healthy = (reader.anatomy() > 0) & (reader.infection() == 0) & (hu < -750)
    k = healthy.shape[0] // 2
    place = np.argwhere(healthy[k])[np.count_nonzero(healthy[k]) // 2]
    ras = reader.ras((k, *place))
    reader.show(ras)
    reader.effect("Paint")
    before = reader.infection()
    reader.press(ui.rangeCheck)
    reader.drag([ras, ras])
    assert (hu[reader.infection() != before] >= ui.lowBox.value).all()
    assert reader.infection()[(k, *place)] == 0
    reader.press(ui.rangeCheck)
    reader.drag([ras, ras])
    assert reader.infection()[(k, *place)] == 1


def test_gaps_between_painted_slices_are_shown_and_filled(reader: Reader) -> None:
    import slicer

    ui, lungs = reader.section("Correct"), reader.anatomy()
    free = (lungs > 0) & (reader.infection() == 0)
    deep = np.argwhere(free[:-4] & free[1:-3] & free[2:-2] & free[3:-1] & free[4:])
    k, j, i = deep[len(deep) // 2]
    before = reader.infection()
    reader.show(reader.ras((k, j, i)))
    reader.effect("Paint")
    for step in (0, 4):
        place = reader.ras((k + step, j, i))
        reader.show(place)
        reader.drag([place, place])
    own = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    assert (reader.infection()[k + 1 : k + 4, j, i] == 0).all()
    reader.press(ui.fillButton)
    assert "Apply" in reader.screen.message
    assert len(slicer.util.getNodesByClass("vtkMRMLSegmentationNode")) == len(own) + 1
    reader.press(ui.changeClassButton)
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == own
    reader.key("F5")
    ui.segmentEditor.activeEffect().self().onApply()
    reader.settle()
    after = reader.infection()
    assert (after[k : k + 5, j, i] == 1).all()
    assert (after[before > 0] == before[before > 0]).all()
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == own
    reader.numbers_are_right()


def test_an_editor_without_the_effect_says_so(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    from CovidQuantLib.slicer_app import editor_node

    monkeypatch.setattr(editor_node, "FILL", "No such effect")
    reader.press(reader.section("Correct").fillButton)
    assert "not in this Segment Editor" in reader.screen.message


def test_choosing_a_class_in_the_editor_ends_letting_density_tell_it(reader: Reader) -> None:
    ui = reader.section("Correct")
    reader.press(ui.unclassifiedCheck)
    assert reader.session.edits.drawing == "unclassified"
    ui.segmentEditor.setCurrentSegmentID("consolidation")
    assert reader.session.edits.drawing == "consolidation"
    assert not ui.unclassifiedCheck.checked


def test_marks_lead_through_the_slices_from_the_head_to_the_feet(reader: Reader) -> None:
    from dataclasses import replace

    from CovidQuantLib.slicer_app.slice_bar import slice_shown

    ui, grid, desk = reader.section("Correct"), reader.session.arrays.grid, reader.screen.desk
    assert "threshold does not say" in ui.uncertainLabel.text
    assert not ui.nextMarkButton.isVisible()
    unsure = [0.0] * grid.geometry.shape[0]
    unsure[20], unsure[60] = 1.0, 0.8
    desk.numbers = replace(desk.numbers, uncertain_ml=tuple(unsure), sources={"infection": "a model"})
    reader.screen.leave()
    reader.screen.enter()
    reader.rest(0.2)
    ui.sliceSlider.value = 0
    assert slice_shown(grid) == grid.geometry.shape[0] - 1
    shown = []
    for _ in range(3):
        reader.press(ui.nextMarkButton)
        shown.append(slice_shown(grid))
    assert shown == [60, 20, 60]
    assert ui.sliceSlider.value == grid.geometry.shape[0] - 1 - 60
    ui.blankButton.click()
    assert "blank mask" in ui.uncertainLabel.text
    assert not ui.nextMarkButton.isVisible()
    assert not ui.acceptButton.isEnabled()
    reader.settle()
    assert desk.numbers.region("lungs").infection_ml == 0.0


def test_a_draft_is_removed_only_when_the_reader_says_yes_and_then_the_proposal_is_back(reader: Reader) -> None:
    ui, desk = reader.section("Correct"), reader.screen.desk
    proposal = reader.infection()
    reader.session.delete_component(reader.ras(reader.lesion(2)))
    corrected = reader.infection()
    for answer, expected in (("No", corrected), ("Yes", proposal)):
        desk.close_session()
        desk.changed()
        reader.rest()
        reader.application.dialogs.answer(answer)
        reader.press(ui.discardDraftButton)
        if answer == "No":
            assert desk.session is None
            reader.press(ui.resumeDraftButton)
        assert np.array_equal(reader.infection(), expected)
        assert np.array_equal(reader.session.start_labels, proposal)
        assert reader.session.start.kind == "proposal"
        reader.settle()
        reader.numbers_are_right()
    assert ui.acceptButton.isEnabled()


def test_what_another_reader_has_edited_is_not_called_a_proposal(reader: Reader) -> None:
    ui, desk = reader.section("Correct"), reader.screen.desk
    reader.session.delete_component(reader.ras(reader.lesion(2)))
    edited = reader.infection()
    desk.close_session()
    desk.settings.set_reader("R2")
    desk.changed()
    reader.rest()
    assert desk.session is None
    assert "edited before" in reader.screen.message
    assert np.array_equal(reader.infection(), edited)
    reader.section("Segment")
    reader.press(reader.section("Segment").segmentButton)
    reader.wait()
    assert reader.session.start.kind == "proposal"
    assert reader.session.name.reader == "R2"
    assert not np.array_equal(reader.infection(), edited)
    ui.section.collapsed = False
    reader.rest()
    assert ui.acceptButton.isEnabled()

"""The Segment Editor edits real segmentations with the mouse, within the masks, and can undo it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from Testing.embedded_host.application import Application

pytestmark = pytest.mark.slicer

STROKE = [(150, 150), (170, 150), (190, 150)]


@dataclass
class Case:
    """A CT of two halves with a lung and an empty lesion, in the editor, on the screen."""

    application: Application
    ct: Any
    segmentation: Any
    editor: Any
    node: Any
    view: Any

    def voxels(self, segment_id: str) -> NDArray[Any]:
        import slicer

        found = slicer.util.arrayFromSegmentBinaryLabelmap(self.segmentation, segment_id, self.ct)
        return np.asarray(found)

    def stroke(self, effect: str) -> None:
        self.editor.setActiveEffectByName(effect)
        self.application.mouse.drag(self.view, STROKE)


@pytest.fixture
def case(application: Application) -> Iterator[Case]:
    import slicer

    hu = np.full((20, 40, 40), -800, np.int16)
    hu[:, :, 20:] = 0
    ct = slicer.util.addVolumeFromArray(hu, ijkToRAS=np.diag([2.0, 2.0, 2.0, 1.0]), name="CT")
    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Infection")
    segmentation.CreateDefaultDisplayNodes()
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(ct)
    for name in ("lung", "lesion"):
        segmentation.GetSegmentation().AddEmptySegment(name, name)
    lung = (hu == -800).astype(np.uint8)
    slicer.util.updateSegmentBinaryLabelmapFromArray(lung, segmentation, "lung", ct)
    editor = slicer.qMRMLSegmentEditorWidget()
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentEditorNode")
    node.SetOverwriteMode(node.OverwriteNone)
    editor.setMRMLSegmentEditorNode(node)
    editor.setMRMLScene(slicer.mrmlScene)
    editor.setSegmentationNode(segmentation)
    editor.setSourceVolumeNode(ct)
    editor.setCurrentSegmentID("lesion")
    editor.setupViewObservations()
    node.SetAttribute("BrushDiameterIsRelative", "0")
    node.SetAttribute("BrushAbsoluteDiameter", "10")
    slicer.util.setSliceViewerLayers(background=ct)
    view = slicer.app.layoutManager().sliceWidget("Red").sliceView()
    view.resize(400, 400)
    slicer.util.resetSliceViews()
    yield Case(application, ct, segmentation, editor, node, view)
    editor.removeViewObservations()
    editor.deleteLater()


def test_a_stroke_paints_the_selected_segment_on_one_slice(case: Case) -> None:
    before = case.voxels("lung").sum()
    case.stroke("Paint")
    lesion = case.voxels("lesion")
    assert lesion.any()
    assert np.flatnonzero(lesion.any(axis=(1, 2))).size == 1
    assert case.voxels("lung").sum() == before


def test_the_brush_has_the_diameter_it_was_given(case: Case) -> None:
    case.editor.setActiveEffectByName("Paint")
    case.editor.activeEffect().setCommonParameter("BrushSphere", 1)
    case.application.mouse.drag(case.view, [(200, 200), (200, 200)])
    lesion = case.voxels("lesion")
    spans = [np.ptp(found) + 1 for found in np.nonzero(lesion)]
    assert spans[0] * 2.0 == pytest.approx(10.0, abs=2.0)
    assert lesion.sum() * 8.0 == pytest.approx(4 / 3 * np.pi * 5.0**3, rel=0.3)


def test_one_stroke_is_one_change_of_the_segmentation(case: Case) -> None:
    import slicer

    events: list[str] = []
    case.editor.setActiveEffectByName("Paint")
    event = slicer.vtkSegmentation.SourceRepresentationModified
    case.segmentation.AddObserver(event, lambda _node, name: events.append(name))
    case.application.mouse.drag(case.view, STROKE)
    assert 1 <= len(events) <= 2


def test_undo_and_redo_take_a_stroke_back_and_again(case: Case) -> None:
    case.stroke("Paint")
    painted = case.voxels("lesion").sum()
    assert painted > 0
    case.editor.undo()
    assert case.voxels("lesion").sum() == 0
    case.editor.redo()
    assert case.voxels("lesion").sum() == painted


def test_erase_removes_what_was_painted(case: Case) -> None:
    case.stroke("Paint")
    assert case.voxels("lesion").any()
    case.stroke("Erase")
    assert case.voxels("lesion").sum() == 0


def test_a_stroke_stays_inside_the_segment_that_editing_is_allowed_in(case: Case) -> None:
    import slicer

    case.node.SetMaskMode(slicer.vtkMRMLSegmentationNode.EditAllowedInsideSingleSegment)
    case.node.SetMaskSegmentID("lung")
    case.editor.setActiveEffectByName("Paint")
    case.application.mouse.drag(case.view, [(40, 200), (360, 200)])
    lesion, lung = case.voxels("lesion"), case.voxels("lung")
    assert lesion.any()
    assert not (lesion & ~lung.astype(bool)).any()


def test_a_stroke_stays_inside_the_intensity_range(case: Case) -> None:
    import slicer

    case.node.SetSourceVolumeIntensityMask(1)
    case.node.SetSourceVolumeIntensityMaskRange(-100, 100)
    case.editor.setActiveEffectByName("Paint")
    case.application.mouse.drag(case.view, [(40, 200), (360, 200)])
    hu = slicer.util.arrayFromVolume(case.ct)
    assert case.voxels("lesion").any()
    assert (hu[case.voxels("lesion") > 0] == 0).all()


def test_threshold_sets_the_segment_and_leaves_no_effect_active(case: Case) -> None:
    import slicer

    case.editor.setActiveEffectByName("Threshold")
    effect = case.editor.activeEffect()
    effect.setParameter("MinimumThreshold", "-100")
    effect.setParameter("MaximumThreshold", "100")
    effect.self().onApply()
    assert (case.voxels("lesion").astype(bool) == (slicer.util.arrayFromVolume(case.ct) == 0)).all()
    assert case.editor.activeEffect() is None
    case.editor.undo()
    assert not case.voxels("lesion").any()


def test_islands_keeps_the_largest_part(case: Case) -> None:
    import slicer

    parts = np.zeros((20, 40, 40), np.uint8)
    parts[2:5, 2:5, 2:5] = parts[10, 10, 10] = 1
    slicer.util.updateSegmentBinaryLabelmapFromArray(parts, case.segmentation, "lesion", case.ct)
    case.editor.setActiveEffectByName("Islands")
    case.editor.activeEffect().self().onApply()
    assert case.voxels("lesion").sum() == 27


def test_without_view_observations_no_effect_sees_the_mouse(case: Case) -> None:
    case.editor.removeViewObservations()
    case.stroke("Paint")
    assert not case.voxels("lesion").any()


def test_what_slicer_refuses_raises(case: Case) -> None:
    import slicer

    with pytest.raises(ValueError, match="no effect"):
        case.editor.setActiveEffectByName("Painting")
    with pytest.raises(AttributeError):
        case.editor.effectByName("Paint").self()
    with pytest.raises(AttributeError):
        case.editor.setUnorderedEffectsVisible(False)
    with pytest.raises(NotImplementedError, match="the host has no Margin"):
        case.editor.effectByName("Margin").self().onApply()
    with pytest.raises(RuntimeError, match="no parameter node"):
        slicer.qMRMLSegmentEditorWidget().setSegmentationNode(case.segmentation)


def test_only_the_effects_in_order_are_shown(case: Case) -> None:
    case.editor.setEffectNameOrder(["Paint", "Erase"])
    case.editor.unorderedEffectsVisible = False
    buttons = [b for b in case.editor.findChildren("QToolButton") if b.name in case.editor.availableEffectNames()]
    assert [b.name for b in buttons if b.isVisibleTo(case.editor)] == ["Paint", "Erase"]


def test_a_row_clicked_in_the_table_is_the_segment_that_is_edited(case: Case) -> None:
    table = case.editor.findChild("QTableWidget")
    table.selectRow(0)
    assert case.editor.currentSegmentID() == case.node.GetSelectedSegmentID() == "lung"

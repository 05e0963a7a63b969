"""Reading and writing segments as arrays: exact, and in nobody else's voxels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import slicer

from CovidQuantLib.anatomy import INFECTION, LOBES, LUNGS
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.slicer_app.label_arrays import (
    BINARY_LABELMAP,
    add_segment,
    covering_box,
    new_image,
    nonzero_box,
    read_labels,
    shared_box,
    whole_box,
    write_labels,
)
from Testing.unit.slicer_app.chest_case import case_nodes

BOX = Box((5, 6, 7), (15, 20, 24))
RNG = np.random.default_rng(11)


@pytest.fixture
def a_node(a_volume: Any) -> Any:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    node.SetReferenceImageGeometryParameterFromVolumeNode(a_volume)
    return node


def some_labels(box: Box = BOX) -> Any:
    return RNG.integers(0, 3, box.shape).astype(np.uint8)


def slicers_view(node: Any, key: str, volume: Any) -> Any:
    return slicer.util.arrayFromSegmentBinaryLabelmap(node, key, volume) > 0


def events_of(node: Any) -> list[str]:
    seen: list[str] = []
    node.GetSegmentation().AddObserver(
        slicer.vtkSegmentation.SourceRepresentationModified, lambda _caller, _event: seen.append("changed")
    )
    return seen


def test_what_is_written_is_read_again_and_seen_by_slicer(a_node: Any, a_volume: Any) -> None:
    labels = some_labels()
    write_labels(a_node, INFECTION, BOX, labels, a_volume)
    whole = read_labels(a_node, INFECTION, a_volume)
    assert np.array_equal(whole[BOX.slices], labels)
    assert whole.sum() == labels.sum()
    assert np.array_equal(read_labels(a_node, INFECTION, a_volume, BOX), labels)
    for structure in INFECTION:
        assert np.array_equal(slicers_view(a_node, structure.key, a_volume), whole == structure.label)


def test_writing_a_box_changes_nothing_outside_of_it(a_node: Any, a_volume: Any) -> None:
    whole = some_labels(whole_box(a_volume))
    write_labels(a_node, INFECTION, whole_box(a_volume), whole, a_volume)
    labels = some_labels()
    write_labels(a_node, INFECTION, BOX, labels, a_volume)
    whole[BOX.slices] = labels
    assert np.array_equal(read_labels(a_node, INFECTION, a_volume), whole)


def test_an_image_grows_only_when_something_is_written_beyond_it() -> None:
    nodes = case_nodes()
    segment = nodes.infection.GetSegmentation().GetSegment("ggo")
    extent = segment.GetRepresentation(BINARY_LABELMAP).GetExtent()
    whole = whole_box(nodes.volume)
    before = read_labels(nodes.infection, INFECTION, nodes.volume)
    write_labels(nodes.infection, INFECTION, whole, before, nodes.volume)
    assert segment.GetRepresentation(BINARY_LABELMAP).GetExtent() == extent
    before[0, 0, 0] = 2
    write_labels(nodes.infection, INFECTION, whole, before, nodes.volume)
    assert np.array_equal(read_labels(nodes.infection, INFECTION, nodes.volume), before)
    assert segment.GetRepresentation(BINARY_LABELMAP).GetExtent()[::2] == (0, 0, 0)


def test_both_classes_stay_in_one_image_and_so_exclude_each_other() -> None:
    nodes = case_nodes()
    write_labels(nodes.infection, INFECTION, BOX, some_labels(), nodes.volume)
    segmentation = nodes.infection.GetSegmentation()
    assert segmentation.GetNumberOfLayers() == 1


def test_each_write_tells_slicer_and_a_write_of_the_same_does_not(a_node: Any, a_volume: Any) -> None:
    labels = some_labels()
    write_labels(a_node, INFECTION, BOX, labels, a_volume)
    seen = events_of(a_node)
    write_labels(a_node, INFECTION, BOX, labels, a_volume)
    assert seen == []
    write_labels(a_node, INFECTION, BOX, 0 * labels, a_volume)
    assert seen


def test_lobes_that_share_an_image_with_a_persons_segment_leave_it_alone(a_node: Any, a_volume: Any) -> None:
    image, voxels = new_image(a_volume, BOX)
    voxels[:] = 1
    add_segment(a_node, LUNGS[0], image)
    own = slicer.vtkSegment()
    own.SetName("mine")
    own.SetLabelValue(7)
    voxels[:4] = 7
    own.AddRepresentation(BINARY_LABELMAP, image)
    a_node.GetSegmentation().AddSegment(own, "mine")
    write_labels(a_node, LUNGS, BOX, np.full(BOX.shape, 2, np.uint8), a_volume)
    mine = np.zeros(whole_box(a_volume).shape, bool)
    mine[BOX.slices][:4] = True
    assert np.array_equal(slicers_view(a_node, "mine", a_volume), mine)
    assert (read_labels(a_node, LUNGS, a_volume, BOX) == 2).all()
    assert not slicers_view(a_node, "right", a_volume).any()


def test_a_segment_that_the_user_has_removed_is_empty_and_comes_back_when_written() -> None:
    nodes = case_nodes()
    nodes.infection.GetSegmentation().RemoveSegment("consolidation")
    assert 2 not in read_labels(nodes.infection, INFECTION, nodes.volume)
    labels = some_labels()
    write_labels(nodes.infection, INFECTION, BOX, labels, nodes.volume)
    assert np.array_equal(read_labels(nodes.infection, INFECTION, nodes.volume, BOX), labels)
    assert nodes.infection.GetSegmentation().GetSegment("consolidation").GetName() == "Consolidation"


def test_a_segment_on_another_grid_is_read_and_brought_back(a_node: Any, a_volume: Any) -> None:
    finer = slicer.util.addVolumeFromArray(np.zeros((48, 60, 72), np.int16), np.diag([1.0, -1.25, 1.5, 1.0]), "finer")
    image, voxels = new_image(finer, whole_box(finer))
    voxels[20:30, 20:30, 20:30] = 1
    add_segment(a_node, INFECTION[0], image)
    labels = read_labels(a_node, INFECTION, a_volume)
    assert np.array_equal(labels > 0, slicers_view(a_node, "ggo", a_volume))
    labels[BOX.slices] = 2
    write_labels(a_node, INFECTION, BOX, labels[BOX.slices], a_volume)
    assert np.array_equal(read_labels(a_node, INFECTION, a_volume), labels)


def test_an_empty_node_reads_as_background(a_node: Any, a_volume: Any) -> None:
    assert not read_labels(a_node, LOBES, a_volume).any()


def test_boxes_meet_and_cover() -> None:
    one, other = Box((0, 0, 0), (4, 4, 4)), Box((2, 3, 1), (9, 9, 9))
    assert shared_box(one, other) == Box((2, 3, 1), (4, 4, 4))
    assert shared_box(one, Box((4, 0, 0), (5, 1, 1))) is None
    assert covering_box([one, other]) == Box((0, 0, 0), (9, 9, 9))
    assert covering_box([Box((3, 3, 3), (3, 4, 4))]) is None
    labels = np.zeros((3, 3, 3), np.uint8)
    labels[1, 2, 0] = 1
    assert nonzero_box(labels, Box((10, 10, 10), (13, 13, 13))) == Box((11, 12, 10), (12, 13, 11))


def moments_of(node: Any) -> list[tuple[int, int]]:
    """At each event of a segmentation: the voxels that its images' extents promise, and those that are there."""
    seen: list[tuple[int, int]] = []

    def look(segmentation: Any, _event: str) -> None:
        for key in segmentation.GetSegmentIDs():
            image = segmentation.GetSegment(key).GetRepresentation(BINARY_LABELMAP)
            scalars = image.GetPointData().GetScalars()
            seen.append((image.GetNumberOfPoints(), scalars.GetNumberOfTuples() if scalars is not None else 0))

    node.GetSegmentation().AddObserver(slicer.vtkSegmentation.SourceRepresentationModified, look)
    return seen


def test_an_image_that_grows_never_promises_voxels_that_are_not_there(a_node: Any, a_volume: Any) -> None:
    # A view of Slicer that is told of an extent reads all of it at once.
    write_labels(a_node, INFECTION, BOX, some_labels(), a_volume)
    seen = moments_of(a_node)
    write_labels(a_node, INFECTION, whole_box(a_volume), some_labels(whole_box(a_volume)), a_volume)
    assert seen
    assert all(promised == there for promised, there in seen)


@pytest.mark.parametrize("box", [Box((20, 6, 7), (30, 20, 24)), Box((-1, 0, 0), (4, 4, 4)), Box((5, 5, 5), (5, 9, 9))])
def test_a_box_that_is_none_of_the_cts_grid_is_refused(a_node: Any, a_volume: Any, box: Box) -> None:
    with pytest.raises(ValueError, match="grid"):
        write_labels(a_node, INFECTION, box, np.ones(box.shape, np.uint8), a_volume)
    with pytest.raises(ValueError, match="grid"):
        write_labels(a_node, INFECTION, BOX, np.ones((2, 2, 2), np.uint8), a_volume)


def test_an_image_that_reaches_far_out_of_the_ct_is_cut_before_it_grows(a_node: Any, a_volume: Any) -> None:
    far = Box((0, 0, 35), (1, 1, 60_000))
    image, voxels = new_image(a_volume, far)
    voxels[:] = 1
    add_segment(a_node, INFECTION[0], image)
    labels = some_labels(whole_box(a_volume))
    labels[0, 0, 35] = 1
    write_labels(a_node, INFECTION, whole_box(a_volume), labels, a_volume)
    grown = a_node.GetSegmentation().GetSegment("ggo").GetRepresentation(BINARY_LABELMAP)
    assert grown.GetNumberOfPoints() == labels.size
    assert np.array_equal(read_labels(a_node, INFECTION, a_volume), labels)

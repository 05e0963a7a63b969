"""From a result folder to two nodes: the right voxels, names and codes, and nothing of a person touched."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slicer
import vtk

from CovidQuantLib.anatomy import INFECTION, LOBES, LUNGS, SEGMENTS, Structure
from CovidQuantLib.messages import Cancelled, InputError
from CovidQuantLib.reports.file_names import SEGMENTATION_FILE
from CovidQuantLib.reports.terminology import terminology_entry
from CovidQuantLib.slicer_app.label_arrays import read_labels
from CovidQuantLib.slicer_app.segmentation_nodes import (
    CaseNodes,
    case_nodes_of,
    is_edited,
    load_results,
    mark_edited,
    remove_case_nodes,
)
from CovidQuantLib.slicer_app.surfaces import has_surfaces, hide_surfaces, show_surfaces
from Testing.unit.slicer_app.chest_case import a_chest, case_nodes, ct_node, write_results

ANATOMY = (*LUNGS, *LOBES, *SEGMENTS)


@pytest.fixture
def nodes() -> CaseNodes:
    return case_nodes()


def names(node: Any) -> list[str]:
    segmentation = node.GetSegmentation()
    return [segmentation.GetSegment(key).GetName() for key in segmentation.GetSegmentIDs()]


@pytest.mark.parametrize(
    ("part", "structures"),
    [("lungs", LUNGS), ("lobes", LOBES), ("segments", SEGMENTS), ("infection", INFECTION)],
)
def test_every_voxel_of_the_results_is_in_the_scene(
    part: str, structures: tuple[Structure, ...], nodes: CaseNodes
) -> None:
    node = nodes.infection if part == "infection" else nodes.anatomy
    labels = a_chest().ct.stored.from_stored(read_labels(node, structures, nodes.volume))
    assert np.array_equal(labels, getattr(a_chest(), part))


def test_slicer_itself_sees_the_same_voxels_at_the_same_place(nodes: CaseNodes) -> None:
    own = slicer.util.arrayFromSegmentBinaryLabelmap(nodes.anatomy, "RUL", nodes.volume)
    assert np.array_equal(a_chest().ct.stored.from_stored(own) > 0, a_chest().lobes == 1)


def test_anatomy_and_infection_are_two_nodes_with_the_names_codes_and_colours_of_the_anatomy(nodes: CaseNodes) -> None:
    for node, structures in ((nodes.anatomy, ANATOMY), (nodes.infection, INFECTION)):
        segmentation = node.GetSegmentation()
        assert list(segmentation.GetSegmentIDs()) == [structure.key for structure in structures]
        for structure in structures:
            segment, terms = segmentation.GetSegment(structure.key), vtk.reference("")
            assert segment.GetName().removesuffix(" (estimated)") == structure.name
            assert np.allclose(segment.GetColor(), np.array(structure.colour) / 255, atol=1e-6)
            segment.GetTag(segment.GetTerminologyEntryTagName(), terms)
            assert terms.get() == terminology_entry(structure)
    assert "Right upper lobe (estimated)" in names(nodes.anatomy)
    assert "Right lung" in names(nodes.anatomy)


def test_the_segments_are_hidden_and_the_rest_is_seen(nodes: CaseNodes) -> None:
    display = nodes.anatomy.GetDisplayNode()
    assert all(display.GetSegmentVisibility(structure.key) for structure in (*LUNGS, *LOBES))
    assert not any(display.GetSegmentVisibility(structure.key) for structure in SEGMENTS)
    assert display.GetSegmentOpacity3D("right") < 0.5
    assert nodes.infection.GetDisplayNode().GetSegmentOpacity3D("ggo") == 1.0


def test_the_ct_gets_the_lung_window(nodes: CaseNodes) -> None:
    display = nodes.volume.GetDisplayNode()
    assert (display.GetWindow(), display.GetLevel(), display.GetAutoWindowLevel()) == (1200, -600, 0)


def test_where_the_infection_came_from_is_kept(nodes: CaseNodes) -> None:
    assert nodes.infection_source == "threshold"


def test_what_a_person_made_is_never_written_into(tmp_path: Path) -> None:
    chest = a_chest()
    volume = ct_node(chest)
    own = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "CovidQuant infection")
    own.GetSegmentation().AddEmptySegment("ggo", "mine")
    folder = write_results(tmp_path / "results", chest)
    first = load_results(folder, volume, lambda: None)
    second = load_results(folder, volume, lambda: None)
    assert names(own) == ["mine"]
    assert len({node.GetName() for node in (own, first.infection, second.infection)}) == 3
    found = case_nodes_of(volume)
    assert [nodes.infection for nodes in found] == [first.infection, second.infection]
    assert [nodes.anatomy for nodes in found] == [first.anatomy, second.anatomy]


def test_a_case_is_found_again_after_the_scene_was_saved_and_loaded() -> None:
    case_nodes()
    slicer.mrmlScene.SetSaveToXMLString(1)
    slicer.mrmlScene.Commit()
    saved = slicer.mrmlScene.GetSceneXMLString()
    slicer.mrmlScene.SetSaveToXMLString(0)
    slicer.mrmlScene.Clear(0)
    slicer.mrmlScene.SetSceneXMLString(saved)
    slicer.mrmlScene.SetLoadFromXMLString(1)
    slicer.mrmlScene.Import()
    slicer.mrmlScene.SetLoadFromXMLString(0)
    volume = slicer.util.getFirstNodeByClassByName("vtkMRMLScalarVolumeNode", "Chest")
    (found,) = case_nodes_of(volume)
    assert found.infection.GetName() == "CovidQuant infection"
    assert found.anatomy.GetName() == "CovidQuant anatomy"


def test_a_case_is_removed_whole_and_says_before_whether_it_was_edited(nodes: CaseNodes) -> None:
    assert not is_edited(nodes)
    mark_edited(nodes.infection)
    assert is_edited(nodes)
    remove_case_nodes(nodes)
    remove_case_nodes(nodes)
    assert case_nodes_of(nodes.volume) == []
    assert slicer.mrmlScene.IsNodePresent(nodes.volume)


def test_segments_follow_a_transform_of_the_ct(tmp_path: Path) -> None:
    chest = a_chest()
    volume = ct_node(chest)
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode")
    volume.SetAndObserveTransformNodeID(transform.GetID())
    nodes = load_results(write_results(tmp_path / "results", chest), volume, lambda: None)
    assert nodes.infection.GetTransformNodeID() == transform.GetID()
    labels = read_labels(nodes.anatomy, LUNGS, volume)
    assert np.array_equal(chest.ct.stored.from_stored(labels), chest.lungs)


def test_a_healthy_chest_has_two_empty_kinds_of_infection_to_paint_into(tmp_path: Path) -> None:
    chest = a_chest()
    healthy = type(chest)(**{**vars(chest), "infection": np.zeros_like(chest.infection)})
    nodes = load_results(write_results(tmp_path / "results", healthy), ct_node(chest), lambda: None)
    assert list(nodes.infection.GetSegmentation().GetSegmentIDs()) == ["ggo", "consolidation"]
    assert not read_labels(nodes.infection, INFECTION, nodes.volume).any()


def test_events_are_handled_between_the_long_calls(tmp_path: Path) -> None:
    calls: list[int] = []
    load_results(write_results(tmp_path / "r", a_chest()), ct_node(a_chest()), lambda: calls.append(1))
    assert len(calls) >= 6


def test_a_ct_that_is_removed_meanwhile_leaves_nothing_behind(tmp_path: Path) -> None:
    volume, calls = ct_node(a_chest()), []

    def remove() -> None:
        calls.append(1)
        if len(calls) == 4:
            slicer.mrmlScene.RemoveNode(volume)

    with pytest.raises(Cancelled):
        load_results(write_results(tmp_path / "r", a_chest()), volume, remove)
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == []


@pytest.mark.parametrize("damage", ["cut", "gone", "other voxels", "no header"])
def test_damaged_results_are_one_sentence_and_leave_nothing_behind(damage: str, tmp_path: Path) -> None:
    file = write_results(tmp_path / "results", a_chest()) / SEGMENTATION_FILE
    content = file.read_bytes()
    header, _, data = content.partition(b"\n\n")
    if damage == "cut":
        file.write_bytes(content[:-100])
    elif damage == "gone":
        file.unlink()
    elif damage == "other voxels":
        file.write_bytes(header + b"\n\n" + gzip.compress(b"abc"))
    else:
        file.write_bytes(b"NRRD0004\n\n" + data)
    with pytest.raises(InputError, match="results are damaged"):
        load_results(tmp_path / "results", ct_node(a_chest()), lambda: None)
    assert slicer.util.getNodesByClass("vtkMRMLSegmentationNode") == []


def test_results_of_a_larger_ct_are_refused(tmp_path: Path, a_volume: Any) -> None:
    with pytest.raises(InputError, match="another CT"):
        load_results(write_results(tmp_path / "r", a_chest()), a_volume, lambda: None)


def test_surfaces_are_made_one_by_one_and_only_of_what_is_seen(nodes: CaseNodes) -> None:
    calls: list[int] = []
    show_surfaces(nodes.anatomy, lambda: calls.append(1))
    assert len(calls) == 2
    assert has_surfaces(nodes.anatomy)
    surface = nodes.anatomy.GetSegmentation().GetSegment("left").GetRepresentation("Closed surface")
    assert surface.GetNumberOfPoints() > 100
    for hidden in ("RS1", "LS10", "RUL"):
        segment = nodes.anatomy.GetSegmentation().GetSegment(hidden)
        assert segment.GetRepresentation("Closed surface").GetNumberOfPoints() == 0
    lps = a_chest().ct.geometry.to_lps(np.argwhere(a_chest().lungs == 2).mean(axis=0))
    assert np.abs(np.array(surface.GetCenter()) - (-lps[0], -lps[1], lps[2])).max() < 40
    nodes.anatomy.GetDisplayNode().SetSegmentVisibility3D("RUL", True)
    show_surfaces(nodes.anatomy, lambda: calls.append(1))
    assert len(calls) == 3
    hide_surfaces(nodes.anatomy)
    assert not has_surfaces(nodes.anatomy)

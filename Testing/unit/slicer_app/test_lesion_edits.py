"""Edits of one click, and the split by density."""

from __future__ import annotations

from typing import Any

import numpy as np

from CovidQuantLib.ct.grid import Box
from CovidQuantLib.slicer_app.surfaces import CLOSED_SURFACE, show_surfaces
from Testing.unit.slicer_app.sessions import (
    Case,
    healthy_lung,
    voxels_near,
    whole_quantification,
)


def test_a_lesion_is_deleted_by_one_click_and_comes_back_with_undo(case: Case) -> None:
    before = case.infection
    voxel = tuple(int(v) for v in np.argwhere(before == 2)[0])
    assert case.session.delete_component(case.ras(voxel))
    after = case.infection
    assert after[voxel] == 0
    assert (after != before).sum() > 10
    assert case.heard.numbers[-1].regions == whole_quantification(case).regions
    case.undo()
    assert np.array_equal(case.infection, before)


def test_a_class_that_was_changed_by_one_click_is_the_readers(case: Case) -> None:
    before = case.infection
    voxel = tuple(int(v) for v in np.argwhere(before == 2)[0])
    assert case.session.change_class(case.ras(voxel))
    changed = case.infection != before
    assert set(before[changed]) == {2}
    assert set(case.infection[changed]) == {1}
    assert np.array_equal(case.session.ledger.by_reader, changed)
    assert case.session.change_class(case.ras(tuple(int(v) for v in np.argwhere(before == 1)[0])))


def test_growing_from_a_point_adds_infection_like_it(case: Case) -> None:
    before = case.infection
    voxel = tuple(int(v) for v in np.argwhere(before == 2)[5])
    box = Box(voxel, tuple(v + 1 for v in voxel))  # type: ignore[arg-type]
    case.paint("consolidation", Box(box.start, tuple(v + 6 for v in box.start)), erase=True)  # type: ignore[arg-type]
    assert case.session.grow_from(case.ras(voxel))
    after = case.infection
    assert after[voxel] > 0
    assert not ((after > 0) & (case.lungs == 0)).any()
    assert case.heard.numbers[-1].regions == whole_quantification(case).regions


def test_a_click_beside_the_infection_or_the_ct_changes_nothing(case: Case) -> None:
    before = case.infection
    assert not case.session.delete_component(case.ras(tuple(np.argwhere(healthy_lung())[0])))
    assert not case.session.change_class((1e4, 0, 0))
    assert np.array_equal(case.infection, before)


def test_splitting_again_spares_what_a_reader_set_and_can_be_undone(case: Case) -> None:
    box = voxels_near(case.infection == 1)
    case.paint("consolidation", box)
    before = case.infection
    assert case.session.split_again(3000.0)
    after = case.infection
    assert (after[box.slices] == 2).all()
    assert (after == 2).sum() == (before[box.slices] == 2).sum()
    assert np.array_equal(after > 0, before > 0)
    case.undo()
    assert np.array_equal(case.infection, before)
    assert case.session.ledger.by_reader.sum() == box.shape[0] * box.shape[1] * box.shape[2]


def test_surfaces_follow_the_edits_of_one_click(case: Case) -> None:
    show_surfaces(case.nodes.infection, lambda: None)
    show_surfaces(case.nodes.anatomy, lambda: None)

    def points(node: Any, key: str) -> int:
        return int(node.GetSegmentation().GetSegment(key).GetRepresentation(CLOSED_SURFACE).GetNumberOfPoints())

    infection, lung = points(case.nodes.infection, "consolidation"), points(case.nodes.anatomy, "right")
    case.session.delete_component(case.ras(tuple(int(v) for v in np.argwhere(case.infection == 2)[0])))
    case.time.pass_by(1)
    assert points(case.nodes.infection, "consolidation") < infection
    assert points(case.nodes.anatomy, "right") == lung

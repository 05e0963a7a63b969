"""What is drawn with Slicer's own segment editor logic: classes, lungs, undo."""

from __future__ import annotations

import numpy as np
import pytest

from CovidQuantLib.anatomy import LOBES, SEGMENTS
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.messages import InputError
from CovidQuantLib.segmentation.infection_classes import split_classes
from CovidQuantLib.slicer_app.label_arrays import nonzero_box, read_labels, whole_box
from Testing.unit.slicer_app.chest_case import a_chest
from Testing.unit.slicer_app.sessions import (
    Case,
    anatomy_of,
    at_the_border,
    healthy_lung,
    stored,
    voxels_near,
    whole_quantification,
)


def test_painting_infection_changes_no_voxel_of_the_anatomy(case: Case) -> None:
    before = anatomy_of(case)
    case.paint("ggo", voxels_near(healthy_lung()))
    case.paint("ggo", at_the_border())
    after = anatomy_of(case)
    assert all(np.array_equal(one, other) for one, other in zip(before, after, strict=True))


def test_one_class_replaces_the_other_and_undo_restores_both(case: Case) -> None:
    before = case.infection
    box = voxels_near(before == 1)
    case.paint("consolidation", box)
    assert (case.infection[box.slices] == 2).all()
    assert case.session.ledger.by_reader[box.slices].all()
    case.undo()
    assert np.array_equal(case.infection, before)
    assert not case.session.ledger.by_reader.any()
    assert case.heard.numbers[-1].regions == case.heard.numbers[0].regions
    case.redo()
    assert (case.infection[box.slices] == 2).all()
    assert case.session.ledger.by_reader[box.slices].all()


def test_a_stroke_ends_at_the_lungs_and_offers_to_add_the_rest(case: Case) -> None:
    box, lungs = at_the_border(), case.lungs
    case.paint("consolidation", box)
    drawn = case.infection[box.slices]
    assert np.array_equal(drawn > 0, lungs[box.slices] > 0)
    beyond = int((lungs[box.slices] == 0).sum())
    assert case.heard.outside_ml[-1] == pytest.approx(beyond * a_chest().ct.geometry.voxel_ml)


def test_add_to_lung_takes_the_rest_in_and_lobes_and_segments_follow(case: Case) -> None:
    box = at_the_border()
    case.paint("consolidation", box)
    before = case.heard.numbers[-1].region("right")
    assert case.session.add_to_lung()
    assert (case.infection[box.slices] == 2).all()
    assert (case.lungs[box.slices] == 1).all()
    for part in (LOBES, SEGMENTS):
        assert (read_labels(case.nodes.anatomy, part, case.nodes.volume)[box.slices] > 0).all()
    now = case.heard.numbers[-1].region("right")
    assert (now.volume_ml or 0) > (before.volume_ml or 1e9)
    assert case.heard.numbers[-1].regions == whole_quantification(case).regions
    assert case.heard.outside_ml[-1] == 0
    assert case.session.ledger.by_reader[box.slices].all()


def test_undo_of_add_to_lung_gives_the_lungs_back_and_redo_takes_them_again(case: Case) -> None:
    lungs, box = case.lungs, at_the_border()
    case.paint("ggo", box)
    drawn = case.infection
    case.session.add_to_lung()
    grown = case.lungs
    case.undo()
    assert np.array_equal(case.infection, drawn)
    assert np.array_equal(case.lungs, lungs)
    assert case.heard.numbers[-1].regions == whole_quantification(case).regions
    case.redo()
    assert np.array_equal(case.lungs, grown)
    assert case.heard.numbers[-1].regions == whole_quantification(case).regions


def test_a_stroke_far_from_every_lung_is_no_lung_and_says_so(case: Case) -> None:
    case.paint("ggo", Box((0, 0, 0), (2, 2, 2)))
    with pytest.raises(InputError, match="No lung is near"):
        case.session.add_to_lung()
    case.session.dismiss_outside()
    assert not case.session.add_to_lung()


def test_unclassified_infection_is_divided_by_density_and_leaves_what_is_there(case: Case) -> None:
    before = case.infection
    case.session.edits.drawing = "unclassified"
    lesion = nonzero_box(before, whole_box(case.nodes.volume))
    assert lesion is not None
    box = Box(lesion.start, tuple(first + 14 for first in lesion.start))  # type: ignore[arg-type]
    case.paint("ggo", box)
    after, chest = case.infection, a_chest()
    added = (after > 0) & (before == 0)
    assert added.any()
    assert np.array_equal(after[before > 0], before[before > 0])
    wanted = stored(split_classes(chest.ct.hu, chest.ct.stored.from_stored(after) > 0, chest.ct.geometry))
    assert np.array_equal(after[added], wanted[added])
    assert not case.session.ledger.by_reader.any()


def test_what_was_erased_and_drawn_again_is_the_readers(case: Case) -> None:
    box = voxels_near(case.infection == 1)
    case.paint("ggo", box, erase=True)
    assert not case.infection[box.slices].any()
    case.paint("ggo", Box(box.start, tuple(stop - 1 for stop in box.stop)))  # type: ignore[arg-type]
    case.session.split_again(-1000.0)
    assert (case.infection[box.slices][:-1, :-1, :-1] == 1).all()


def test_infection_outside_the_lungs_is_told_and_repaired_on_request(case: Case) -> None:
    case.session.edits.inside_lungs = False
    box = at_the_border()
    case.paint("ggo", box)
    assert case.heard.numbers[-1].outside_ml > 0
    found = case.session.infection_outside()
    assert found is not None
    assert found.voxels == int((case.lungs[box.slices] == 0).sum())
    assert case.session.repair_outside("cut")
    assert case.session.infection_outside() is None
    case.undo()
    assert case.session.repair_outside("add")
    assert (case.lungs[box.slices] == 1).all()
    assert case.session.infection_outside() is None

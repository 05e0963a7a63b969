"""A correction from its first look to its end."""

from __future__ import annotations

import numpy as np
import pytest

from CovidQuantLib.anatomy import LOBES, SEGMENTS
from CovidQuantLib.hitl.edit_log import read_edit_log, summarise_edit_log
from CovidQuantLib.hitl.pool import BLANK, load_draft
from CovidQuantLib.slicer_app import edit_session
from CovidQuantLib.slicer_app.label_arrays import read_labels
from CovidQuantLib.slicer_app.segmentation_nodes import is_edited, set_anatomy_editable
from Testing.unit.slicer_app.chest_case import a_chest, case_nodes
from Testing.unit.slicer_app.sessions import (
    NAME,
    Case,
    at_the_border,
    healthy_lung,
    stored,
    voxels_near,
    whole_quantification,
)
from Testing.unit.slicer_app.views import a_slice_view

pytestmark = pytest.mark.usefixtures("own_folders")


def test_the_numbers_come_after_the_first_count_and_follow_each_edit(case: Case) -> None:
    assert case.heard.numbers[-1].regions == whole_quantification(case).regions
    case.paint("consolidation", voxels_near(healthy_lung()))
    assert len(case.heard.numbers) == 2
    assert case.heard.numbers[-1].regions == whole_quantification(case).regions
    assert (case.heard.numbers[-1].region("lungs").poi or 0) > (case.heard.numbers[0].region("lungs").poi or 100)


def test_the_locked_anatomy_is_put_back_and_the_unlocked_one_followed(case: Case) -> None:
    before, box = case.lungs, voxels_near(healthy_lung() & (case.lungs == 1))
    case.editor.open(case.nodes.anatomy, case.nodes.volume)
    case.paint("right", box, erase=True)
    assert np.array_equal(case.lungs, before)
    assert case.heard.problems == [edit_session.LOCKED]
    set_anatomy_editable(case.nodes, True)
    case.paint("right", box, erase=True)
    assert not case.lungs[box.slices].any()
    for part in (LOBES, SEGMENTS):
        assert not read_labels(case.nodes.anatomy, part, case.nodes.volume)[box.slices].any()
    assert case.heard.numbers[-1].regions == whole_quantification(case).regions


def test_submitting_takes_up_what_was_drawn_a_moment_before(case: Case) -> None:
    set_anatomy_editable(case.nodes, True)
    right, left = (stored(a_chest().lungs) == side for side in (1, 2))
    infection, lung = voxels_near(healthy_lung() & right), voxels_near(left)
    case.editor.paint("ggo", infection)
    case.editor.open(case.nodes.anatomy, case.nodes.volume)
    case.editor.paint("left", lung, erase=True)
    case.session.submit()
    draft = load_draft(NAME)
    assert draft is not None
    drawn, lungs = (a_chest().ct.stored.to_stored(draft.maps[name]) for name in ("infection", "lungs"))
    assert (drawn[infection.slices] == 1).all()
    assert not lungs[lung.slices].any()


def test_what_was_changed_and_undone_is_unchanged(case: Case) -> None:
    assert case.session.is_unchanged
    case.paint("ggo", voxels_near(healthy_lung()))
    assert not case.session.is_unchanged
    case.undo()
    assert case.session.is_unchanged
    case.paint("ggo", at_the_border())
    case.session.add_to_lung()
    assert not case.session.is_unchanged


def test_submitting_leaves_draft_and_log_whole_and_ends_the_session(case: Case) -> None:
    a_slice_view(case.nodes.volume)
    case.time.pass_by(5)
    case.paint("ggo", voxels_near(healthy_lung()))
    case.session.submit()
    assert not case.session.is_open
    assert load_draft(NAME) is not None
    log = read_edit_log(NAME.edit_log)
    summary = summarise_edit_log(log.events)
    assert log.submitted
    assert summary.open_ms == pytest.approx(6000, abs=300)
    assert summary.edits == 1
    assert summary.slices_seen
    kinds = [event.kind for event in log.events]
    assert kinds.index("images_shown") == 1
    assert "modified" in kinds
    seen = case.infection
    case.paint("ggo", voxels_near(healthy_lung(), 6))
    assert not np.array_equal(case.infection, seen)  # the scene is the user's again


def test_accepting_unchanged_is_a_draft_of_the_proposal(case: Case) -> None:
    case.session.submit()
    draft = load_draft(NAME)
    assert draft is not None
    assert np.array_equal(draft.maps["infection"], draft.maps["start"])


def test_a_blank_start_puts_the_proposal_away() -> None:
    case = Case(case_nodes(), BLANK)
    assert not case.infection.any()
    case.session.submit()
    draft = load_draft(NAME)
    assert draft is not None
    assert set(draft.maps) == {"infection"}


def test_what_only_touches_names_and_colours_is_no_edit(case: Case) -> None:
    case.nodes.infection.GetSegmentation().GetSegment("ggo").SetColor(0, 0, 1)
    case.time.pass_by(1)
    case.session.close()
    assert "modified" not in [event.kind for event in read_edit_log(NAME.edit_log).events]


def test_the_effect_and_the_segment_of_the_editor_are_logged(case: Case) -> None:
    case.editor.node.SetActiveEffectName("Paint")
    case.editor.node.SetSelectedSegmentID("consolidation")
    assert case.session.edits.drawing == "consolidation"
    assert case.heard.drawing == ["consolidation"]
    case.session.close()
    said = [(event.kind, event.name) for event in read_edit_log(NAME.edit_log).events]
    assert ("effect", "Paint") in said
    assert ("segment", "consolidation") in said


def test_a_session_leaves_no_observer_behind(case: Case) -> None:
    assert len(case.session._watch.observations) > 0
    case.session.close()
    assert len(case.session._watch.observations) == 0
    assert len(case.session.views._observations) == 0
    assert not is_edited(case.nodes)

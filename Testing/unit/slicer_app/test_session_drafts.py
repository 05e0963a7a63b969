"""Drafts of a correction: when they are saved, and what they bring back."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import slicer

from CovidQuantLib.hitl.edit_log import read_edit_log
from CovidQuantLib.hitl.pool import load_draft
from CovidQuantLib.messages import InputError
from CovidQuantLib.slicer_app import edit_session
from CovidQuantLib.slicer_app.segmentation_nodes import is_edited
from Testing.unit.slicer_app.chest_case import a_chest, case_nodes
from Testing.unit.slicer_app.sessions import (
    NAME,
    PROPOSAL,
    Case,
    at_the_border,
    healthy_lung,
    voxels_near,
    whole_quantification,
)

pytestmark = pytest.mark.usefixtures("own_folders")


def test_a_draft_is_saved_after_half_a_minute_with_a_change_and_only_then(case: Case) -> None:
    case.time.pass_by(100)
    assert load_draft(NAME) is None
    case.paint("ggo", voxels_near(healthy_lung()))
    assert not case.session.is_saved
    case.time.pass_by(31)
    draft = load_draft(NAME)
    assert draft is not None
    assert np.array_equal(draft.maps["infection"], a_chest().ct.stored.from_stored(case.infection))
    assert np.array_equal(draft.maps["start"], a_chest().infection)
    assert set(draft.maps) == {"infection", "start"}
    assert draft.start == PROPOSAL
    assert case.session.is_saved


def test_after_a_crash_the_draft_brings_everything_back() -> None:
    crashed = Case(case_nodes())
    box = at_the_border()
    crashed.paint("consolidation", box)
    crashed.session.add_to_lung()
    crashed.time.pass_by(31)
    infection, lungs, marks = crashed.infection, crashed.lungs, crashed.session.ledger.by_reader
    crashed.session._end()  # what a crash leaves: no close, no submission
    slicer.mrmlScene.Clear(0)
    again = Case(case_nodes())
    assert np.array_equal(again.infection, infection)
    assert np.array_equal(again.lungs, lungs)
    assert np.array_equal(again.session.ledger.by_reader, marks)
    assert again.heard.numbers[-1].regions == whole_quantification(again).regions
    assert is_edited(again.nodes)
    assert not again.session.is_unchanged
    again.session.submit()
    log = read_edit_log(NAME.edit_log)
    assert (log.sessions, log.submitted) == (2, True)


def test_a_disk_that_refuses_drafts_is_told_at_each_try(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Iterator[None]:
        raise InputError("The draft cannot be kept on this computer: No space left on device.")
        yield

    case.paint("ggo", voxels_near(healthy_lung()))
    monkeypatch.setattr(edit_session, "saving_draft", refuse)
    case.time.pass_by(100)
    # After 30, 60 and 90 seconds: the message of before may be gone from the screen.
    assert len(case.heard.problems) == 3
    assert not case.session.is_saved
    monkeypatch.undo()


@pytest.mark.parametrize("what", ["scene", "ct", "infection"])
def test_a_case_that_goes_is_kept_as_a_draft(what: str, case: Case) -> None:
    case.paint("ggo", voxels_near(healthy_lung()))
    wanted = a_chest().ct.stored.from_stored(case.infection)
    if what == "scene":
        slicer.mrmlScene.Clear(0)
    else:
        slicer.mrmlScene.RemoveNode(case.nodes.volume if what == "ct" else case.nodes.infection)
    assert case.heard.closed == 1
    assert not case.session.is_open
    draft = load_draft(NAME)
    assert draft is not None
    assert np.array_equal(draft.maps["infection"], wanted)
    case.time.pass_by(100)


def test_a_draft_of_another_ct_is_refused_before_anything_changes(case: Case) -> None:
    case.paint("ggo", voxels_near(healthy_lung()))
    case.session.close()
    draft = load_draft(NAME)
    assert draft is not None
    cut = type(draft)({name: labels[:-1] for name, labels in draft.maps.items()}, draft.start)
    fresh = Case(case_nodes(), begin=False)
    before = fresh.infection
    with pytest.raises(InputError, match="another CT"):
        fresh.session.begin(cut)
    assert np.array_equal(fresh.infection, before)

"""A correction from its first look to its end, drawn with Slicer's own segment editor logic."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import slicer

from CovidQuantLib.anatomy import INFECTION, LOBES, LUNGS, SEGMENTS
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.hitl.edit_log import EditLogRecorder, read_edit_log, summarise_edit_log
from CovidQuantLib.hitl.pool import BLANK, Start, load_draft
from CovidQuantLib.messages import InputError
from CovidQuantLib.quantification import LabelMaps, QuantificationOptions, quantify
from CovidQuantLib.segmentation.infection_classes import split_classes
from CovidQuantLib.slicer_app import edit_session
from CovidQuantLib.slicer_app.draft_place import local_draft_name
from CovidQuantLib.slicer_app.edit_session import EditSession, Listeners
from CovidQuantLib.slicer_app.label_arrays import nonzero_box, read_labels, whole_box
from CovidQuantLib.slicer_app.live_numbers import Numbers
from CovidQuantLib.slicer_app.segmentation_nodes import (
    CaseNodes,
    is_edited,
    set_anatomy_editable,
)
from CovidQuantLib.slicer_app.surfaces import CLOSED_SURFACE, show_surfaces
from Testing.unit.slicer_app.chest_case import a_chest, case_nodes
from Testing.unit.slicer_app.editor import Editor
from Testing.unit.slicer_app.views import a_slice_view

NAME = local_draft_name("0123456789ab", "R1")
PROPOSAL = Start("proposal", "threshold")


class Heard:
    """What the session told."""

    def __init__(self) -> None:
        self.numbers: list[Numbers] = []
        self.outside_ml: list[float] = []
        self.problems: list[str] = []
        self.closed = 0

    def listeners(self) -> Listeners:
        return Listeners(self.numbers.append, self.outside_ml.append, self.problems.append, self._close)

    def _close(self) -> None:
        self.closed += 1


class Time:
    """A clock and timers that a test turns by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self._waiting: list[tuple[float, Callable[[], None]]] = []

    def clock(self) -> float:
        return self.now

    def single_shot(self, milliseconds: int, action: Callable[[], None]) -> None:
        self._waiting.append((self.now + milliseconds / 1000, action))

    def pass_by(self, seconds: float) -> None:
        stop = self.now + seconds
        while due := sorted((at for at, _ in self._waiting if at <= stop)):
            self.now = max(self.now, due[0])
            actions = [action for at, action in self._waiting if at <= self.now]
            self._waiting = [(at, action) for at, action in self._waiting if at > self.now]
            for action in actions:
                action()
        self.now = stop


class Case:
    """A session that has begun, its editor, and what it told."""

    def __init__(self, nodes: CaseNodes, start: Start = PROPOSAL, *, begin: bool = True) -> None:
        self.nodes, self.heard, self.time, self.editor = nodes, Heard(), Time(), Editor(nodes)
        self.session = EditSession(
            nodes,
            NAME,
            start,
            self.heard.listeners(),
            save_undo=self.editor.save_state,
            single_shot=self.time.single_shot,
            clock=self.time.clock,
            handle_events=lambda: None,
            recorder=lambda path: EditLogRecorder(path, clock=self.time.clock),
        )
        if begin:
            self.session.begin(load_draft(NAME))
            self.session.follow_editor(self.editor.node)
            self.time.pass_by(1)

    @property
    def infection(self) -> Any:
        return read_labels(self.nodes.infection, INFECTION, self.nodes.volume)

    @property
    def lungs(self) -> Any:
        return read_labels(self.nodes.anatomy, LUNGS, self.nodes.volume)

    def paint(self, key: str, box: Box, *, erase: bool = False) -> None:
        self.editor.paint(key, box, erase=erase)
        self.time.pass_by(1)

    def undo(self) -> None:
        self.editor.undo()
        self.time.pass_by(1)

    def redo(self) -> None:
        self.editor.redo()
        self.time.pass_by(1)

    def ras(self, voxel: tuple[int, ...]) -> tuple[float, float, float]:
        lps = self.session.arrays.grid.stored.to_lps(voxel)
        return -float(lps[0]), -float(lps[1]), float(lps[2])


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COVIDQUANT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COVIDQUANT_CONFIG", str(tmp_path / "configuration"))


@pytest.fixture
def case() -> Iterator[Case]:
    made = Case(case_nodes())
    yield made
    made.session.close()


def stored(labels: Any) -> Any:
    return a_chest().ct.stored.to_stored(labels)


def voxels_near(mask: Any, size: int = 4) -> Box:
    """A box of voxels that lies wholly in `mask`."""
    k, j, i = np.nonzero(mask)
    for at in range(0, k.size, 7):
        box = Box((k[at], j[at], i[at]), (k[at] + size, j[at] + size, i[at] + size))
        if mask[box.slices].all() and mask[box.slices].size == size**3:
            return Box(tuple(map(int, box.start)), tuple(map(int, box.stop)))  # type: ignore[arg-type]
    raise AssertionError("no such place")


def healthy_lung() -> Any:
    return stored((a_chest().lungs > 0) & (a_chest().infection == 0))


def at_the_border() -> Box:
    """A box half in the right lung and half in the chest wall, away from infection."""
    lungs, infection = stored(a_chest().lungs), stored(a_chest().infection)
    k, j = lungs.shape[0] // 2, lungs.shape[1] // 2
    row = np.flatnonzero(lungs[k, j] == 1)
    i = int(row[0]) if (lungs[k, j, : row[0]] == 0).all() else int(row[-1])
    box = Box((k, j, i - 2), (k + 3, j + 3, i + 3))
    assert not infection[box.slices].any()
    assert 0 < (lungs[box.slices] == 1).sum() < lungs[box.slices].size
    return box


def whole_quantification(case: Case) -> Any:
    nodes = case.nodes
    lungs, lobes, segments = (
        read_labels(nodes.anatomy, structures, nodes.volume) for structures in (LUNGS, LOBES, SEGMENTS)
    )
    maps = LabelMaps(lungs, lobes, segments, case.infection)
    hu = slicer.util.arrayFromVolume(nodes.volume)
    return quantify(hu, maps, case.session.arrays.grid.stored, options=QuantificationOptions(reference=None))


def test_the_numbers_come_after_the_first_count_and_follow_each_edit(case: Case) -> None:
    assert case.heard.numbers[-1].regions == whole_quantification(case).regions
    case.paint("consolidation", voxels_near(healthy_lung()))
    assert len(case.heard.numbers) == 2
    assert case.heard.numbers[-1].regions == whole_quantification(case).regions
    assert (case.heard.numbers[-1].region("lungs").poi or 0) > (case.heard.numbers[0].region("lungs").poi or 100)


def test_painting_infection_changes_no_voxel_of_the_anatomy(case: Case) -> None:
    before = [read_labels(case.nodes.anatomy, part, case.nodes.volume) for part in (LUNGS, LOBES, SEGMENTS)]
    case.paint("ggo", voxels_near(healthy_lung()))
    case.paint("ggo", at_the_border())
    after = [read_labels(case.nodes.anatomy, part, case.nodes.volume) for part in (LUNGS, LOBES, SEGMENTS)]
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


def test_what_was_erased_and_drawn_again_is_the_readers(case: Case) -> None:
    box = voxels_near(case.infection == 1)
    case.paint("ggo", box, erase=True)
    assert not case.infection[box.slices].any()
    case.paint("ggo", Box(box.start, tuple(stop - 1 for stop in box.stop)))  # type: ignore[arg-type]
    case.session.split_again(-1000.0)
    assert (case.infection[box.slices][:-1, :-1, :-1] == 1).all()


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


def test_a_click_beside_the_infection_or_the_ct_changes_nothing(case: Case) -> None:
    before = case.infection
    assert not case.session.delete_component(case.ras(tuple(np.argwhere(healthy_lung())[0])))
    assert not case.session.change_class((1e4, 0, 0))
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
    again.session.submit()
    log = read_edit_log(NAME.edit_log)
    assert (log.sessions, log.submitted) == (2, True)


def test_a_disk_that_refuses_drafts_is_told_once(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> Iterator[None]:
        raise InputError("The draft cannot be kept on this computer: No space left on device.")
        yield

    case.paint("ggo", voxels_near(healthy_lung()))
    monkeypatch.setattr(edit_session, "saving_draft", refuse)
    case.time.pass_by(100)
    assert len(case.heard.problems) == 1
    assert not case.session.is_saved
    monkeypatch.undo()


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
    case.session.close()
    said = [(event.kind, event.name) for event in read_edit_log(NAME.edit_log).events]
    assert ("effect", "Paint") in said
    assert ("segment", "consolidation") in said


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


def test_a_session_leaves_no_observer_behind(case: Case) -> None:
    assert len(case.session._observations) > 0
    case.session.close()
    assert len(case.session._observations) == 0
    assert len(case.session.views._observations) == 0
    assert not is_edited(case.nodes)

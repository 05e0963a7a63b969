"""One reader correcting one case: the scene followed, the numbers kept, the time logged, the draft saved."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import qt
import slicer

from CovidQuantLib.ct import LabelArray
from CovidQuantLib.hitl.edit_log import TICK_S, EditLogRecorder
from CovidQuantLib.hitl.pool import Draft, DraftName, Start, saving_draft
from CovidQuantLib.messages import InputError
from CovidQuantLib.quantification import QuantificationOptions
from CovidQuantLib.slicer_app.case_arrays import CaseArrays
from CovidQuantLib.slicer_app.component import Voxel
from CovidQuantLib.slicer_app.connections import Observations
from CovidQuantLib.slicer_app.ct_export import EventsHandled
from CovidQuantLib.slicer_app.draft_keeper import DraftKeeper
from CovidQuantLib.slicer_app.infection_edits import InfectionEdits
from CovidQuantLib.slicer_app.lesion_edits import change_class, delete_component, grow_from, split_again
from CovidQuantLib.slicer_app.live_numbers import LiveNumbers, Numbers
from CovidQuantLib.slicer_app.lung_edits import add_outside_to_lung, infection_outside, repair_outside
from CovidQuantLib.slicer_app.outside import Outside
from CovidQuantLib.slicer_app.segmentation_nodes import CaseNodes, is_anatomy_editable, mark_edited
from CovidQuantLib.slicer_app.session_log import SessionLog
from CovidQuantLib.slicer_app.session_maps import begin_from_draft, begin_from_scene, check_draft, draft_maps
from CovidQuantLib.slicer_app.surfaces import has_surfaces, show_surfaces

SETTLE_MS = 200
"""How long after the last event of a stroke it is taken up: a stroke fires dozens."""
LOCKED = 'The anatomy is locked, and was left as it was. Turn on "edit anatomy" to change it.'
GONE = "The case was removed from the scene. What you had corrected is kept as a draft."


def _say_nothing(*_: object) -> None:
    """Where nobody listens."""


@dataclass(frozen=True)
class Listeners:
    """Whom a session tells, from the event loop.

    `numbers`: the numbers after the first count and after each edit. `outside_ml`: how much of the strokes lies outside
    of the lungs and waits to be added to them (0: nothing any more). `problem`: a sentence to show. `closed`: the
    session has ended by itself, since its nodes or the scene have gone.
    """

    numbers: Callable[[Numbers], None] = _say_nothing
    outside_ml: Callable[[float], None] = _say_nothing
    problem: Callable[[str], None] = _say_nothing
    closed: Callable[[], None] = _say_nothing


class EditSession:
    """Follows one correction from its first look to its submission.

        session = EditSession(nodes, name, Start("proposal", source), listeners, save_undo=editor.saveStateForUndo)
        session.begin(load_draft(name))
        session.follow_editor(segment_editor_node)
        session.edits.drawing = "unclassified"; session.delete_component(ras); session.split_again(-250)
        session.submit()                                 then `covidquant pool submit POOL SCAN --draft`

    `name` says where draft and edit log lie, `start` what the reader begins with: with `BLANK` the proposal is put
    away. The log's clock runs from `begin`; a draft is saved every 30 seconds in which something changed. Clocks and
    timers can be replaced for tests.
    """

    def __init__(
        self,
        nodes: CaseNodes,
        name: DraftName,
        start: Start,
        listeners: Listeners | None = None,
        *,
        save_undo: Callable[[], object] = _say_nothing,
        options: QuantificationOptions | None = None,
        recorder: Callable[[Path], EditLogRecorder] = EditLogRecorder,
        single_shot: Callable[[int, Callable[[], None]], None] | None = None,
        clock: Callable[[], float] = time.monotonic,
        handle_events: EventsHandled | None = None,
    ) -> None:
        self.nodes, self.name, self.start = nodes, name, start
        self._tell = listeners or Listeners()
        self._save_undo = save_undo
        self._options = options
        self._new_recorder = recorder
        self._single_shot = single_shot or qt.QTimer.singleShot
        self._clock = clock
        self._handle_events = handle_events or slicer.app.processEvents
        self._observations = Observations()
        self._is_open = False
        self._waiting = {"infection": 0, "anatomy": 0, "surfaces": 0}

    @property
    def is_open(self) -> bool:
        """Whether the session runs."""
        return self._is_open

    @property
    def is_saved(self) -> bool:
        """Whether closing the scene would lose nothing."""
        return not self._is_open or self.drafts.is_saved

    @property
    def lung_slices(self) -> frozenset[int]:
        """The axial slices (k, library order) that hold lung; those seen are `views.seen`."""
        lungs = self.arrays.grid.order.from_stored(self.arrays.anatomy["lungs"])
        return frozenset(int(k) for k in np.flatnonzero([plane.any() for plane in lungs]))

    def begin(self, draft: Draft | None = None) -> None:
        """Begin, or go on with `draft`. Raises `InputError` where draft or log cannot be used: nothing was changed."""
        _make_folder(self.name.folder)
        self.arrays = CaseArrays(self.nodes, self._handle_events)
        if draft is not None:
            check_draft(draft, self.arrays)
        if not self.nodes.is_there:
            raise InputError("The case was removed from the scene while it was opened. Load it again.")
        self.recorder = self._new_recorder(self.name.edit_log)
        self._beginning = (
            begin_from_scene(self.arrays, self.start, self._handle_events)
            if draft is None
            else begin_from_draft(self.arrays, draft, self._handle_events)
        )
        self.start, self.ledger = self._beginning.start, self._beginning.ledger
        self.start_labels = self._beginning.shown
        self.live = LiveNumbers(self.arrays.stored_hu, self.arrays.grid.stored.voxel_ml, self._options)
        self.edits = InfectionEdits(self.arrays, self.ledger, self.live, self._save_undo)
        self.drafts = DraftKeeper(self._draft_steps, self._tell.problem, self._clock, self._single_shot)
        self._is_open = True
        self._observe()
        self._log = SessionLog(self.recorder, self.start, self.nodes.volume, self.arrays.grid, self._tell.problem)
        self.views = self._log.views
        self._counting = self.live.count({**self.arrays.anatomy, "infection": self.ledger.labels})
        self._single_shot(0, self._count_on)
        self._tick()

    def follow_editor(self, editor_node: Any) -> None:
        """Follow effect and segment of a `vtkMRMLSegmentEditorNode`: into the log, and as the class being drawn."""
        self._log.follow_editor(editor_node, self._on_segment)

    def delete_component(self, ras: Iterable[float]) -> bool:
        """`lesion_edits.delete_component` at a point of the world (RAS, mm)."""
        return self._at(ras, lambda voxel: delete_component(self.edits, voxel))

    def change_class(self, ras: Iterable[float]) -> bool:
        """`lesion_edits.change_class` at a point of the world."""
        return self._at(ras, lambda voxel: change_class(self.edits, voxel))

    def grow_from(self, ras: Iterable[float]) -> bool:
        """`lesion_edits.grow_from` at a point of the world."""
        return self._at(ras, lambda voxel: grow_from(self.edits, voxel))

    def add_to_lung(self) -> bool:
        """`lung_edits.add_outside_to_lung`."""
        return self.change(lambda: add_outside_to_lung(self.edits))

    def split_again(self, split_hu: float) -> bool:
        """`lesion_edits.split_again`."""
        return self.change(lambda: split_again(self.edits, split_hu, self._handle_events))

    def infection_outside(self) -> Outside | None:
        """`lung_edits.infection_outside`: what would have to be repaired before submitting."""
        self.settle()
        return infection_outside(self.edits)

    def repair_outside(self, how: Literal["add", "cut"]) -> bool:
        """`lung_edits.repair_outside`."""
        return self.change(lambda: repair_outside(self.edits, how))

    def dismiss_outside(self) -> None:
        """Forget the strokes that lie outside of the lungs."""
        self.edits.outside = None
        self._tell.outside_ml(0.0)

    def change(self, edit: Callable[[], bool]) -> bool:
        """Do one of `edits`, after what was drawn by now is taken up; tells who listens, and gives what `edit` does."""
        if not self._is_open:
            return False
        self.settle()
        changed = edit()
        if changed:
            self._changed()
        return changed

    def settle(self) -> None:
        """Take up at once what has been drawn."""
        self._waiting["infection"] += 1
        if self._is_open and self.edits.settle():
            self._changed()

    def submit(self) -> None:
        """The correction is done: draft and log are whole on the disk after this, and the session is over.

        Raises `InputError` where the disk refuses; the session then goes on.
        """
        self.settle()
        self.drafts.changed()
        self.drafts.save_now()
        self.recorder.submit()
        self._end()

    def close(self) -> None:
        """End without submitting: the draft is saved, and the log can be resumed. A problem is told, not raised."""
        if not self._is_open:
            return
        try:
            if self.nodes.is_there:
                self.settle()
            self.drafts.save_now()
        except InputError as error:
            self._tell.problem(str(error))
        self._log.write(self.recorder.close)
        self._end()

    def _observe(self) -> None:
        watch, scene = self._observations, slicer.mrmlScene
        for node, react in ((self.nodes.infection, self._on_infection), (self.nodes.anatomy, self._on_anatomy)):
            # An effect fires the first alone, an undo often the second alone.
            for event in ("SourceRepresentationModified", "SegmentModified", "SegmentAdded", "SegmentRemoved"):
                watch.observe(node.GetSegmentation(), getattr(slicer.vtkSegmentation, event), react)
        watch.observe(scene, scene.NodeRemovedEvent, self._on_node_removed)
        watch.observe(scene, scene.StartCloseEvent, self._on_scene_closes)

    def _on_infection(self, *_: object) -> None:
        if self._is_open and not self.edits.writing:
            self._when_quiet("infection", self.settle)

    def _on_anatomy(self, *_: object) -> None:
        if self._is_open and not self.edits.writing:
            self._when_quiet("anatomy", self._settle_anatomy)

    def _settle_anatomy(self) -> None:
        editable = is_anatomy_editable(self.nodes)
        if not self.edits.settle_anatomy(editable=editable):
            return
        if editable:
            self._changed()
        else:
            self._tell.problem(LOCKED)

    def _on_segment(self, key: str | None) -> None:
        # What is chosen for "unclassified" is the ground glass, so that this is no change of mind.
        if key == "consolidation" or (key == "ggo" and self.edits.drawing == "consolidation"):
            self.edits.drawing = "consolidation" if key == "consolidation" else "ggo"

    def _on_node_removed(self, *_: object) -> None:
        if self._is_open and not self.nodes.is_there:
            self.close()
            self._tell.problem(GONE)
            self._tell.closed()

    def _on_scene_closes(self, *_: object) -> None:
        self.close()
        self._tell.closed()

    def _changed(self) -> None:
        """After an edit: the log, the numbers, the offer, the draft."""
        self._log.write(self.recorder.segmentation_modified)
        mark_edited(self.nodes.infection)
        if self.arrays.anatomy_changed:
            mark_edited(self.nodes.anatomy)
        self.drafts.changed()
        outside = self.edits.outside
        self._tell.outside_ml(outside.voxels * self.arrays.grid.stored.voxel_ml if outside is not None else 0.0)
        if self.live.is_complete:
            self._tell.numbers(self.live.numbers())
        if self.edits.wrote:
            self._when_quiet("surfaces", self._renew_surfaces)

    def _renew_surfaces(self) -> None:
        wrote = set(self.edits.wrote)
        self.edits.wrote.clear()
        for name, node in (("infection", self.nodes.infection), ("anatomy", self.nodes.anatomy)):
            if name in wrote and self.nodes.is_there and has_surfaces(node):
                show_surfaces(node, self._handle_events, anew=True)

    def _count_on(self) -> None:
        if not self._is_open:
            return
        if next(self._counting, self) is self:
            self._tell.numbers(self.live.numbers())
        else:
            self._single_shot(0, self._count_on)

    def _draft_steps(self) -> Iterator[None]:
        maps: dict[str, LabelArray] = {}
        yield from draft_maps(self.arrays, self._beginning, maps)
        yield from saving_draft(self.name, Draft(maps, self.start))

    def _tick(self) -> None:
        if not self._is_open:
            return
        self._log.write(self.recorder.tick)
        self.drafts.tick()
        self._single_shot(round(1000 * TICK_S), self._tick)

    def _at(self, ras: Iterable[float], edit: Callable[[Voxel], bool]) -> bool:
        voxel = self.arrays.voxel_at(ras) if self._is_open else None
        return voxel is not None and self.change(lambda: edit(voxel))

    def _when_quiet(self, part: str, action: Callable[[], None]) -> None:
        """Do `action` when nothing more has happened to a part of the case for a while."""
        self._waiting[part] += 1
        number = self._waiting[part]

        def act() -> None:
            if self._is_open and self._waiting[part] == number:
                action()

        self._single_shot(SETTLE_MS, act)

    def _end(self) -> None:
        self._is_open = False
        self.drafts.stop()
        self._log.close()
        self._observations.clear()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(
            f"Drafts cannot be kept on this computer: {reason}. Make room, and open the case again."
        ) from error

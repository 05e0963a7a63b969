"""One reader correcting one case: the scene followed, the numbers kept, the time logged, the draft saved."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import qt
import slicer

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS
from CovidQuantLib.ct import LabelArray
from CovidQuantLib.hitl.edit_log import TICK_S, EditLogRecorder
from CovidQuantLib.hitl.pool import Draft, DraftName, Start, saving_draft
from CovidQuantLib.messages import InputError
from CovidQuantLib.quantification import QuantificationOptions
from CovidQuantLib.slicer_app.case_arrays import CaseArrays
from CovidQuantLib.slicer_app.case_watch import CaseWatch
from CovidQuantLib.slicer_app.ct_export import EventsHandled
from CovidQuantLib.slicer_app.draft_keeper import DraftKeeper
from CovidQuantLib.slicer_app.draft_place import make_folder
from CovidQuantLib.slicer_app.infection_edits import Drawing, InfectionEdits
from CovidQuantLib.slicer_app.live_numbers import LiveNumbers
from CovidQuantLib.slicer_app.quiet import Quiet
from CovidQuantLib.slicer_app.segmentation_nodes import CaseNodes, is_anatomy_editable, mark_edited
from CovidQuantLib.slicer_app.session_edits import SessionEdits
from CovidQuantLib.slicer_app.session_listeners import Listeners, say_nothing
from CovidQuantLib.slicer_app.session_log import SessionLog
from CovidQuantLib.slicer_app.session_maps import begin_from_draft, begin_from_scene, check_draft, draft_maps
from CovidQuantLib.slicer_app.surfaces import has_surfaces, show_surfaces

__all__ = ["GONE", "LOCKED", "EditSession", "Listeners"]

LOCKED = 'The anatomy is locked, and was left as it was. Turn on "edit anatomy" to change it.'
GONE = "The case was removed from the scene. What you had corrected is kept as a draft."


class EditSession(SessionEdits):
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
        save_undo: Callable[[], object] = say_nothing,
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
        self._quiet = Quiet(self._single_shot, lambda: self._is_open)
        self._is_open = False

    @property
    def is_open(self) -> bool:
        """Whether the session runs."""
        return self._is_open

    @property
    def is_saved(self) -> bool:
        """Whether closing the scene would lose nothing."""
        return not self._is_open or self.drafts.is_saved

    @property
    def is_unchanged(self) -> bool:
        """Whether infection and anatomy are as the reader was shown them first."""
        box = self.ledger.extent
        same = box is None or np.array_equal(self.ledger.labels[box.slices], self.start_labels[box.slices])
        return same and not self.arrays.anatomy_changed

    @property
    def lung_slices(self) -> frozenset[int]:
        """The axial slices (k, library order) that hold lung; those seen are `views.seen`."""
        lungs = self.arrays.grid.order.from_stored(self.arrays.anatomy["lungs"])
        return frozenset(int(k) for k in np.flatnonzero([plane.any() for plane in lungs]))

    def begin(self, draft: Draft | None = None) -> None:
        """Begin, or go on with `draft`. Raises `InputError` where draft or log cannot be used: nothing was changed."""
        make_folder(self.name.folder)
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
        self._watch = CaseWatch(
            self.nodes, self._on_infection, self._on_anatomy, self._on_nodes_gone, self._on_scene_closes
        )
        self._log = SessionLog(self.recorder, self.start, self.nodes.volume, self.arrays.grid, self._tell.problem)
        self.views = self._log.views
        self._counting = self.live.count({**self.arrays.anatomy, "infection": self.ledger.labels})
        self._single_shot(0, self._count_on)
        self._tick()

    def follow_editor(self, editor_node: Any) -> None:
        """Follow effect and segment of a `vtkMRMLSegmentEditorNode`: into the log, and as the class being drawn."""
        self._log.follow_editor(editor_node, self._on_segment)

    def settle(self) -> None:
        """Take up at once what has been drawn."""
        # The anatomy is not looked at without a reason: it is three maps of the whole CT.
        if self._is_open and self._quiet.is_waiting("anatomy"):
            self._settle_anatomy()
        self._quiet.not_now("infection")
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

    def _on_infection(self) -> None:
        if self._is_open and not self.edits.writing:
            self._quiet.then("infection", self.settle)

    def _on_anatomy(self) -> None:
        if self._is_open and not self.edits.writing:
            self._quiet.then("anatomy", self._settle_anatomy)

    def _settle_anatomy(self) -> None:
        self._quiet.not_now("anatomy")
        editable = is_anatomy_editable(self.nodes)
        if not self.edits.settle_anatomy(editable=editable):
            return
        if editable:
            self._changed()
        else:
            self._tell.problem(LOCKED)

    def _on_segment(self, key: str | None) -> None:
        # What is chosen for "unclassified" is the ground glass, so that this is no change of mind.
        if key == CONSOLIDATION.key or (key == GROUND_GLASS.key and self.edits.drawing == "consolidation"):
            drawing: Drawing = "consolidation" if key == CONSOLIDATION.key else "ggo"
            if drawing != self.edits.drawing:
                self.edits.drawing = drawing
                self._tell.drawing(drawing)

    def _on_nodes_gone(self) -> None:
        if self._is_open:
            self.close()
            self._tell.problem(GONE)
            self._tell.closed()

    def _on_scene_closes(self) -> None:
        self.close()
        self._tell.closed()

    def _changed(self) -> None:
        """After an edit: the log, the numbers, the offer, the draft."""
        self._log.write(self.recorder.segmentation_modified)
        mark_edited(self.nodes.infection)
        if self.arrays.anatomy_changed:
            mark_edited(self.nodes.anatomy)
        self.drafts.changed()
        self._tell_outside()
        if self.live.is_complete:
            self._tell.numbers(self.live.numbers())
        if self.edits.wrote:
            self._quiet.then("surfaces", self._renew_surfaces)

    def _tell_outside(self) -> None:
        self._tell.outside_ml(self.waiting_ml)

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

    def _end(self) -> None:
        self._is_open = False
        self.drafts.stop()
        self._log.close()
        self._watch.close()

"""What an edit of the infection means: who set the classes, whether it stays in the lungs, what undo brings back."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS
from CovidQuantLib.ct import LabelArray, MaskArray
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.segmentation.infection_classes import DEFAULT_SPLIT_HU, split_classes
from CovidQuantLib.slicer_app.add_to_lung import add_to_lung, cut_geometry, follow_lungs, grown_box
from CovidQuantLib.slicer_app.case_arrays import CaseArrays
from CovidQuantLib.slicer_app.classes import AnatomyPatch, ClassLedger, changed_box
from CovidQuantLib.slicer_app.component import GROW_REACH_MM, Voxel, component_at, grown_from
from CovidQuantLib.slicer_app.ct_export import EventsHandled
from CovidQuantLib.slicer_app.label_arrays import covering_box, inside, nonzero_box
from CovidQuantLib.slicer_app.live_numbers import LiveNumbers

Drawing = Literal["ggo", "consolidation", "unclassified"]
_SPLIT_MARGIN_MM = 4.0
_SPLIT_SLICES = 6


@dataclass(frozen=True)
class Outside:
    """Infection outside of the lungs: its labels in `box`, and where a reader set their class."""

    box: Box
    labels: LabelArray
    marks: MaskArray

    @property
    def voxels(self) -> int:
        """How many voxels that are."""
        return int(np.count_nonzero(self.labels))


class InfectionEdits:
    """Takes up what was drawn into the scene, and does the edits of one click.

    `drawing` is the class that is being drawn; "unclassified" adds infection that density divides, and leaves the
    classes alone that are there. With `inside_lungs` a stroke ends at the lungs, and what lay beyond waits in `outside`
    for `add_outside_to_lung`. `save_undo` saves a state of the Segment Editor, which its undo then brings back, the
    anatomy included. Nothing here changes a voxel of the anatomy but what adds to the lungs.
    """

    def __init__(
        self, arrays: CaseArrays, ledger: ClassLedger, live: LiveNumbers, save_undo: Callable[[], object]
    ) -> None:
        self._arrays = arrays
        self._ledger = ledger
        self._live = live
        self._save_undo = save_undo
        self._version = 0
        self.drawing: Drawing = "ggo"
        self.inside_lungs = True
        self.split_hu: float = DEFAULT_SPLIT_HU
        self.outside: Outside | None = None
        self.writing = False
        """Whether the scene is changed from here at this moment: its events are then no edits of the reader."""

    def settle(self) -> bool:
        """Take up what has changed in the scene; gives whether anything had."""
        extents = (self._ledger.extent, self._arrays.extent(self._arrays.nodes.infection))
        frame = covering_box([box for box in extents if box is not None])
        if frame is None:
            return False
        seen = self._arrays.read_infection(frame)
        box = changed_box(self._ledger.labels[frame.slices], seen, frame)
        if box is None:
            return False
        self._version += 1
        seen = seen[inside(box, frame)]
        if not self._taken_back(box, seen):
            labels, marks = self._lawful(box, seen)
            with self._counted(box):
                self._ledger.note(box, labels, marks)
            if not np.array_equal(labels, seen):
                with self._written():
                    self._arrays.write_infection(box, labels)
        return True

    def delete_component(self, voxel: Voxel) -> bool:
        """Delete the lesion at `voxel`, of both classes; False where there is none."""
        found = self._lesion(voxel, one_class=False)
        if found is None:
            return False
        box, lesion = found
        self._change(box, np.where(lesion, np.uint8(0), self._ledger.labels[box.slices]), by_reader=True)
        return True

    def change_class(self, voxel: Voxel) -> bool:
        """Make ground glass consolidation, and the other way round, in the lesion of one class at `voxel`."""
        found = self._lesion(voxel, one_class=True)
        if found is None:
            return False
        box, lesion = found
        labels = self._ledger.labels[box.slices].copy()
        labels[lesion] = GROUND_GLASS.label + CONSOLIDATION.label - labels[lesion]
        self._change(box, labels, by_reader=True)
        return True

    def grow_from(self, voxel: Voxel) -> bool:
        """Add what looks like the surroundings of `voxel` and is connected with it, divided by density."""
        geometry = self._arrays.grid.stored
        box = grown_box(Box(voxel, (voxel[0] + 1, voxel[1] + 1, voxel[2] + 1)), geometry, GROW_REACH_MM)
        at = (voxel[0] - box.start[0], voxel[1] - box.start[1], voxel[2] - box.start[2])
        grown = grown_from(
            self._arrays.hu(box), self._arrays.anatomy["lungs"][box.slices] > 0, at, geometry.spacing_kji
        )
        labels = self._ledger.labels[box.slices].copy()
        added = grown & (labels == 0) if grown is not None else None
        if added is None or not added.any():
            return False
        labels[added] = GROUND_GLASS.label
        self._change(box, self._divided(box, labels, added), by_reader=False)
        return True

    def split_again(self, split_hu: float, handle_events: EventsHandled = lambda: None) -> bool:
        """Divide by density again, at `split_hu`, all infection whose class no reader has set; can be undone.

        Events are handled between parts; an edit meanwhile begins it anew. False where nothing changes.
        """
        self.split_hu = split_hu
        while (frame := self._ledger.extent) is not None:
            version, labels = self._version, self._ledger.labels[frame.slices].copy()
            free = (labels > 0) & ~self._ledger.by_reader[frame.slices]
            for first in range(frame.start[0], frame.stop[0], _SPLIT_SLICES):
                part = Box((first, *frame.start[1:]), (min(frame.stop[0], first + _SPLIT_SLICES), *frame.stop[1:]))
                cut = inside(part, frame)
                labels[cut] = self._divided(part, self._ledger.labels[part.slices], free[cut])
                handle_events()
            if version != self._version:
                continue
            box = changed_box(self._ledger.labels[frame.slices], labels, frame)
            if box is not None:
                self._change(box, labels[inside(box, frame)], by_reader=False)
            return box is not None
        return False

    def add_outside_to_lung(self) -> bool:
        """Add to the lungs what the last strokes drew outside of them, as infection; lobes and segments follow.

        Raises `InputError` where no lung is near; the stroke then still waits.
        """
        if self.outside is None:
            return False
        waiting = self.outside
        self._add_to_lung(waiting)
        self.outside = None
        return True

    def infection_outside(self) -> Outside | None:
        """The infection that lies outside of the lungs now; None where there is none."""
        frame = self._ledger.extent
        if frame is None:
            return None
        out = np.where(self._arrays.anatomy["lungs"][frame.slices] == 0, self._ledger.labels[frame.slices], np.uint8(0))
        box = nonzero_box(out, frame)
        if box is None:
            return None
        return Outside(box, out[inside(box, frame)], self._ledger.by_reader[box.slices].copy())

    def repair_outside(self, how: Literal["add", "cut"]) -> bool:
        """Add the infection outside of the lungs to them, or cut it away; raises as `add_outside_to_lung`."""
        found = self.infection_outside()
        if found is None:
            return False
        if how == "add":
            self._add_to_lung(found)
        else:
            labels = np.where(found.labels > 0, np.uint8(0), self._ledger.labels[found.box.slices])
            self._change(found.box, labels, by_reader=True)
        return True

    def settle_anatomy(self, *, editable: bool) -> bool:
        """Take up what has changed in the anatomy's node, or take it back where it is locked; whether anything had.

        Where lungs have changed, lobes fill them and segments fill the lobes.
        """
        known = self._arrays.anatomy
        frame = self._arrays.whole
        seen = self._arrays.read_anatomy(frame)
        boxes = [changed_box(known[name][frame.slices], labels, frame) for name, labels in seen.items()]
        box = covering_box([one for one in boxes if one is not None])
        if box is None:
            return False
        self._version += 1
        if editable:
            around = grown_box(box, self._arrays.grid.stored, _SPLIT_MARGIN_MM)
            maps = {name: labels[around.slices].copy() for name, labels in known.items()}
            for name, labels in seen.items():
                maps[name][inside(box, around)] = labels[inside(box, frame)]
            self._set_anatomy(around, follow_lungs(maps, cut_geometry(self._arrays.grid.stored, around)))
        else:
            with self._written():
                self._arrays.write_anatomy(box, {name: labels[box.slices].copy() for name, labels in known.items()})
        return True

    def _taken_back(self, box: Box, seen: LabelArray) -> bool:
        """Whether the change was an undo or a redo; what belongs to it is then taken back as well."""
        with self._counted(box):
            undone = self._ledger.brought_back(box, seen)
        if undone is None:
            return False
        self.outside = None
        for frame, maps in undone.anatomy:
            self._set_anatomy(frame, maps)
        return True

    def _lawful(self, box: Box, seen: LabelArray) -> tuple[LabelArray, MaskArray]:
        """The labels that a stroke makes in `box`, and where a reader has set the class."""
        before, labels = self._ledger.labels[box.slices], seen.copy()
        marks = np.ones(box.shape, np.bool_)
        if self.drawing == "unclassified":
            added = (before == 0) & (seen > 0)
            labels = np.where((before > 0) & (seen > 0), before, labels)
            labels, marks = self._divided(box, labels, added), ~added
        if self.inside_lungs:
            beyond = (labels > 0) & (before == 0) & (self._arrays.anatomy["lungs"][box.slices] == 0)
            if beyond.any():
                self._wait_outside(Outside(box, np.where(beyond, labels, np.uint8(0)), marks))
                labels = np.where(beyond, np.uint8(0), labels)
        return labels, marks

    def _wait_outside(self, more: Outside) -> None:
        """Let strokes outside of the lungs wait together."""
        if self.outside is not None:
            frame = covering_box([self.outside.box, more.box]) or more.box
            labels, marks = np.zeros(frame.shape, np.uint8), np.zeros(frame.shape, np.bool_)
            for one in (self.outside, more):
                cut = inside(one.box, frame)
                np.copyto(labels[cut], one.labels, where=one.labels > 0)
                np.copyto(marks[cut], one.marks, where=one.labels > 0)
            more = Outside(frame, labels, marks)
        self.outside = more

    def _divided(self, box: Box, labels: LabelArray, which: MaskArray) -> LabelArray:
        """`labels` of `box`, with the voxels of `which` divided by density."""
        if not which.any():
            return labels
        geometry = self._arrays.grid.stored
        around = grown_box(box, geometry, _SPLIT_MARGIN_MM)
        infected = self._ledger.labels[around.slices] > 0
        infected[inside(box, around)] |= labels > 0
        divided = split_classes(
            self._arrays.hu(around), infected, cut_geometry(geometry, around), split_hu=self.split_hu
        )
        return np.where(which, divided[inside(box, around)], labels)

    def _lesion(self, voxel: Voxel, *, one_class: bool) -> tuple[Box, MaskArray] | None:
        frame = self._ledger.extent
        if frame is None:
            return None
        return component_at(self._ledger.labels[frame.slices], frame, voxel, one_class=one_class)

    def _add_to_lung(self, outside: Outside) -> None:
        box = outside.box
        patch = add_to_lung(self._arrays.anatomy, box, outside.labels > 0, self._arrays.grid.stored)
        labels = np.where(outside.labels > 0, outside.labels, self._ledger.labels[box.slices])
        self._change(box, labels, marks=outside.marks, anatomy=patch)

    def _change(
        self,
        box: Box,
        labels: LabelArray,
        *,
        by_reader: bool = True,
        marks: MaskArray | None = None,
        anatomy: AnatomyPatch | None = None,
    ) -> None:
        """Make `labels` the infection in `box`, as one step that can be undone."""
        self._version += 1
        self._save_undo()
        with self._counted(box):
            self._ledger.note(box, labels, np.full(box.shape, by_reader) if marks is None else marks, anatomy)
        if anatomy is not None:
            self._set_anatomy(anatomy.box, anatomy.after)
        with self._written():
            self._arrays.write_infection(box, labels)

    def _set_anatomy(self, box: Box, maps: dict[str, LabelArray]) -> None:
        with self._counted(box), self._written():
            self._arrays.write_anatomy(box, maps)

    @contextlib.contextmanager
    def _counted(self, box: Box) -> Iterator[None]:
        """Whatever changes in `box` inside this, the numbers follow."""
        before = self._maps(box)
        yield
        self._live.change(box, before, self._maps(box))

    def _maps(self, box: Box) -> dict[str, LabelArray]:
        maps = {**self._arrays.anatomy, "infection": self._ledger.labels}
        return {name: labels[box.slices].copy() for name, labels in maps.items()}

    @contextlib.contextmanager
    def _written(self) -> Iterator[None]:
        self.writing = True
        try:
            yield
        finally:
            self.writing = False

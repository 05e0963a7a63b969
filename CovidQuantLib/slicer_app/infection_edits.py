"""What an edit of the infection means: who set the classes, whether it stays in the lungs, what undo brings back."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np

from CovidQuantLib.ct import LabelArray, MaskArray
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.segmentation.infection_classes import DEFAULT_SPLIT_HU, split_classes
from CovidQuantLib.slicer_app.add_to_lung import cut_geometry, follow_lungs, grown_box
from CovidQuantLib.slicer_app.case_arrays import CaseArrays
from CovidQuantLib.slicer_app.classes import AnatomyPatch, ClassLedger, changed_box
from CovidQuantLib.slicer_app.label_arrays import covering_box, inside
from CovidQuantLib.slicer_app.live_numbers import LiveNumbers
from CovidQuantLib.slicer_app.outside import Outside, together

Drawing = Literal["ggo", "consolidation", "unclassified"]
_SPLIT_MARGIN_MM = 4.0
_SPLIT_SLICES = 6


class InfectionEdits:
    """Takes up what was drawn into the scene, and changes it in steps that the Segment Editor can undo.

    `drawing` is the class that is being drawn; "unclassified" adds infection that density divides, and leaves the
    classes alone that are there. With `inside_lungs` a stroke ends at the lungs, and what lay beyond waits in `outside`
    to be added to them. `save_undo` saves a state of the Segment Editor, which its undo then brings back, the
    anatomy included. Nothing here changes a voxel of the anatomy but what adds to the lungs.
    """

    def __init__(
        self, arrays: CaseArrays, ledger: ClassLedger, live: LiveNumbers, save_undo: Callable[[], object]
    ) -> None:
        self.arrays = arrays
        self.ledger = ledger
        self._live = live
        self._save_undo = save_undo
        self.version = 0
        self.drawing: Drawing = "ggo"
        self.inside_lungs = True
        self.split_hu: float = DEFAULT_SPLIT_HU
        self.outside: Outside | None = None
        self.wrote: set[str] = set()
        """Of which nodes (`infection`, `anatomy`) surfaces are out of date: Slicer renews those of its own edits."""
        self.writing = False
        """Whether the scene is changed from here at this moment: its events are then no edits of the reader."""

    def settle(self) -> bool:
        """Take up what has changed in the scene; gives whether anything had."""
        extents = (self.ledger.extent, self.arrays.extent(self.arrays.nodes.infection))
        frame = covering_box([box for box in extents if box is not None])
        if frame is None:
            return False
        seen = self.arrays.read_infection(frame)
        box = changed_box(self.ledger.labels[frame.slices], seen, frame)
        if box is None:
            return False
        self.version += 1
        seen = seen[inside(box, frame)]
        if not self._taken_back(box, seen):
            labels, marks = self._lawful(box, seen)
            with self._counted(box):
                self.ledger.note(box, labels, marks)
            if not np.array_equal(labels, seen):
                with self._written("infection"):
                    self.arrays.write_infection(box, labels)
        return True

    def settle_anatomy(self, *, editable: bool) -> bool:
        """Take up what has changed in the anatomy's node, or take it back where it is locked; whether anything had.

        Where lungs have changed, lobes fill them and segments fill the lobes.
        """
        known = self.arrays.anatomy
        frame = self.arrays.whole
        seen = self.arrays.read_anatomy(frame)
        boxes = [changed_box(known[name][frame.slices], labels, frame) for name, labels in seen.items()]
        box = covering_box([one for one in boxes if one is not None])
        if box is None:
            return False
        self.version += 1
        if editable:
            around = grown_box(box, self.arrays.grid.stored, _SPLIT_MARGIN_MM)
            maps = {name: labels[around.slices].copy() for name, labels in known.items()}
            for name, labels in seen.items():
                maps[name][inside(box, around)] = labels[inside(box, frame)]
            self._set_anatomy(around, follow_lungs(maps, cut_geometry(self.arrays.grid.stored, around)))
        else:
            with self._written("anatomy"):
                self.arrays.write_anatomy(box, {name: labels[box.slices].copy() for name, labels in known.items()})
        return True

    def _taken_back(self, box: Box, seen: LabelArray) -> bool:
        """Whether the change was an undo or a redo; what belongs to it is then taken back as well."""
        with self._counted(box):
            undone = self.ledger.brought_back(box, seen)
        if undone is None:
            return False
        self.outside = None
        for frame, maps in undone.anatomy:
            self._set_anatomy(frame, maps)
        return True

    def _lawful(self, box: Box, seen: LabelArray) -> tuple[LabelArray, MaskArray]:
        """The labels that a stroke makes in `box`, and where a reader has set the class."""
        before, labels = self.ledger.labels[box.slices], seen.copy()
        marks = np.ones(box.shape, np.bool_)
        if self.drawing == "unclassified":
            added = (before == 0) & (seen > 0)
            labels = np.where((before > 0) & (seen > 0), before, labels)
            labels, marks = self.divided(box, labels, added), ~added
        if self.inside_lungs:
            beyond = (labels > 0) & (before == 0) & (self.arrays.anatomy["lungs"][box.slices] == 0)
            if beyond.any():
                more = Outside(box, np.where(beyond, labels, np.uint8(0)), marks)
                self.outside = more if self.outside is None else together(self.outside, more)
                labels = np.where(beyond, np.uint8(0), labels)
        return labels, marks

    def divided(self, box: Box, labels: LabelArray, which: MaskArray) -> LabelArray:
        """`labels` of `box`, with the voxels of `which` divided by density."""
        if not which.any():
            return labels
        geometry = self.arrays.grid.stored
        around = grown_box(box, geometry, _SPLIT_MARGIN_MM)
        infected = self.ledger.labels[around.slices] > 0
        infected[inside(box, around)] |= labels > 0
        divided = split_classes(
            self.arrays.hu(around), infected, cut_geometry(geometry, around), split_hu=self.split_hu
        )
        return np.where(which, divided[inside(box, around)], labels)

    def change(
        self,
        box: Box,
        labels: LabelArray,
        *,
        by_reader: bool = True,
        marks: MaskArray | None = None,
        anatomy: AnatomyPatch | None = None,
    ) -> None:
        """Make `labels` the infection in `box`, as one step that can be undone."""
        self.version += 1
        self._save_undo()
        with self._counted(box):
            self.ledger.note(box, labels, np.full(box.shape, by_reader) if marks is None else marks, anatomy)
        if anatomy is not None:
            self._set_anatomy(anatomy.box, anatomy.after)
        with self._written("infection"):
            self.arrays.write_infection(box, labels)

    def _set_anatomy(self, box: Box, maps: dict[str, LabelArray]) -> None:
        with self._counted(box), self._written("anatomy"):
            self.arrays.write_anatomy(box, maps)

    @contextlib.contextmanager
    def _counted(self, box: Box) -> Iterator[None]:
        """Whatever changes in `box` inside this, the numbers follow."""
        before = self._maps(box)
        yield
        self._live.change(box, before, self._maps(box))

    def _maps(self, box: Box) -> dict[str, LabelArray]:
        maps = {**self.arrays.anatomy, "infection": self.ledger.labels}
        return {name: labels[box.slices].copy() for name, labels in maps.items()}

    @contextlib.contextmanager
    def _written(self, node: str) -> Iterator[None]:
        self.writing = True
        self.wrote.add(node)
        try:
            yield
        finally:
            self.writing = False

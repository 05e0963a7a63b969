"""Who said what a voxel is: the infection's labels as they were last seen, and which of them a reader has set.

A class that a reader set stays: density splits only what was added as "unclassified" and what a model proposed. Undo
and redo of the Segment Editor are told from edits by what they bring back, since no event names them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from CovidQuantLib.ct import LabelArray, MaskArray
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.slicer_app.label_arrays import covering_box, inside, nonzero_box

_MOST_STEPS = 40
"""More than the Segment Editor keeps (10): one of its steps may have been seen as several."""


@dataclass(frozen=True)
class AnatomyPatch:
    """A change of the anatomy that belongs to a step: maps by name (`lungs`, ...) in `box`, before and after."""

    box: Box
    before: dict[str, LabelArray]
    after: dict[str, LabelArray]


@dataclass(frozen=True)
class Step:
    """One change of the infection in `box`: labels and reader's marks before and after, and what else changed."""

    box: Box
    before: LabelArray
    after: LabelArray
    marks_before: MaskArray
    marks_after: MaskArray
    anatomy: AnatomyPatch | None = None


@dataclass(frozen=True)
class Undone:
    """That a change brought something back: the anatomy to write, in this order."""

    kind: Literal["undo", "redo"]
    anatomy: tuple[tuple[Box, dict[str, LabelArray]], ...] = field(default=())


class ClassLedger:
    """The infection's labels (uint8, axes k, j, i) and the reader's marks (bool), kept along with the edits.

    `labels` and `by_reader` are to be read only. `extent` holds every voxel that has been labelled so far.
    """

    def __init__(self, labels: LabelArray, by_reader: MaskArray | None = None) -> None:
        whole = Box((0, 0, 0), (labels.shape[0], labels.shape[1], labels.shape[2]))
        self.labels = labels
        self.by_reader = np.zeros(labels.shape, np.bool_) if by_reader is None else by_reader
        self.extent = nonzero_box(labels, whole)
        self._done: list[Step] = []
        self._undone: list[Step] = []

    def brought_back(self, box: Box, seen: LabelArray) -> Undone | None:
        """What undo or redo it was that made the labels in `box` those of `seen`; None where it was an edit.

        Where it was one, the labels and the reader's marks are what they were then.
        """
        count = self._fits(box, seen, reversed(self._done), back=True)
        if count:
            return self._go_back(count)
        count = self._fits(box, seen, reversed(self._undone), back=False)
        return self._go_forward(count) if count else None

    def note(self, box: Box, after: LabelArray, marks: MaskArray, anatomy: AnatomyPatch | None = None) -> None:
        """Note an edit: the labels in `box` become `after`; where they differ, the reader's marks become `marks`."""
        before, had = self.labels[box.slices].copy(), self.by_reader[box.slices].copy()
        self._set(box, after, np.where(before != after, marks, had) & (after > 0))
        self._done.append(Step(box, before, after.copy(), had, self.by_reader[box.slices].copy(), anatomy))
        del self._done[:-_MOST_STEPS]
        self._undone.clear()

    def _set(self, box: Box, labels: LabelArray, marks: MaskArray) -> None:
        self.labels[box.slices] = labels
        self.by_reader[box.slices] = marks
        found = nonzero_box(labels, box)
        self.extent = covering_box([one for one in (self.extent, found) if one is not None])

    def _fits(self, box: Box, seen: LabelArray, steps: Iterable[Step], *, back: bool) -> int:
        """How many of `steps`, the next first, turn the labels into what is seen; 0 where none do."""
        tried: list[Step] = []
        for step in steps:
            tried.append(step)
            frame = covering_box([box, *(one.box for one in tried)]) or box
            then = self.labels[frame.slices].copy()
            for one in tried:
                then[inside(one.box, frame)] = one.before if back else one.after
            now = self.labels[frame.slices].copy()
            now[inside(box, frame)] = seen
            if np.array_equal(then, now):
                return len(tried)
        return 0

    def _go_back(self, count: int) -> Undone:
        patches = []
        for _ in range(count):
            step = self._done.pop()
            self._set(step.box, step.before, step.marks_before)
            self._undone.append(step)
            if step.anatomy is not None:
                patches.append((step.anatomy.box, step.anatomy.before))
        return Undone("undo", tuple(patches))

    def _go_forward(self, count: int) -> Undone:
        patches = []
        for _ in range(count):
            step = self._undone.pop()
            self._set(step.box, step.after, step.marks_after)
            self._done.append(step)
            if step.anatomy is not None:
                patches.append((step.anatomy.box, step.anatomy.after))
        return Undone("redo", tuple(patches))


def changed_box(known: LabelArray, seen: LabelArray, frame: Box) -> Box | None:
    """The smallest box in which two arrays that stand on `frame` differ; None where they are equal."""
    slices = [k for k, (one, other) in enumerate(zip(known, seen, strict=True)) if not np.array_equal(one, other)]
    if not slices:
        return None
    first, last = slices[0], slices[-1] + 1
    return nonzero_box(
        (known[first:last] != seen[first:last]).view(np.uint8),
        Box((frame.start[0] + first, *frame.start[1:]), (frame.start[0] + last, *frame.stop[1:])),
    )


def marks_of_recovered(labels: LabelArray, start: LabelArray) -> MaskArray:
    """The reader's marks of a draft, which stores none: whatever differs from the start stays as it is."""
    return (labels != start) & (labels > 0)

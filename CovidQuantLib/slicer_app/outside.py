"""Infection outside of the lungs, as a value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CovidQuantLib.ct import LabelArray, MaskArray
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.slicer_app.label_arrays import covering_box, inside


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


def together(one: Outside, more: Outside) -> Outside:
    """Both in one; where they overlap, `more` counts."""
    frame = covering_box([one.box, more.box]) or more.box
    labels, marks = np.zeros(frame.shape, np.uint8), np.zeros(frame.shape, np.bool_)
    for part in (one, more):
        cut = inside(part.box, frame)
        np.copyto(labels[cut], part.labels, where=part.labels > 0)
        np.copyto(marks[cut], part.marks, where=part.labels > 0)
    return Outside(frame, labels, marks)

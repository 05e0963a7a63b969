"""Lungs that take in what a reader drew outside of them, and infection that is brought back inside."""

from __future__ import annotations

from typing import Literal

import numpy as np

from CovidQuantLib.slicer_app.add_to_lung import add_to_lung as patch_of
from CovidQuantLib.slicer_app.infection_edits import InfectionEdits
from CovidQuantLib.slicer_app.label_arrays import inside, nonzero_box
from CovidQuantLib.slicer_app.outside import Outside


def add_outside_to_lung(edits: InfectionEdits) -> bool:
    """Add to the lungs what the last strokes drew outside of them, as infection; lobes and segments follow.

    Raises `InputError` where no lung is near; the stroke then still waits.
    """
    if edits.outside is None:
        return False
    waiting = edits.outside
    _add(edits, waiting)
    edits.outside = None
    return True


def infection_outside(edits: InfectionEdits) -> Outside | None:
    """The infection that lies outside of the lungs now; None where there is none."""
    frame = edits.ledger.extent
    if frame is None:
        return None
    out = np.where(edits.arrays.anatomy["lungs"][frame.slices] == 0, edits.ledger.labels[frame.slices], np.uint8(0))
    box = nonzero_box(out, frame)
    if box is None:
        return None
    return Outside(box, out[inside(box, frame)], edits.ledger.by_reader[box.slices].copy())


def repair_outside(edits: InfectionEdits, how: Literal["add", "cut"]) -> bool:
    """Add the infection outside of the lungs to them, or cut it away; raises as `add_outside_to_lung`."""
    found = infection_outside(edits)
    if found is None:
        return False
    if how == "add":
        _add(edits, found)
    else:
        labels = np.where(found.labels > 0, np.uint8(0), edits.ledger.labels[found.box.slices])
        edits.change(found.box, labels, by_reader=True)
    return True


def _add(edits: InfectionEdits, outside: Outside) -> None:
    box = outside.box
    patch = patch_of(edits.arrays.anatomy, box, outside.labels > 0, edits.arrays.grid.stored)
    labels = np.where(outside.labels > 0, outside.labels, edits.ledger.labels[box.slices])
    edits.change(box, labels, marks=outside.marks, anatomy=patch)

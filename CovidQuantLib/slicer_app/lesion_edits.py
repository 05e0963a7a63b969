"""Edits of one click: delete a lesion, change its class, grow from a point, divide by density again."""

from __future__ import annotations

import numpy as np

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS
from CovidQuantLib.ct import MaskArray
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.slicer_app.add_to_lung import grown_box
from CovidQuantLib.slicer_app.classes import changed_box
from CovidQuantLib.slicer_app.component import GROW_REACH_MM, Voxel, component_at, grown_from
from CovidQuantLib.slicer_app.ct_export import EventsHandled
from CovidQuantLib.slicer_app.infection_edits import InfectionEdits
from CovidQuantLib.slicer_app.label_arrays import inside

_SPLIT_SLICES = 6


def delete_component(edits: InfectionEdits, voxel: Voxel) -> bool:
    """Delete the lesion at `voxel`, of both classes; False where there is none."""
    found = _lesion(edits, voxel, one_class=False)
    if found is None:
        return False
    box, lesion = found
    edits.change(box, np.where(lesion, np.uint8(0), edits.ledger.labels[box.slices]), by_reader=True)
    return True


def change_class(edits: InfectionEdits, voxel: Voxel) -> bool:
    """Make ground glass consolidation, and the other way round, in the lesion of one class at `voxel`."""
    found = _lesion(edits, voxel, one_class=True)
    if found is None:
        return False
    box, lesion = found
    labels = edits.ledger.labels[box.slices].copy()
    labels[lesion] = GROUND_GLASS.label + CONSOLIDATION.label - labels[lesion]
    edits.change(box, labels, by_reader=True)
    return True


def grow_from(edits: InfectionEdits, voxel: Voxel) -> bool:
    """Add what looks like the surroundings of `voxel` and is connected with it, divided by density."""
    geometry = edits.arrays.grid.stored
    box = grown_box(Box(voxel, (voxel[0] + 1, voxel[1] + 1, voxel[2] + 1)), geometry, GROW_REACH_MM)
    at = (voxel[0] - box.start[0], voxel[1] - box.start[1], voxel[2] - box.start[2])
    grown = grown_from(edits.arrays.hu(box), edits.arrays.anatomy["lungs"][box.slices] > 0, at, geometry.spacing_kji)
    labels = edits.ledger.labels[box.slices].copy()
    added = grown & (labels == 0) if grown is not None else None
    if added is None or not added.any():
        return False
    labels[added] = GROUND_GLASS.label
    edits.change(box, edits.divided(box, labels, added), by_reader=False)
    return True


def split_again(edits: InfectionEdits, split_hu: float, handle_events: EventsHandled = lambda: None) -> bool:
    """Divide by density again, at `split_hu`, all infection whose class no reader has set; can be undone.

    Events are handled between parts; an edit meanwhile begins it anew. False where nothing changes, or where the case
    goes meanwhile.
    """
    edits.split_hu = split_hu
    while (frame := edits.ledger.extent) is not None:
        version, labels = edits.version, edits.ledger.labels[frame.slices].copy()
        free = (labels > 0) & ~edits.ledger.by_reader[frame.slices]
        for first in range(frame.start[0], frame.stop[0], _SPLIT_SLICES):
            part = Box((first, *frame.start[1:]), (min(frame.stop[0], first + _SPLIT_SLICES), *frame.stop[1:]))
            cut = inside(part, frame)
            labels[cut] = edits.divided(part, edits.ledger.labels[part.slices], free[cut])
            handle_events()
            if not edits.arrays.nodes.is_there:
                return False
        if version != edits.version:
            continue
        box = changed_box(edits.ledger.labels[frame.slices], labels, frame)
        if box is not None:
            edits.change(box, labels[inside(box, frame)], by_reader=False)
        return box is not None
    return False


def _lesion(edits: InfectionEdits, voxel: Voxel, *, one_class: bool) -> tuple[Box, MaskArray] | None:
    frame = edits.ledger.extent
    if frame is None:
        return None
    return component_at(edits.ledger.labels[frame.slices], frame, voxel, one_class=one_class)

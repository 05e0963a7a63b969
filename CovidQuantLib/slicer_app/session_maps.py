"""The maps that a session begins with, from the scene or from a draft, and those that its next draft holds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from CovidQuantLib.ct import LabelArray
from CovidQuantLib.hitl.pool import BLANK, Draft, Start
from CovidQuantLib.messages import InputError
from CovidQuantLib.slicer_app.case_arrays import ANATOMY, CaseArrays
from CovidQuantLib.slicer_app.classes import ClassLedger, marks_of_recovered
from CovidQuantLib.slicer_app.ct_export import EventsHandled
from CovidQuantLib.slicer_app.label_arrays import covering_box, nonzero_box
from CovidQuantLib.slicer_app.segmentation_nodes import mark_edited


@dataclass(frozen=True)
class Beginning:
    """The infection to go on with, the one that the reader was shown first, and what that was."""

    ledger: ClassLedger
    shown: LabelArray
    start: Start


def check_draft(draft: Draft, arrays: CaseArrays) -> None:
    """Raise `InputError` where a draft does not stand on the grid of the case."""
    if any(labels.shape != arrays.grid.geometry.shape for labels in draft.maps.values()):
        raise InputError("The draft is of another CT. Open that one, or remove the draft.")


def begin_from_scene(arrays: CaseArrays, start: Start, handle_events: EventsHandled) -> Beginning:
    """Begin with what is in the scene; with a blank start that is put away."""
    labels = arrays.read_infection(arrays.whole)
    handle_events()
    if start == BLANK and labels.any():
        labels[:] = 0
        arrays.write_infection(arrays.whole, labels)
        mark_edited(arrays.nodes.infection)
    shown = labels.copy()
    handle_events()
    return Beginning(ClassLedger(labels), shown, start)


def begin_from_draft(arrays: CaseArrays, draft: Draft, handle_events: EventsHandled) -> Beginning:
    """Begin with a draft, which is put into the scene."""
    known = draft.maps.get("start")
    labels = arrays.from_library(draft.maps["infection"])
    shown = np.zeros_like(labels) if known is None else arrays.from_library(known)
    handle_events()
    for name in ANATOMY:
        if name in draft.maps:
            arrays.write_anatomy(arrays.whole, {name: arrays.from_library(draft.maps[name])})
            handle_events()
    if arrays.anatomy_changed:
        mark_edited(arrays.nodes.anatomy)
    if not np.array_equal(arrays.read_infection(arrays.whole), labels):
        mark_edited(arrays.nodes.infection)
        arrays.write_infection(arrays.whole, labels)
    ledger = ClassLedger(labels, marks_of_recovered(labels, shown))
    boxes = (ledger.extent, nonzero_box(shown, arrays.whole))
    ledger.extent = covering_box([box for box in boxes if box is not None])
    return Beginning(ledger, shown, draft.start)


def draft_maps(arrays: CaseArrays, beginning: Beginning, maps: dict[str, LabelArray]) -> Iterator[None]:
    """Fill `maps` with those of a draft, in the library's order, in steps of some ten milliseconds."""
    ledger = beginning.ledger
    maps["infection"] = arrays.to_library(ledger.labels, ledger.extent)
    yield
    if beginning.start.kind in ("proposal", "revision"):
        maps["start"] = arrays.to_library(beginning.shown, ledger.extent)
        yield
    if arrays.anatomy_changed:
        for name in ANATOMY:
            maps[name] = arrays.to_library(arrays.anatomy[name], arrays.whole)
            yield

"""A scan of the pool under review: its readings without their readers' names, and what can be seen of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from CovidQuantLib.anatomy import INFECTION
from CovidQuantLib.ct.labelmaps import read_labelmap_on
from CovidQuantLib.hitl.pool import History, Revision
from CovidQuantLib.hitl.pool.layout import INFECTION_FILE, START_FILE
from CovidQuantLib.hitl.pool.origins import line_of
from CovidQuantLib.slicer_app.ct_export import ct_grid
from CovidQuantLib.slicer_app.label_arrays import whole_box, write_labels
from CovidQuantLib.slicer_app.surfaces import show_surfaces


@dataclass(frozen=True)
class Reviewed:
    """One reading of `past`, as the reader `mine` reviews it."""

    past: History
    revision: Revision
    mine: str

    @property
    def is_own(self) -> bool:
        """Whether the reviewer made it: then it can be agreed on, and not approved."""
        return self.revision.reader == self.mine

    @property
    def proposed(self) -> Revision | None:
        """The first reading of its line, where that began from a proposal; None where there was none."""
        first = line_of(self.revision, self.past.readings)[0]
        return first if first.start.kind == "proposal" and START_FILE in first.files else None

    @property
    def name(self) -> str:
        """The reading as it is offered: by a letter, with no name of its reader."""
        letter = chr(ord("A") + self.past.heads.index(self.revision))
        text = _("Reading {letter} (your own)") if self.is_own else _("Reading {letter}")
        return text.format(letter=letter)

    def file(self, *, proposal: bool) -> Path | None:
        """The mask of the reading, or of the proposal that it began from."""
        if not proposal:
            return self.revision.folder / INFECTION_FILE
        return None if self.proposed is None else self.proposed.folder / START_FILE


def readings_to_review(past: History, mine: str) -> tuple[Reviewed, ...]:
    """The readings of a scan that no other one continues; those of others come first."""
    found = [Reviewed(past, revision, mine) for revision in past.heads]
    return tuple(sorted(found, key=lambda one: one.is_own))


def show_over(volume: Any, mask: Path, grid: Any, name: str) -> Any:
    """Show a mask of the pool over its CT, in a new node that no editor offers; `grid` is the scan's.

    Events are handled between the long steps. Raises `InputError` where the mask is damaged.
    """
    labels = read_labelmap_on(mask, grid)
    slicer.app.processEvents()
    stored = np.ascontiguousarray(ct_grid(volume).order.to_stored(labels))
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.SetHideFromEditors(True)
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    node.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
    node.CreateDefaultDisplayNodes()
    write_labels(node, INFECTION, whole_box(volume), stored, volume)
    show_surfaces(node)
    return node

"""A scan of the pool under review: its readings without their readers' names, and what can be seen of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from CovidQuantLib.anatomy import INFECTION, LUNGS
from CovidQuantLib.ct.labelmaps import read_labelmap_on
from CovidQuantLib.hitl.pool import History, Revision, read_lungs
from CovidQuantLib.hitl.pool.layout import INFECTION_FILE, START_FILE
from CovidQuantLib.hitl.pool.quality import began_from_proposal
from CovidQuantLib.slicer_app.ct_export import ct_grid
from CovidQuantLib.slicer_app.label_arrays import whole_box, write_labels
from CovidQuantLib.slicer_app.segmentation_nodes import LUNG_OPACITY_3D
from CovidQuantLib.slicer_app.surfaces import show_surfaces

_FILL_OPACITY = 0.35


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
        return began_from_proposal(self.revision, self.past)

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


def show_over(volume: Any, reviewed: Reviewed, *, proposal: bool) -> Any:
    """Show a reading, or the proposal that it began from, over its CT, with the lungs, in a new node.

    No editor offers the node. Events are handled between the long steps. Raises `InputError` where a map is damaged.
    """
    scan = reviewed.past.scan
    mask = reviewed.file(proposal=proposal) or reviewed.file(proposal=False)
    labels = {INFECTION: read_labelmap_on(mask, scan.grid) if mask is not None else None}
    slicer.app.processEvents()
    labels[LUNGS] = read_lungs(scan, reviewed.revision, reviewed.past.revisions)
    slicer.app.processEvents()
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", _("Under review"))
    node.SetHideFromEditors(True)
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    node.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
    node.CreateDefaultDisplayNodes()
    for kept in (node, node.GetDisplayNode()):
        kept.SetSaveWithScene(False)  # the pool has it; Slicer leaves the voxels of a hidden node out of a saved scene
    order = ct_grid(volume).order
    for structures, found in labels.items():
        if found is not None:
            stored = np.ascontiguousarray(order.to_stored(found))
            write_labels(node, structures, whole_box(volume), stored, volume)
            slicer.app.processEvents()
    _set_display(node.GetDisplayNode())
    show_surfaces(node)
    return node


def _set_display(display: Any) -> None:
    """The lungs as an outline around the infection, translucent in 3D."""
    for structures, fill, opacity in ((LUNGS, 0.0, LUNG_OPACITY_3D), (INFECTION, _FILL_OPACITY, 1.0)):
        for structure in structures:
            display.SetSegmentOpacity2DFill(structure.key, fill)
            display.SetSegmentOpacity3D(structure.key, opacity)

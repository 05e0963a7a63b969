"""Where to look: the slice with the most infection of a region, and the views brought there."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer

from CovidQuantLib.anatomy import INFECTION, LOBES, LUNGS, LUNGS_KEY, SEGMENTS, by_key
from CovidQuantLib.slicer_app.ct_export import ct_grid
from CovidQuantLib.slicer_app.label_arrays import inside, nonzero_box, read_labels, whole_box
from CovidQuantLib.slicer_app.segmentation_nodes import CaseNodes

Ras = tuple[float, float, float]


def fullest_place(nodes: CaseNodes, key: str) -> Ras | None:
    """The infected voxel nearest to the middle of the axial slice with the most infection of region `key`.

    RAS, mm. Where the region holds no infection, the middle of its largest slice; None where the region is empty.
    """
    volume = nodes.volume
    infection = read_labels(nodes.infection, INFECTION, volume)
    box = nonzero_box(infection, whole_box(volume))
    structures = next(level for level in (LUNGS, LOBES, SEGMENTS) if key == LUNGS_KEY or by_key(key) in level)
    if box is not None:
        region = _region(read_labels(nodes.anatomy, structures, volume, box), key)
        region &= infection[inside(box, whole_box(volume))] > 0
        if region.any():
            return _place(volume, region, box.start)
    region = _region(read_labels(nodes.anatomy, structures, volume), key)
    return _place(volume, region, (0, 0, 0)) if region.any() else None


def show_place(place: Ras) -> None:
    """Bring a point (RAS, mm) into all slice views; their zoom stays."""
    for node in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
        node.JumpSliceByOffsetting(*place)


def _region(labels: Any, key: str) -> Any:
    return labels > 0 if key == LUNGS_KEY else labels == by_key(key).label


def _place(volume: Any, mask: Any, start: tuple[int, int, int]) -> Ras:
    grid = ct_grid(volume).stored
    # The stored axis (k, j, i) that runs to the head.
    axis = 2 - int(np.argmax(np.abs(np.reshape(grid.direction, (3, 3))[2])))
    others = tuple(other for other in range(3) if other != axis)
    index = int(np.argmax(mask.sum(axis=others)))
    voxels = np.argwhere(np.take(mask, [index], axis=axis))
    middle = voxels[np.argmin(((voxels - voxels.mean(axis=0)) ** 2).sum(axis=1))]
    middle[axis] = index
    left, posterior, superior = grid.to_lps(tuple(int(m + s) for m, s in zip(middle, start, strict=True)))
    return (-float(left), -float(posterior), float(superior))

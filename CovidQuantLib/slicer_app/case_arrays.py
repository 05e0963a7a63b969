"""The voxels of a case while it is corrected: the CT and the four label maps, beside the nodes of the scene."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import slicer

from CovidQuantLib.anatomy import INFECTION, LOBES, LUNGS, SEGMENTS
from CovidQuantLib.ct import HuArray, LabelArray
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.ct.hounsfield import to_hu
from CovidQuantLib.slicer_app.ct_export import EventsHandled, ct_grid
from CovidQuantLib.slicer_app.label_arrays import (
    BINARY_LABELMAP,
    covering_box,
    extent_box,
    read_labels,
    shared_box,
    whole_box,
    write_labels,
)
from CovidQuantLib.slicer_app.segmentation_nodes import CaseNodes

ANATOMY = {"lungs": LUNGS, "lobes": LOBES, "segments": SEGMENTS}


class CaseArrays:
    """The arrays of a case, uint8, axes (k, j, i) as the volume node stores them, and the way to and from its nodes.

    `anatomy` holds the maps `lungs`, `lobes` and `segments` of the whole grid, as they are to be in the scene;
    `anatomy_changed` says whether they differ from what they were at first.
    """

    def __init__(self, nodes: CaseNodes, handle_events: EventsHandled = lambda: None) -> None:
        self.nodes = nodes
        self.grid = ct_grid(nodes.volume)
        self.whole = whole_box(nodes.volume)
        self._stored_hu = slicer.util.arrayFromVolume(nodes.volume)
        self.anatomy: dict[str, LabelArray] = {}
        self.anatomy_changed = False
        for name, structures in ANATOMY.items():
            self.anatomy[name] = read_labels(nodes.anatomy, structures, nodes.volume)
            handle_events()

    @property
    def spacing_kji(self) -> tuple[float, float, float]:
        """Spacing in mm in the order of the stored axes."""
        return self.grid.stored.spacing_kji

    def stored_hu(self, box: Box) -> npt.NDArray[Any]:
        """The CT's values in `box`, as they are stored (a view)."""
        return self._stored_hu[box.slices]

    def hu(self, box: Box) -> HuArray:
        """The CT in `box` in HU."""
        return to_hu(self.stored_hu(box))[0]

    def read_infection(self, box: Box) -> LabelArray:
        """The infection in the scene, in `box`."""
        return read_labels(self.nodes.infection, INFECTION, self.nodes.volume, box)

    def write_infection(self, box: Box, labels: LabelArray) -> None:
        """Make `labels` the infection in `box` of the scene."""
        write_labels(self.nodes.infection, INFECTION, box, labels, self.nodes.volume)

    def strayed_segments(self) -> int:
        """How many segments beside the two classes the infection's node has; what they hold is no infection here."""
        known = {structure.key for structure in INFECTION}
        return sum(key not in known for key in self.nodes.infection.GetSegmentation().GetSegmentIDs())

    def read_anatomy(self, box: Box) -> dict[str, LabelArray]:
        """The anatomy in the scene, in `box`."""
        node, volume = self.nodes.anatomy, self.nodes.volume
        return {name: read_labels(node, structures, volume, box) for name, structures in ANATOMY.items()}

    def write_anatomy(self, box: Box, maps: Mapping[str, LabelArray]) -> None:
        """Make `maps` the anatomy in `box`, here and in the scene; maps that are equal there are not written."""
        for name, labels in maps.items():
            self.anatomy_changed |= not np.array_equal(self.anatomy[name][box.slices], labels)
            self.anatomy[name][box.slices] = labels
            write_labels(self.nodes.anatomy, ANATOMY[name], box, labels, self.nodes.volume)

    def extent(self, node: Any) -> Box | None:
        """The box that holds every voxel of a segmentation node's segments; None where there is none."""
        segmentation = node.GetSegmentation()
        boxes = []
        for segment_id in segmentation.GetSegmentIDs():
            image = segmentation.GetSegment(segment_id).GetRepresentation(BINARY_LABELMAP)
            if image is not None:
                boxes.append(extent_box(image))
        # A segment on another grid may lie anywhere.
        found = covering_box(boxes)
        return None if found is None else shared_box(found, self.whole) or self.whole

    def voxel_at(self, ras: Iterable[float]) -> tuple[int, int, int] | None:
        """The voxel (k, j, i) at a point of the world (RAS, mm); None outside of the CT."""
        lps = np.asarray(list(ras), np.float64)[:3] * (-1.0, -1.0, 1.0)
        stored = self.grid.stored
        axes = np.reshape(stored.direction, (3, 3)) * np.asarray(stored.spacing)
        ijk = np.rint(np.linalg.solve(axes, lps - np.asarray(stored.origin))).astype(int)
        voxel = (int(ijk[2]), int(ijk[1]), int(ijk[0]))
        is_there = all(0 <= v < size for v, size in zip(voxel, stored.shape, strict=True))
        return voxel if is_there else None

    def to_library(self, labels: LabelArray, extent: Box | None) -> LabelArray:
        """A whole map in the library's axis order, a copy; `extent` holds all that it marks (None: nothing)."""
        kept = np.zeros(labels.shape, np.uint8)
        if extent is not None:
            kept[extent.slices] = labels[extent.slices]
        return self.grid.order.from_stored(kept)

    def from_library(self, labels: LabelArray) -> LabelArray:
        """A whole map of the library's axis order as the volume node stores it, a copy."""
        turned = self.grid.order.to_stored(labels)
        return turned.copy() if np.shares_memory(turned, labels) else turned

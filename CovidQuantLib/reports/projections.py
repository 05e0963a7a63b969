"""What lies along a line through each lung: counted once, for the projections and for choosing the planes to show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS, LUNGS, RIGHT_LUNG, Structure
from CovidQuantLib.ct import LabelArray
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.segmentation.chest import ChestSegmentation

Counts = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Along:
    """Voxels of one lung along the lines of one direction: 2D arrays over the other two axes of the box."""

    lung: Counts
    ground_glass: Counts
    consolidation: Counts

    @property
    def infection(self) -> Counts:
        """Ground glass and consolidation together."""
        return self.ground_glass + self.consolidation


@dataclass(frozen=True)
class LungProjections:
    """One lung inside a box: `from_front` (axes k, i; summed over j) and `from_side` (axes k, j; summed over i).

    `lobes_front` and `lobes_side` are the lobes that an onlooker meets first: from the front, and from the lung's side.
    """

    lung: Structure
    from_front: Along
    from_side: Along
    lobes_front: LabelArray
    lobes_side: LabelArray


def project(segmentation: ChestSegmentation, box: Box) -> tuple[LungProjections, ...]:
    """The projections of each lung that is there, inside `box`."""
    lungs = segmentation.lungs.labels[box.slices]
    infection = segmentation.infection.labels[box.slices]
    ground_glass, consolidation = infection == GROUND_GLASS.label, infection == CONSOLIDATION.label
    found = []
    for lung in LUNGS:
        own = lungs == lung.label
        if own.any():
            masks = (own, ground_glass & own, consolidation & own)
            front, side = (Along(*(mask.sum(axis=axis, dtype=np.int32) for mask in masks)) for axis in (1, 2))
            lobes = segmentation.lobes.labels[box.slices] * own
            outer = lobes if lung is RIGHT_LUNG else lobes[:, :, ::-1]
            found.append(LungProjections(lung, front, side, _first(lobes, axis=1), _first(outer, axis=2)))
    return tuple(found)


def _first(labels: LabelArray, *, axis: int) -> LabelArray:
    """The first label along each line of `axis`, 0 where there is none."""
    index = np.argmax(labels != 0, axis=axis)
    return np.squeeze(np.take_along_axis(labels, np.expand_dims(index, axis), axis), axis)

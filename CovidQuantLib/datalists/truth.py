"""An entry of a data list as a model is judged by it: the CT, its lungs, and the true infection on the CT's grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CovidQuantLib.ct import CtVolume, Geometry, LabelArray
from CovidQuantLib.ct.labelmaps import read_labelmap_on
from CovidQuantLib.ct.reading import read_ct, read_grid
from CovidQuantLib.datalists.datalist import Entry
from CovidQuantLib.messages import InputError

_LABELS = 2


@dataclass(frozen=True)
class Masks:
    """Lungs (right 1, left 2, or 1 alone) and infection within them (1 ground glass, or any; 2 consolidation)."""

    lungs: LabelArray
    infection: LabelArray


@dataclass(frozen=True)
class Truth(Masks):
    """The masks with their CT."""

    ct: CtVolume


def read_truth(entry: Entry) -> Truth:
    """Read an entry with lungs; infection outside the lungs is cut. Raises `InputError`, which names the entry."""
    try:
        ct = read_ct(entry.image)
        masks = _masks(entry, ct.geometry)
    except InputError as error:
        raise InputError(f"{entry.where}: {error}") from error
    return Truth(masks.lungs, masks.infection, ct)


def read_masks(entry: Entry) -> Masks:
    """The masks of `read_truth`, on the grid that the CT's header states: the CT's voxels are not read.

    Raises `InputError`, which names the entry.
    """
    try:
        return _masks(entry, read_grid(entry.image))
    except InputError as error:
        raise InputError(f"{entry.where}: {error}") from error


def _masks(entry: Entry, grid: Geometry) -> Masks:
    assert entry.lungs is not None
    lungs = read_labelmap_on(entry.lungs, grid)
    infection = read_labelmap_on(entry.label, grid)
    if int(infection.max()) > _LABELS or int(lungs.max()) > _LABELS or not lungs.any():
        raise InputError("The mask of the infection or of the lungs holds labels above 2, or there are no lungs.")
    return Masks(lungs, np.where(lungs > 0, infection, 0).astype(np.uint8))

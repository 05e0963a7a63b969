"""The four label maps of one CT, and the places that they put a voxel in.

A voxel's place is the smallest region that holds it: a segment, else a lobe, else a lung, else nothing. Regions are
sums of places, so one count by place gives every region, and parts sum to their whole by construction.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from CovidQuantLib.anatomy import (
    INFECTION,
    LOBES,
    LUNGS,
    SEGMENTS,
    Structure,
    lobe_of_segment,
    lung_of_lobe,
)
from CovidQuantLib.ct import LabelArray

REGIONS: tuple[Structure, ...] = (*LUNGS, *LOBES, *SEGMENTS)
"""The regions with a label of their own: lungs, lobes, segments. Place n is `REGIONS[n - 1]`; place 0 is nothing."""

PLACES = len(REGIONS) + 1
INFECTION_CLASSES = len(INFECTION) + 1
CLASSES = PLACES * INFECTION_CLASSES
"""The lawful classes of a voxel: class = infection label * PLACES + place."""
UNLAWFUL = CLASSES
"""The class of every voxel whose four labels contradict each other."""

_LUNG_BITS, _LOBE_BITS, _SEGMENT_BITS = 2, 3, 5
_LOBE_SHIFT = _LUNG_BITS
_SEGMENT_SHIFT = _LOBE_SHIFT + _LOBE_BITS
_INFECTION_SHIFT = _SEGMENT_SHIFT + _SEGMENT_BITS
_CODES = 1 << (_INFECTION_SHIFT + 2)


@dataclass(frozen=True)
class LabelMaps:
    """Lungs, lobes, segments and infection of one CT: uint8, axes (k, j, i), one grid, label values of `anatomy`.

    A map of zeros means that nothing of it is known. Raises `ValueError` where shapes differ or one is not uint8.
    """

    lungs: LabelArray
    lobes: LabelArray
    segments: LabelArray
    infection: LabelArray

    def __post_init__(self) -> None:
        maps = (self.lungs, self.lobes, self.segments, self.infection)
        if len({labels.shape for labels in maps}) != 1 or any(labels.dtype != np.uint8 for labels in maps):
            raise ValueError("label maps are uint8 arrays of one shape")

    def cut(self, index: tuple[slice, ...]) -> LabelMaps:
        """The same maps cut to `index` (views)."""
        return LabelMaps(self.lungs[index], self.lobes[index], self.segments[index], self.infection[index])


def packed(labels: LabelMaps) -> npt.NDArray[np.uint16]:
    """The four labels of each voxel in one number; `unpacked` is the way back. All values must exist in `anatomy`."""
    low = labels.lobes << _LOBE_SHIFT
    low |= labels.lungs
    high = labels.infection << (_INFECTION_SHIFT - _SEGMENT_SHIFT)
    high |= labels.segments
    code = high.astype(np.uint16)
    code <<= _SEGMENT_SHIFT
    code |= low
    return code


def unpacked(code: npt.NDArray[np.integer]) -> tuple[npt.NDArray[np.integer], ...]:
    """The labels (lung, lobe, segment, infection) of packed codes."""
    return (
        code & (1 << _LUNG_BITS) - 1,
        code >> _LOBE_SHIFT & (1 << _LOBE_BITS) - 1,
        code >> _SEGMENT_SHIFT & (1 << _SEGMENT_BITS) - 1,
        code >> _INFECTION_SHIFT,
    )


def class_of_code() -> npt.NDArray[np.uint8]:
    """For each packed code its class; `UNLAWFUL` where the labels contradict each other.

    Lawful: a segment in its lobe, a lobe in its lung, infection in a lung, and values that exist.
    """
    table = np.full(_CODES, UNLAWFUL, np.uint8)
    lobes = (0, *(0 for _ in LUNGS), *(lobe.label for lobe in LOBES), *lobe_of_segment()[1:])
    segments = (0, *(0 for _ in (*LUNGS, *LOBES)), *(segment.label for segment in SEGMENTS))
    for place, (lung, lobe, segment) in enumerate(zip(lung_of_place(), lobes, segments, strict=True)):
        for infection in range(INFECTION_CLASSES if place else 1):
            code = lung | lobe << _LOBE_SHIFT | segment << _SEGMENT_SHIFT | infection << _INFECTION_SHIFT
            table[code] = infection * PLACES + place
    return table


def places_of(key: str) -> npt.NDArray[np.intp]:
    """The places that make up the region `key`: its own, and those of all regions inside it."""
    inside = {key}
    for region in REGIONS:
        if region.parent in inside:
            inside.add(region.key)
    return np.flatnonzero([False, *(region.key in inside for region in REGIONS)])


def lung_of_place() -> tuple[int, ...]:
    """For each place the label of its lung (0 for none)."""
    lungs, lobes = lung_of_lobe(), lobe_of_segment()
    return (
        0,
        *(lung.label for lung in LUNGS),
        *(lungs[lobe.label] for lobe in LOBES),
        *(lungs[lobes[segment.label]] for segment in SEGMENTS),
    )


def lobe_of_place() -> tuple[str | None, ...]:
    """For each place the key of the lobe that holds it, None where no lobe does."""
    lobe_keys = {lobe.key for lobe in LOBES}
    keys: list[str | None] = [None]
    for region in REGIONS:
        lobe = region.key if region.key in lobe_keys else region.parent
        keys.append(lobe if lobe in lobe_keys else None)
    return tuple(keys)

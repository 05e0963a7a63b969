"""The numbers of a case while it is corrected: counted once, then kept along with each changed extent.

Volumes, percentages, densities, the derived CT score and the histograms are sums over counts of voxels by HU, place and
class; an edit takes the old voxels of its box out of them and puts the new ones in, and gives the very numbers that a
count of the whole would. Lesions and the ranges of estimated borders are left to the report.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from CovidQuantLib.anatomy import LUNGS_KEY
from CovidQuantLib.ct import PADDING_HU, HuArray, LabelArray
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.ct.hounsfield import to_hu
from CovidQuantLib.quantification import CtScore, Histogram, LabelMaps, QuantificationOptions, RegionMeasures
from CovidQuantLib.quantification.ct_score import ct_score
from CovidQuantLib.quantification.densities import histogram
from CovidQuantLib.quantification.label_maps import (
    CLASSES,
    INFECTION_CLASSES,
    PLACES,
    UNLAWFUL,
    class_of_code,
    packed,
    places_of,
)
from CovidQuantLib.quantification.measure import HISTOGRAM_START_HU, measure_regions

_VOXELS_AT_ONCE = 1 << 20
_HIGHEST_HU = 4096
"""Denser voxels, metal mostly, count as this dense: the counts keep one size."""
_EVERYTHING = -1
_ROWS = _HIGHEST_HU - PADDING_HU + 1
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Numbers:
    """What the table, the score and the plots show. `outside_ml`: infection outside the lungs, in no number."""

    regions: tuple[RegionMeasures, ...]
    ct_score: CtScore
    infection_histogram: Histogram
    lung_histogram: Histogram
    outside_ml: float

    def region(self, key: str) -> RegionMeasures:
        """The measures of the region `key`. Raises `KeyError`."""
        return {region.key: region for region in self.regions}[key]


class LiveNumbers:
    """Counts of one case, kept along.

        live = LiveNumbers(lambda box: hu[box.slices], voxel_ml)
        for _ in live.count(maps): ...                      each step takes some ten milliseconds
        live.change(box, before, after)                     maps cut to the box
        live.numbers()

    `hu_in` gives the stored values of a box. All maps have the label values of `anatomy` and one axis order.
    """

    def __init__(
        self, hu_in: Callable[[Box], npt.NDArray[Any]], voxel_ml: float, options: QuantificationOptions | None = None
    ) -> None:
        self._hu_in = hu_in
        self._voxel_ml = voxel_ml
        self._options = options or QuantificationOptions(reference=None)
        self._classes = class_of_code()
        self._counts = np.zeros((_ROWS, CLASSES), np.int64)
        self._outside = self._counted = 0

    @property
    def is_complete(self) -> bool:
        """Whether the whole case has been counted."""
        return self._counted < 0

    def count(self, maps: Mapping[str, LabelArray]) -> Iterator[None]:
        """Count the whole case; `maps` are `lungs`, `lobes`, `segments`, `infection` of the whole grid.

        The maps may change between two steps, where `change` is told of it.
        """
        self._counts[:], self._outside, self._counted = 0, 0, 0
        shape = maps["lungs"].shape
        step = max(1, _VOXELS_AT_ONCE // (shape[1] * shape[2]))
        for first in range(0, shape[0], step):
            box = Box((first, 0, 0), (min(shape[0], first + step), shape[1], shape[2]))
            self._add(self._hu(box), {name: labels[box.slices] for name, labels in maps.items()}, 1)
            self._counted = box.stop[0]
            yield
        self._counted = _EVERYTHING

    def change(self, box: Box, before: Mapping[str, LabelArray], after: Mapping[str, LabelArray]) -> None:
        """The labels in `box` have changed; `before` and `after` hold the four maps of the box."""
        counted = box.shape[0] if self.is_complete else min(box.stop[0], self._counted) - box.start[0]
        if counted <= 0:
            return
        part = Box(box.start, (box.start[0] + counted, *box.stop[1:]))
        hu = self._hu(part)
        for maps, sign in ((before, -1), (after, 1)):
            self._add(hu, {name: labels[:counted] for name, labels in maps.items()}, sign)

    def numbers(self) -> Numbers:
        """The numbers as they are now."""
        counts = self._counts.reshape(_ROWS, INFECTION_CLASSES, PLACES)
        regions = measure_regions(counts, self._voxel_ml, self._options)
        in_lungs = counts[:, :, places_of(LUNGS_KEY)].sum(axis=2)
        lobes = {region.key: region for region in regions if region.level == "lobe"}
        bins = {"start_hu": HISTOGRAM_START_HU, "bin_width": self._options.histogram_bin_hu}
        return Numbers(
            regions,
            ct_score(lobes, minimum_involved_ml=self._options.minimum_involved_ml),
            histogram(in_lungs[:, 1:].sum(axis=1), **bins),
            histogram(in_lungs.sum(axis=1), **bins),
            self._outside * self._voxel_ml,
        )

    def _hu(self, box: Box) -> HuArray:
        hu, _ = to_hu(self._hu_in(box))
        return np.minimum(hu, _HIGHEST_HU)

    def _add(self, hu: HuArray, maps: Mapping[str, LabelArray], sign: int) -> None:
        code = packed(LabelMaps(maps["lungs"], maps["lobes"], maps["segments"], maps["infection"])).ravel()
        labelled = np.flatnonzero(code)
        kinds = self._classes[code[labelled]]
        # Infection outside of the lungs contradicts the anatomy: it is in no region, and said apart.
        lawful = kinds != UNLAWFUL
        self._outside += sign * int(np.count_nonzero(~lawful))
        key = hu.ravel()[labelled[lawful]].astype(np.intp)
        key -= PADDING_HU
        key *= CLASSES
        key += kinds[lawful]
        self._counts += sign * np.bincount(key, minlength=_ROWS * CLASSES).reshape(_ROWS, CLASSES)

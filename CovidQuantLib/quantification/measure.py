"""All numbers of one case: the counts of the one pass, summed into regions and put in words of the papers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS, LOBES, LUNGS, LUNGS_KEY, SEGMENTS, by_key
from CovidQuantLib.ct import Geometry, HuArray
from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import Progress, no_progress, part_of
from CovidQuantLib.quantification.border_range import poi_ranges
from CovidQuantLib.quantification.ct_score import ct_score
from CovidQuantLib.quantification.densities import Counts, histogram, hu_statistics
from CovidQuantLib.quantification.label_maps import REGIONS, LabelMaps, places_of
from CovidQuantLib.quantification.laws import check_parts_fill_their_whole
from CovidQuantLib.quantification.lesions import find_lesions
from CovidQuantLib.quantification.one_pass import count_voxels
from CovidQuantLib.quantification.reference import HuReference, compare, shipped_reference
from CovidQuantLib.quantification.values import Level, Quantification, RegionMeasures

HISTOGRAM_START_HU = -1030
"""Start of the shown histograms: bins of 10 or 5 HU then have borders at -200, 0 and every round number."""

SEGMENT_ERROR_MM = 10.0
"""How far the border of an estimated segment may be off. An assumption: no image shows where it runs."""


@dataclass(frozen=True)
class QuantificationOptions:
    """What a user may change.

    `minimum_involved_ml`: a lobe counts as involved, and scores, above this volume of infection; `minimum_lesion_ml`:
    smaller lesions are only counted. They are 1 ml and 0.1 ml unless changed, balls of about 12 and 6 mm.
    `border_error_mm`: how far estimated borders of lobes may be off, None where they are no estimate;
    `segment_error_mm`: the same for estimated segments, at least that of the lobes. `reference`: the HU distribution to
    compare with (the shipped one unless another is given), or None. `not_available`: keys of lobes and segments that
    are absent or not definable, with the reason in words (`{"RML": "resected"}`); a lobe's segments go with it.
    Raises `InputError` where a value makes no sense.
    """

    minimum_involved_ml: float = 1.0
    minimum_lesion_ml: float = 0.1
    histogram_bin_hu: int = 10
    border_error_mm: float | None = None
    segment_error_mm: float = SEGMENT_ERROR_MM
    reference: HuReference | None = field(default_factory=shipped_reference)
    not_available: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        limits = (self.minimum_involved_ml, self.minimum_lesion_ml, self.border_error_mm or 0.0, self.segment_error_mm)
        if not all(0.0 <= limit < math.inf for limit in limits):
            raise InputError("A minimum volume or a border error is negative or no number. Give 0 or more.")
        if self.histogram_bin_hu < 1:
            raise InputError("The bin width of the histogram is under 1 HU. Give a whole number from 1.")
        keys = {region.key for region in (*LOBES, *SEGMENTS)}
        if wrong := sorted(set(self.not_available) - keys):
            raise InputError(f"{wrong[0]!r} is no lobe or segment. Give one of {', '.join(sorted(keys))}.")


def quantify(
    hu: HuArray,
    labels: LabelMaps,
    geometry: Geometry,
    *,
    options: QuantificationOptions | None = None,
    progress: Progress = no_progress,
) -> Quantification:
    """Every number about one CT: `hu` int16 and `labels` on the grid of `geometry`, axes (k, j, i).

    Raises `InputError` where the label maps contradict each other (see `laws`), `ValueError` where the arrays are not
    on that grid.
    """
    if not hu.shape == labels.lungs.shape == geometry.shape:
        raise ValueError("the CT and its label maps are not on the grid of their geometry")
    options = options or QuantificationOptions()
    voxels = count_voxels(hu, labels, geometry, part_of(progress, 0.0, 0.6))
    check_parts_fill_their_whole(voxels.counts.sum(axis=(0, 1)), options.not_available)
    regions = measure_regions(voxels.counts, geometry.voxel_ml, options)
    if options.border_error_mm is not None:
        ranges = poi_ranges(
            labels,
            geometry,
            border_error_mm=options.border_error_mm,
            segment_error_mm=max(options.border_error_mm, options.segment_error_mm),
            poi={region.key: region.poi for region in regions},
            progress=part_of(progress, 0.6, 0.9),
        )
        regions = tuple(replace(region, poi_range=ranges.get(region.key)) for region in regions)
    progress(0.9, "Measuring lesions")
    lesions, small_lesions = find_lesions(
        voxels.infected, voxel_ml=geometry.voxel_ml, minimum_ml=options.minimum_lesion_ml
    )
    in_lungs = voxels.counts[:, :, places_of(LUNGS_KEY)].sum(axis=2)
    lobes = {region.key: region for region in regions if region.level == "lobe"}
    bins = {"start_hu": HISTOGRAM_START_HU, "bin_width": options.histogram_bin_hu}
    progress(1.0, "Measuring lesions")
    return Quantification(
        regions=regions,
        infection_histogram=histogram(in_lungs[:, 1:].sum(axis=1), **bins),
        lung_histogram=histogram(in_lungs.sum(axis=1), **bins),
        lesions=lesions,
        ct_score=ct_score(lobes, minimum_involved_ml=options.minimum_involved_ml),
        comparison=compare(in_lungs.sum(axis=1), options.reference) if options.reference else None,
        small_lesions=small_lesions,
    )


def measure_regions(counts: Counts, voxel_ml: float, options: QuantificationOptions) -> tuple[RegionMeasures, ...]:
    """The measures of lungs, right, left, five lobes and 18 segments, in this order.

    `counts[h, c, p]`: voxels of HU `PADDING_HU + h` with infection label c in place p.
    """
    named: list[tuple[str, str, Level]] = [(LUNGS_KEY, "Both lungs", "lungs")]
    for region in REGIONS:
        level: Level = "lung" if region in LUNGS else "lobe" if region in LOBES else "segment"
        named.append((region.key, region.name, level))
    measures = []
    for key, name, level in named:
        own = counts[:, :, places_of(key)].sum(axis=2)
        reason = _known_reason(key, options.not_available)
        if reason is None and not own.any():
            reason = f"nothing is labelled as {name[0].lower() + name[1:]}"
        measures.append(_absent(key, name, level, reason) if reason else _measured(key, name, level, own, voxel_ml))
    return tuple(measures)


def _known_reason(key: str, not_available: Mapping[str, str]) -> str | None:
    """Why a lobe or segment is not available, as the user said it of itself or, for a segment, of its lobe."""
    parent = None if key == LUNGS_KEY else by_key(key).parent
    return not_available.get(key) or not_available.get(parent or "")


def _measured(key: str, name: str, level: Level, counts: Counts, voxel_ml: float) -> RegionMeasures:
    """The measures of a region with at least one voxel; `counts` are its voxels by HU and infection label."""
    whole = int(counts.sum())
    by_class = counts.sum(axis=0)
    ggo, consolidation = int(by_class[GROUND_GLASS.label]), int(by_class[CONSOLIDATION.label])
    # Shares come from whole numbers of voxels: 25 % is exactly 25.0 whatever the voxel's size.
    return RegionMeasures(
        key=key,
        name=name,
        level=level,
        volume_ml=whole * voxel_ml,
        infection_ml=(ggo + consolidation) * voxel_ml,
        ggo_ml=ggo * voxel_ml,
        consolidation_ml=consolidation * voxel_ml,
        poi=100.0 * (ggo + consolidation) / whole,
        ggo_percent=100.0 * ggo / whole,
        consolidation_percent=100.0 * consolidation / whole,
        infection_hu=hu_statistics(np.asarray(counts[:, 1:].sum(axis=1))),
    )


def _absent(key: str, name: str, level: Level, reason: str) -> RegionMeasures:
    nothing: dict[str, None] = dict.fromkeys(
        ("volume_ml", "infection_ml", "ggo_ml", "consolidation_ml", "poi", "ggo_percent", "consolidation_percent")
    )
    return RegionMeasures(key, name, level, **nothing, infection_hu=None, reason=reason)

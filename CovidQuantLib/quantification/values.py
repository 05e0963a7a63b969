"""The numbers about a chest CT, as plain frozen values. `None` means "not available", never zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["lungs", "lung", "lobe", "segment"]


@dataclass(frozen=True)
class HuStatistics:
    """Distribution of HU over the voxels of a region: mean, standard deviation and percentiles."""

    mean: float
    sd: float
    p5: float
    p25: float
    median: float
    p75: float
    p95: float


@dataclass(frozen=True)
class RegionMeasures:
    """Everything about one region: both lungs, a lung, a lobe or a segment.

    Volumes in ml, shares in percent of the region's volume. `poi` is the percentage of infection (Shan et al. 2020;
    QCT-PLO in Huang et al. 2020). All numbers are None where the region is absent, and `reason` says why. `poi_range`
    is what POI becomes when an estimated border moves by its error to either side; None where no border is estimated.
    """

    key: str
    name: str
    level: Level
    volume_ml: float | None
    infection_ml: float | None
    ggo_ml: float | None
    consolidation_ml: float | None
    poi: float | None
    ggo_percent: float | None
    consolidation_percent: float | None
    infection_hu: HuStatistics | None
    poi_range: tuple[float, float] | None = None
    reason: str | None = None

    @property
    def uninvolved_ml(self) -> float | None:
        """Volume without infection, in ml."""
        if self.volume_ml is None or self.infection_ml is None:
            return None
        return self.volume_ml - self.infection_ml

    @property
    def severity_score(self) -> float | None:
        """Infected share of the region, 0 to 1 (Wu et al., equation 14)."""
        return None if self.poi is None else self.poi / 100.0

    @property
    def consolidation_score(self) -> float | None:
        """Consolidated share of the region, 0 to 1 (Wu et al., equation 15)."""
        return None if self.consolidation_percent is None else self.consolidation_percent / 100.0


@dataclass(frozen=True)
class Histogram:
    """Voxel counts by HU: bin n holds `start_hu + n * bin_width` (inclusive) to the next bin's start (exclusive)."""

    start_hu: int
    bin_width: int
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Lesion:
    """One connected lesion (26-neighbourhood, in one lung): volumes in ml, its lobes' keys, largest share first.

    `centre_kji` is its centre of mass in voxels of the library's axis order.
    """

    volume_ml: float
    ggo_ml: float
    consolidation_ml: float
    lobes: tuple[str, ...]
    centre_kji: tuple[float, float, float]


@dataclass(frozen=True)
class SmallLesions:
    """The connected lesions under `minimum_ml`, counted together: how many, and their volume in ml."""

    count: int
    volume_ml: float
    minimum_ml: float


@dataclass(frozen=True)
class CtScore:
    """The derived CT score, 0 to 25 (after Pan et al. 2020): computed from POI, not read by eye.

    `by_lobe` maps lobe keys to 0 to 5, None where the lobe is absent; `total` and `involved_lobes` (how many lobes hold
    more than `minimum_involved_ml` of infection) are None where any lobe is.
    """

    by_lobe: dict[str, int | None]
    total: int | None
    minimum_involved_ml: float
    involved_lobes: int | None


@dataclass(frozen=True)
class ReferenceComparison:
    """Distance of the lungs' HU distribution from a reference distribution (Pan et al. 2020).

    `hellinger` 0 (equal) to 1, `intersection_over_union` 1 (equal) to 0; `reference` says what it was compared with.
    """

    hellinger: float
    intersection_over_union: float
    reference: str


@dataclass(frozen=True)
class Quantification:
    """All numbers of one case. `regions` in the order lungs, right, left, five lobes, 18 segments.

    Laws, kept by counting each voxel once in one place: right + left = lungs, lobes = their lung, segments = their
    lobe, and GGO + consolidation = infection, in every volume; `lesions` + `small_lesions` = infection of the lungs.
    `lesions` come the largest first.
    """

    regions: tuple[RegionMeasures, ...]
    infection_histogram: Histogram
    lung_histogram: Histogram
    lesions: tuple[Lesion, ...]
    ct_score: CtScore
    comparison: ReferenceComparison | None
    small_lesions: SmallLesions = SmallLesions(0, 0.0, 0.0)

    def region(self, key: str) -> RegionMeasures:
        """The measures of the region `key` (`"lungs"`, `"right"`, `"RUL"`, `"RS1"` ...). Raises `KeyError`."""
        for measures in self.regions:
            if measures.key == key:
                return measures
        raise KeyError(key)

"""What is painted, in numbers: published sizes with their source, and the choices made where nothing is published."""

from __future__ import annotations

from dataclasses import dataclass

_QUARTILE_DEVIATIONS = 0.6745


@dataclass(frozen=True)
class Quartiles:
    """Median and interquartile range as a table prints them."""

    median: float
    low: float
    high: float

    def at(self, deviations: float) -> float:
        """The value at so many standard deviations from the median: log-normal on each side, through the quartiles."""
        ratio = self.high / self.median if deviations > 0.0 else self.median / self.low
        return self.median * ratio ** (deviations / _QUARTILE_DEVIATIONS)


# Pan et al. 2020 (COVID-Lesion Net), Table 2, 465 scans.
PAN_LESIONS_ML = Quartiles(69.85, 2.97, 382.31)
PAN_CONSOLIDATION_ML = Quartiles(6.17, 0.25, 47.42)
# Pan et al. 2020, Table 4, volume of pulmonary lesions on admission: 61 moderate and 34 severe patients.
PAN_MODERATE_ML = Quartiles(51.35, 5.26, 127.96)
PAN_SEVERE_ML = Quartiles(664.50, 105.27, 1238.84)
# Pan et al. 2020, Table 4, on admission, median of consolidation over that of lesions: 7.26 / 51.35, 122.46 / 664.50.
PAN_MODERATE_SOLID_SHARE = 0.14
PAN_SEVERE_SOLID_SHARE = 0.18
# Huang et al. 2020, Table 3, opacification of the whole lung at baseline: critical type, 49.6 +- 14.8 %. Nothing above
# the mean plus one standard deviation is painted.
HUANG_MOST_SHARE = 0.64
# Huang et al. 2020, Table 3, moderate type: medians of right and left lower lobe (2.9 and 1.3 %) over right and left
# upper lobe (0.4 and 0.3 %): the bases have more, several times.
HUANG_LOWER_TO_UPPER = (2.9 / 0.4, 1.3 / 0.3)

SIZE_CLASSES_ML = {"small": (0.1, 1.0), "medium": (1.0, 10.0), "large": (10.0, 100.0), "confluent": (100.0, 2000.0)}
"""Volume of one lesion in ml, from and below. A choice: no paper of ours counts single lesions by size."""


@dataclass(frozen=True)
class Densities:
    """Mean densities of lesions in HU: from `low` to `high`, most often at `mode` (a triangular law)."""

    low: float
    mode: float
    high: float


@dataclass(frozen=True)
class Palette:
    """The densities that one painter uses. All are a choice; ground glass and consolidation overlap at -200 HU."""

    ground_glass: Densities
    consolidation: Densities


FIELDS_PALETTE = Palette(Densities(-720.0, -531.9, -150.0), Densities(-260.0, -8.0, 55.0))
CLUSTERS_PALETTE = Palette(Densities(-760.0, -430.0, -160.0), Densities(-240.0, -70.0, 40.0))
LEAST_LIFT_HU = 110.0
"""Ground glass is denser than the lung around it by at least this, or no reader would draw it."""
FLUID_HU = 45.0
"""What fills the air spaces: exudate and cells."""
BORDER_SHARE = 0.5
"""The mask holds the voxels in which a lesion has at least this share of its own lift over the lung."""


def size_class(ml: float) -> str:
    """The class of a lesion of `ml`; what is under 0.1 ml counts as small."""
    for name, (_, below) in SIZE_CLASSES_ML.items():
        if ml < below:
            return name
    return "confluent"

"""Which lesions a case gets: how much in all, of which sizes and kinds, how dense."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from CovidQuantLib.training.synthetic_lesions.published import (
    PAN_MODERATE_ML,
    PAN_MODERATE_SOLID_SHARE,
    PAN_SEVERE_ML,
    PAN_SEVERE_SOLID_SHARE,
    SIZE_CLASSES_ML,
    Palette,
    Quartiles,
)


class Kind(StrEnum):
    """What a lesion looks like."""

    GROUND_GLASS = "ground glass"
    CONSOLIDATION = "consolidation"
    MIXED = "ground glass with consolidation"
    HALO = "halo"
    REVERSED_HALO = "reversed halo"
    CRAZY_PAVING = "crazy paving"
    BAND = "band"


_KINDS = tuple(Kind)
_SOLID = (Kind.CONSOLIDATION, Kind.MIXED, Kind.HALO, Kind.REVERSED_HALO)
_WEIGHTS = {
    Kind.GROUND_GLASS: 0.33,
    Kind.CONSOLIDATION: 0.13,
    Kind.MIXED: 0.20,
    Kind.HALO: 0.06,
    Kind.REVERSED_HALO: 0.05,
    Kind.CRAZY_PAVING: 0.14,
    Kind.BAND: 0.09,
}
# Rings and bands need room to be seen as such, and are not seen in half a lung.
_FITTING_ML = {
    Kind.HALO: (1.0, 40.0),
    Kind.REVERSED_HALO: (2.0, 60.0),
    Kind.CRAZY_PAVING: (3.0, 400.0),
    Kind.BAND: (0.3, 12.0),
    Kind.MIXED: (2.0, math.inf),
    Kind.CONSOLIDATION: (0.0, 60.0),
}
# Pneumonia of large parts of a lung is seldom ground glass alone.
_LARGE_ML, _LARGE_EVEN = 60.0, 0.4
_CLASS_WEIGHTS = {"small": 0.34, "medium": 0.34, "large": 0.22, "confluent": 0.10}
_MOST_LESIONS = 24
_LEAST_ML = 0.12
_PART_OF_REST = 0.5
_MOST_DEVIATIONS = 1.6


@dataclass(frozen=True)
class Burden:
    """How much pneumonia a case gets.

    `total_ml` are the quartiles of all lesions together, `solid` raises (above 1) or lowers how often a lesion holds
    consolidation. `largest_ml` bounds one lesion: a small one makes cases of many small lesions.
    """

    total_ml: Quartiles
    solid: float = 1.0
    largest_ml: float = math.inf


BURDENS = {
    "moderate": Burden(PAN_MODERATE_ML, solid=PAN_MODERATE_SOLID_SHARE / 0.16),
    "severe": Burden(PAN_SEVERE_ML, solid=PAN_SEVERE_SOLID_SHARE / 0.16),
    # A choice: as many small lesions as training and a Dice by size need, which published burdens do not give.
    "scattered": Burden(Quartiles(18.0, 8.0, 30.0), largest_ml=10.0),
}


@dataclass(frozen=True)
class Request:
    """One lesion to paint: kind, volume in ml, and the mean densities in HU of its two parts."""

    kind: Kind
    ml: float
    ground_glass_hu: float
    consolidation_hu: float


def requests(rng: np.random.Generator, burden: Burden, palette: Palette, most_ml: float) -> tuple[Request, ...]:
    """The lesions of one case, the largest first; together at most `most_ml`."""
    left = min(burden.total_ml.at(float(np.clip(rng.normal(), -_MOST_DEVIATIONS, _MOST_DEVIATIONS))), most_ml)
    sizes: list[float] = []
    while left >= _LEAST_ML and len(sizes) < _MOST_LESIONS:
        ml = _volume(rng, min(left, burden.largest_ml))
        sizes.append(ml)
        left -= ml
    return tuple(_request(rng, ml, burden.solid, palette) for ml in sorted(sizes, reverse=True))


def _volume(rng: np.random.Generator, most_ml: float) -> float:
    """A volume: its class by weight among those that fit, then evenly by its logarithm."""
    fitting = {name: bounds for name, bounds in SIZE_CLASSES_ML.items() if bounds[0] < most_ml}
    weights = np.array([_CLASS_WEIGHTS[name] for name in fitting])
    if "confluent" in fitting and most_ml > 3 * SIZE_CLASSES_ML["confluent"][0]:
        # A severe case is not made of 24 small lesions.
        weights[-1] = 0.8
    low, high = list(fitting.values())[int(rng.choice(len(fitting), p=weights / weights.sum()))]
    # Severe pneumonia is on both sides: one lesion never takes most of what is left.
    low, high = max(low, _LEAST_ML), min(high, most_ml, max(_PART_OF_REST * most_ml, 2.0 * low))
    return float(math.exp(rng.uniform(math.log(min(low, high)), math.log(high))))


def _request(rng: np.random.Generator, ml: float, solid: float, palette: Palette) -> Request:
    weights = np.array([_weight(kind, ml, solid) for kind in _KINDS])
    kind = _KINDS[int(rng.choice(len(_KINDS), p=weights / weights.sum()))]
    glass, solid_part = (
        float(rng.triangular(part.low, part.mode, part.high)) for part in (palette.ground_glass, palette.consolidation)
    )
    return Request(kind, ml, glass, solid_part)


def _weight(kind: Kind, ml: float, solid: float) -> float:
    low, high = _FITTING_ML.get(kind, (0.0, math.inf))
    if not low <= ml <= high:
        return 0.0
    even = _LARGE_EVEN if kind is Kind.GROUND_GLASS and ml > _LARGE_ML else 1.0
    return _WEIGHTS[kind] * even * (solid if kind in _SOLID else 1.0)

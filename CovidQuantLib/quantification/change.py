"""What changed between two CTs of one patient: in ml, in percentage points, and relative to before."""

from __future__ import annotations

from dataclasses import dataclass

LUNG_VOLUME_TOLERANCE = 0.15
"""Relative difference of lung volume above which POI changes with inspiration alone (our choice)."""


@dataclass(frozen=True)
class Change:
    """A change of infection. `points`: of POI, in percentage points; `relative`: of ml, in percent of before.

    None where it cannot be had: `relative` where there was no infection before.
    """

    ml: float | None
    points: float | None
    relative: float | None


@dataclass(frozen=True)
class TimePoint:
    """One CT: days since the first, volumes of both lungs in ml, POI in percent; None where it is not available."""

    day: int | None
    lungs_ml: float | None
    infection_ml: float | None
    ggo_ml: float | None
    consolidation_ml: float | None
    poi: float | None


def change(before: TimePoint, after: TimePoint) -> Change:
    """How the infection changed from `before` to `after`."""
    ml = _difference(before.infection_ml, after.infection_ml)
    relative = 100.0 * ml / before.infection_ml if ml is not None and before.infection_ml else None
    return Change(ml, _difference(before.poi, after.poi), relative)


def lungs_differ(before: TimePoint, after: TimePoint) -> bool:
    """Whether lung volumes differ by over 15 %: the patient breathed differently, and POI changes by that alone."""
    if not before.lungs_ml or after.lungs_ml is None:
        return False
    return abs(after.lungs_ml - before.lungs_ml) / before.lungs_ml > LUNG_VOLUME_TOLERANCE


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before

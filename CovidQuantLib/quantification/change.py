"""What changed between two CTs of one patient: in ml, in percentage points, and relative to before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Part = Literal["infection", "ggo", "consolidation"]

LUNG_VOLUME_TOLERANCE = 0.15
"""Relative difference of lung volume above which POI changes with inspiration alone (our choice)."""


@dataclass(frozen=True)
class Change:
    """A change of infection, or of one class of it. None where it cannot be had.

    `points`: of its share of the lungs (for infection POI), in percentage points; `relative`: of ml, in percent of
    before, None where there was nothing before.
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

    def ml(self, part: Part) -> float | None:
        """The volume of infection or of one class of it."""
        return {"infection": self.infection_ml, "ggo": self.ggo_ml, "consolidation": self.consolidation_ml}[part]

    def share(self, part: Part) -> float | None:
        """Infection or one class of it in percent of the lungs."""
        if part == "infection":
            return self.poi
        ml = self.ml(part)
        return 100.0 * ml / self.lungs_ml if ml is not None and self.lungs_ml else None


def change(before: TimePoint, after: TimePoint, part: Part = "infection") -> Change:
    """How the infection, or one class of it, changed from `before` to `after`."""
    start = before.ml(part)
    ml = _difference(start, after.ml(part))
    relative = 100.0 * ml / start if ml is not None and start else None
    return Change(ml, _difference(before.share(part), after.share(part)), relative)


def lungs_differ(before: TimePoint, after: TimePoint) -> bool:
    """Whether lung volumes differ by over 15 %: the patient breathed differently, and POI changes by that alone."""
    if not before.lungs_ml or after.lungs_ml is None:
        return False
    return abs(after.lungs_ml - before.lungs_ml) / before.lungs_ml > LUNG_VOLUME_TOLERANCE


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before

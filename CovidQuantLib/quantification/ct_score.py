"""The derived CT score, 0 to 25, after Pan et al. 2020: five lobes with 0 to 5 points each.

Pan's own score was read by eye and is another quantity. The paper gives 0 %, < 5 %, 6-25 %, 26-49 %, 50-75 %, > 75 %:
values between 5 and 6, 25 and 26, 49 and 50 have no place there. Here the bounds are closed as `points` says.
"""

from __future__ import annotations

from collections.abc import Mapping

from CovidQuantLib.anatomy import LOBES
from CovidQuantLib.quantification.values import CtScore, RegionMeasures


def points(poi: float) -> int:
    """Points of a lobe with `poi` percent infected: 0 for 0, 1 below 5, 2 to 25, 3 below 50, 4 to 75, 5 above."""
    if poi <= 0.0:
        return 0
    if poi < 5.0:
        return 1
    if poi <= 25.0:
        return 2
    if poi < 50.0:
        return 3
    return 4 if poi <= 75.0 else 5


def is_involved(lobe: RegionMeasures, minimum_ml: float) -> bool | None:
    """Whether the lobe holds more infection than `minimum_ml`; None where the lobe is not available."""
    return None if lobe.infection_ml is None else lobe.infection_ml > minimum_ml


def ct_score(lobes: Mapping[str, RegionMeasures], minimum_ml: float) -> CtScore:
    """The score of the five lobes (by key). A lobe that is not involved has no points."""
    by_lobe: dict[str, int | None] = {}
    for lobe in LOBES:
        measures = lobes[lobe.key]
        involved = is_involved(measures, minimum_ml)
        by_lobe[lobe.key] = (
            None if involved is None or measures.poi is None else points(measures.poi) if involved else 0
        )
    known = [value for value in by_lobe.values() if value is not None]
    return CtScore(by_lobe, sum(known) if len(known) == len(LOBES) else None, minimum_ml)


def involved_lobes(lobes: Mapping[str, RegionMeasures], minimum_ml: float) -> int | None:
    """How many lobes are involved; None where any lobe is not available."""
    involved = [is_involved(lobes[lobe.key], minimum_ml) for lobe in LOBES]
    return None if None in involved else sum(bool(one) for one in involved)

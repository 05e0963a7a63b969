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


def ct_score(lobes: Mapping[str, RegionMeasures], *, minimum_involved_ml: float) -> CtScore:
    """The score of the five lobes (by key).

    A lobe with more infection than `minimum_involved_ml` (0 or more) is involved; others have no points.
    """
    by_lobe = {lobe.key: _points_of(lobes[lobe.key], minimum_involved_ml) for lobe in LOBES}
    known = [value for value in by_lobe.values() if value is not None]
    is_whole = len(known) == len(LOBES)
    return CtScore(
        by_lobe=by_lobe,
        total=sum(known) if is_whole else None,
        minimum_involved_ml=minimum_involved_ml,
        involved_lobes=sum(value > 0 for value in known) if is_whole else None,
    )


def _points_of(lobe: RegionMeasures, minimum_involved_ml: float) -> int | None:
    """Points of a lobe, 0 where it is not involved; None where it is not available."""
    if lobe.poi is None or lobe.infection_ml is None:
        return None
    return points(lobe.poi) if lobe.infection_ml > minimum_involved_ml else 0

"""Table 1 of Shan et al. 2020 over one or many cases (their table 2 where both masks were drawn by readers)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from CovidQuantLib.anatomy import LOBES, LUNGS_KEY, SEGMENTS, Structure
from CovidQuantLib.statistics.agreement import Agreement
from CovidQuantLib.statistics.summary import Share, Summary, share_within, summarise

WITHIN_POINTS = 1.0
"""A percentage counts as accurately estimated where it differs by this many percentage points or fewer (Shan)."""


@dataclass(frozen=True)
class Table1:
    """The table's values. A summary is None where no case had the number.

    `dice` (0 to 1) leaves out the `both_empty` cases, in which neither mask holds anything. Errors of the percentage of
    infection (POI) in percentage points: `lobes_poi_error` and `segments_poi_error` are over all regions of all cases,
    as are the shares within one point. `outside_lungs` counts cases with infection outside the lungs in either mask.
    """

    cases: int
    both_empty: int
    outside_lungs: int
    dice: Summary | None
    volume_error_ml: Summary | None
    lungs_poi_error: Summary | None
    lobes_poi_error: Summary | None
    segments_poi_error: Summary | None
    lobes_within_a_point: Share
    segments_within_a_point: Share


def table1(cases: Sequence[Agreement]) -> Table1:
    """Summarise the agreement of `cases`."""
    lobes, segments = _errors(cases, LOBES), _errors(cases, SEGMENTS)
    both_empty = sum(case.dice is None for case in cases)
    return Table1(
        cases=len(cases),
        both_empty=both_empty,
        outside_lungs=sum(max(case.outside_lungs_ml) > 0.0 for case in cases),
        dice=summarise(case.dice for case in cases),
        volume_error_ml=summarise(case.volume_error_ml for case in cases),
        lungs_poi_error=summarise(case.poi_errors[LUNGS_KEY] for case in cases),
        lobes_poi_error=summarise(lobes),
        segments_poi_error=summarise(segments),
        lobes_within_a_point=share_within(lobes, WITHIN_POINTS),
        segments_within_a_point=share_within(segments, WITHIN_POINTS),
    )


def _errors(cases: Sequence[Agreement], regions: Sequence[Structure]) -> list[float | None]:
    return [case.poi_errors[region.key] for case in cases for region in regions]

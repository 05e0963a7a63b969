from __future__ import annotations

import pytest

from CovidQuantLib.anatomy import LOBES, LUNGS_KEY, SEGMENTS
from CovidQuantLib.statistics import Agreement, share_within, summarise, table1


def case(dice: float | None, volume_error_ml: float, poi_error: float, absent: str = "") -> Agreement:
    keys = [LUNGS_KEY, *(region.key for region in (*LOBES, *SEGMENTS))]
    errors: dict[str, float | None] = {key: None if key == absent else poi_error for key in keys}
    return Agreement(dice, 10.0, 10.0 + volume_error_ml, volume_error_ml, errors, (0.0, 0.0))


def test_a_summary_of_five_numbers_can_be_checked_by_hand() -> None:
    found = summarise([1.0, 2.0, None, 3.0, 4.0, 10.0])
    assert found is not None
    assert (found.count, found.missing, found.mean, found.median) == (5, 1, 4.0, 3.0)
    assert found.sd == pytest.approx((50 / 4) ** 0.5)
    assert (found.q1, found.q3, found.minimum, found.maximum) == (2.0, 4.0, 1.0, 10.0)


def test_one_value_has_no_standard_deviation_and_none_has_no_summary() -> None:
    alone = summarise([2.0])
    assert alone is not None
    assert alone.sd is None
    assert summarise([None, None]) is None


def test_exactly_one_point_is_within_one_point() -> None:
    found = share_within([0.0, 1.0, 1.0001, None], 1.0)
    assert (found.count, found.total, found.missing) == (2, 3, 1)
    assert found.percent == pytest.approx(200 / 3)
    assert share_within([None], 1.0).percent is None


def test_cases_with_two_empty_masks_are_counted_apart() -> None:
    found = table1([case(0.9, 2.0, 0.5), case(0.7, 4.0, 2.0), case(None, 0.0, 0.0)])
    assert found.dice is not None
    assert (found.cases, found.both_empty, found.dice.count, found.dice.missing) == (3, 1, 2, 1)
    assert found.dice.mean == pytest.approx(0.8)
    assert found.volume_error_ml is not None
    assert found.volume_error_ml.mean == pytest.approx(2.0)


def test_regions_are_pooled_over_the_cases_and_absent_ones_left_out() -> None:
    found = table1([case(0.9, 2.0, 0.5), case(0.7, 4.0, 2.0, absent="RML")])
    assert (found.lobes_within_a_point.count, found.lobes_within_a_point.total) == (5, 9)
    assert (found.segments_within_a_point.count, found.segments_within_a_point.total) == (18, 36)
    assert found.lobes_poi_error is not None
    assert found.lobes_poi_error.missing == 1

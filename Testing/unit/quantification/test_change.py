"""What changed between two CTs: what cannot be had is None, and is never 0."""

from __future__ import annotations

import pytest

from CovidQuantLib.quantification.change import TimePoint, change, lungs_differ


def a_point(*, lungs: float | None = 5000.0, infection: float | None = 100.0, poi: float | None = 2.0) -> TimePoint:
    return TimePoint(0, lungs, infection, infection, 0.0, poi)


def test_a_change_is_told_in_ml_in_points_and_relative_to_before() -> None:
    found = change(a_point(), a_point(infection=150.0, poi=3.0))
    assert (found.ml, found.points, found.relative) == (50.0, 1.0, 50.0)


def test_there_is_no_relative_change_from_nothing() -> None:
    found = change(a_point(infection=0.0, poi=0.0), a_point())
    assert (found.ml, found.relative) == (100.0, None)


def test_what_is_not_available_has_no_change() -> None:
    found = change(a_point(infection=None, poi=None), a_point())
    assert (found.ml, found.points, found.relative) == (None, None, None)


def test_each_class_has_a_change_of_its_own() -> None:
    before = TimePoint(0, 5000.0, 100.0, 100.0, 0.0, 2.0)
    after = TimePoint(9, 4000.0, 100.0, 60.0, 40.0, 2.5)
    ggo, dense = change(before, after, "ggo"), change(before, after, "consolidation")
    assert (ggo.ml, ggo.points, ggo.relative) == (-40.0, -0.5, -40.0)
    assert (dense.ml, dense.points, dense.relative) == (40.0, 1.0, None)


def test_without_lungs_a_class_has_no_share() -> None:
    assert TimePoint(0, None, 100.0, 100.0, 0.0, None).share("ggo") is None


@pytest.mark.parametrize(("lungs", "differ"), [(5700.0, False), (5800.0, True), (4200.0, True), (None, False)])
def test_lungs_differ_by_over_15_percent(lungs: float | None, differ: bool) -> None:  # noqa: FBT001
    assert lungs_differ(a_point(), a_point(lungs=lungs)) == differ

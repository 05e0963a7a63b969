"""Marks stand where the network was least sure: few, apart, and none where it was sure."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from CovidQuantLib.slicer_app.uncertain_slices import APART_MM, LEAST_MM2, MOST, least_sure, next_mark


def in_ml(areas_mm2: list[float], slice_mm: float) -> list[float]:
    return [area * slice_mm / 1000 for area in areas_mm2]


def test_the_most_uncertain_slices_are_marked_from_the_head_to_the_feet() -> None:
    areas = [0.0] * 100
    areas[10], areas[11], areas[50], areas[80] = 90.0, 100.0, 60.0, 400.0
    assert least_sure(in_ml(areas, 1.0), 1.0) == (80, 11)
    areas[80] = 200.0
    assert least_sure(in_ml(areas, 1.0), 1.0) == (80, 50, 11)


def test_the_thickness_of_the_slices_changes_no_mark() -> None:
    areas = [0.0, 50.0, 0.0, 0.0, 0.0, 80.0, 0.0]
    for slice_mm in (10.0, 25.0):
        assert least_sure(in_ml(areas, slice_mm), slice_mm) == (5, 1)


def test_no_mark_stands_where_the_network_was_sure() -> None:
    assert least_sure([], 1.0) == ()
    assert least_sure([0.0] * 40, 1.0) == ()
    assert least_sure(in_ml([0.9 * LEAST_MM2] * 40, 2.0), 2.0) == ()


def test_marks_are_few_and_apart() -> None:
    areas = list(np.random.default_rng(0).uniform(50.0, 100.0, 300))
    marks = least_sure(in_ml(areas, 1.5), 1.5)
    assert len(marks) == MOST
    assert min(one - other for one, other in pairwise(marks)) * 1.5 >= APART_MM
    assert areas[marks[0]] > 90.0


def test_the_next_mark_is_below_and_after_the_last_the_first() -> None:
    marks = (80, 50, 11)
    assert [next_mark(marks, shown) for shown in (99, 80, 30, 11, 3, None)] == [80, 50, 11, 80, 80, 80]
    assert next_mark((), 5) is None


def test_the_flanks_of_a_broad_peak_get_no_mark() -> None:
    areas = [400.0 - abs(k - 50) * 6.0 for k in range(100)]
    assert least_sure(in_ml(areas, 1.0), 1.0) == (50,)
    assert least_sure(in_ml([100.0] * 30, 2.0), 2.0) == (0,)

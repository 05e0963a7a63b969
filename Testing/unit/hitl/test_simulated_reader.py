"""Modelled minutes."""

from __future__ import annotations

import numpy as np
import pytest

from CovidQuantLib.ct import Geometry, LabelArray
from CovidQuantLib.hitl.simulated_reader import (
    ACCEPTED_MM,
    CONSTANTS,
    FROM_NOTHING_MINUTES,
    SENSITIVITY,
    SLICE_DISTANCE_MM,
    TYPICAL,
    in_words,
    modelled_minutes,
)
from CovidQuantLib.messages import InputError

SHAPE = (12, 60, 60)
GEOMETRY = Geometry(SHAPE, (0.7, 0.7, 1.0), (0, 0, 0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
NOTHING: LabelArray = np.zeros(SHAPE, np.uint8)


def ball(radius: float, *, j: float = 30.0, label: int = 1) -> LabelArray:
    k, row, column = np.indices(SHAPE)
    inside = (k - 6) ** 2 * 2 + (row - j) ** 2 + (column - 30) ** 2 < radius**2
    return np.where(inside, label, 0).astype(np.uint8)


def test_drawing_the_typical_case_from_nothing_costs_shans_minutes_under_every_assumption() -> None:
    work = TYPICAL.work(SLICE_DISTANCE_MM)
    assert CONSTANTS.minutes(*work) == pytest.approx(FROM_NOTHING_MINUTES)
    of_typical = [constants for n, constants in enumerate(SENSITIVITY.constants()) if 3 <= n < 6]
    assert [constants.minutes(*work) for constants in of_typical] == pytest.approx([FROM_NOTHING_MINUTES] * 3)


def test_the_constants_stay_as_they_were_set() -> None:
    assert CONSTANTS.seconds_per_slice == pytest.approx(40.9, abs=0.05)
    assert CONSTANTS.seconds_per_mm == pytest.approx(0.189, abs=0.0005)


def test_a_perfect_proposal_costs_nothing() -> None:
    effort = modelled_minutes(ball(10), ball(10), GEOMETRY)
    assert (effort.minutes, effort.lowest, effort.highest, effort.slices, effort.path_mm) == (0, 0, 0, 0, 0)


def test_the_minutes_are_those_of_the_work_and_lie_in_their_range() -> None:
    effort = modelled_minutes(NOTHING, ball(10), GEOMETRY)
    assert effort.slices == np.count_nonzero(ball(10).any(axis=(1, 2)))
    assert effort.minutes == CONSTANTS.minutes(effort.slices, effort.path_mm)
    assert effort.lowest < effort.minutes < effort.highest


def test_a_better_proposal_costs_less() -> None:
    truth = ball(12)
    costs = [
        modelled_minutes(start, truth, GEOMETRY).minutes for start in (NOTHING, ball(12, j=40.0), ball(12, j=34.0))
    ]
    assert costs[0] > costs[1] > costs[2] > 0


def test_a_border_within_what_is_accepted_costs_nothing_but_raises_the_range() -> None:
    assert GEOMETRY.spacing[1] < ACCEPTED_MM
    effort = modelled_minutes(ball(12), np.roll(ball(12), 1, axis=1), GEOMETRY)
    assert effort.minutes == effort.lowest == 0
    assert effort.highest > 0


def test_the_class_of_a_voxel_costs_nothing() -> None:
    assert modelled_minutes(ball(10), ball(10, label=2), GEOMETRY).highest == 0


def test_erasing_costs_slices_and_no_path() -> None:
    effort = modelled_minutes(ball(10), NOTHING, GEOMETRY)
    assert effort.path_mm == 0
    assert effort.slices > 0
    assert effort.minutes == pytest.approx(effort.slices * CONSTANTS.seconds_per_slice / 60)


def test_the_words_name_the_constants_and_what_they_are() -> None:
    assert in_words().startswith("Modelled minutes")
    assert "40.9 s" in in_words()
    assert "0.189 s" in in_words()


def test_masks_on_another_grid_are_refused() -> None:
    with pytest.raises(InputError, match="grid"):
        modelled_minutes(NOTHING, NOTHING[1:], GEOMETRY)

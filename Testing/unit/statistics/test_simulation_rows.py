"""Means over patients and seeds, and what is beside them."""

from __future__ import annotations

import pytest

from CovidQuantLib.statistics import SimulatedCorrection, SimulatedRound, modelled_effort, simulation_rows


def corrected(
    patient: int, minutes: float, *, dice: float | None = 0.5, painter: str = "fields"
) -> SimulatedCorrection:
    return SimulatedCorrection(
        patient=patient,
        painter=painter,
        infection_ml=10.0,
        dice=dice,
        minutes=(minutes, minutes / 2, 2 * minutes),
        nothing=(100.0, 20.0, 400.0),
        slices=3,
        path_mm=5.0,
    )


def test_a_patient_with_many_scans_counts_as_much_as_one_with_one() -> None:
    effort = modelled_effort([[corrected(1, 10.0), corrected(1, 20.0), corrected(2, 45.0)]])
    assert effort is not None
    assert effort.minutes == pytest.approx(30.0)
    assert (effort.patients, effort.scans) == (2, 3)
    assert (effort.slices, effort.path_mm) == (3.0, 5.0)


def test_seeds_are_told_one_by_one_and_their_mean_is_the_figure() -> None:
    effort = modelled_effort([[corrected(1, 10.0)], [corrected(1, 30.0)]])
    assert effort is not None
    assert effort.by_seed == (10.0, 30.0)
    assert effort.minutes == 20.0


def test_the_range_and_the_share_are_those_under_one_assumption_at_a_time() -> None:
    effort = modelled_effort([[corrected(1, 10.0)]])
    assert effort is not None
    assert (effort.lowest, effort.highest) == (5.0, 20.0)
    assert effort.share == pytest.approx(10.0)
    assert (effort.share_lowest, effort.share_highest) == pytest.approx((5.0, 25.0))


def test_dice_is_over_the_scans_that_have_one() -> None:
    effort = modelled_effort([[corrected(1, 1.0, dice=None), corrected(2, 1.0, dice=0.8)]])
    assert effort is not None
    assert effort.dice == pytest.approx(0.8)
    without = modelled_effort([[corrected(1, 1.0, dice=None)]])
    assert without is not None
    assert without.dice is None
    assert modelled_effort([[]]) is None


def test_a_row_holds_the_hold_out_of_its_model_and_the_batch_that_came_after() -> None:
    first, second = (
        SimulatedRound(
            arm="one",
            seed=1,
            number=number,
            images=4 * number,
            batch=(corrected(1, 7.0),) * number,
            holdout=(corrected(3, 50.0 - number), corrected(3, 90.0, painter="clusters")),
        )
        for number in (0, 1)
    )
    rows = simulation_rows([first, second])
    assert [row.model for row in rows] == [0, 1]
    assert set(rows[0].holdout) == {"clusters", "fields"}
    assert rows[0].holdout["fields"].minutes == 50.0
    assert rows[0].batch is not None
    assert rows[0].batch.minutes == 7.0
    assert rows[1].batch is None

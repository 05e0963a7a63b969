"""Folds by patient, and what a comparison makes of losses and of judged CTs."""

from __future__ import annotations

from pathlib import Path

import pytest

from CovidQuantLib.comparison.folds import Case, make_folds
from CovidQuantLib.messages import InputError
from CovidQuantLib.statistics.comparison import (
    JudgedCt,
    TrainedFold,
    comparison_rows,
    convergence,
    part_mean,
)
from CovidQuantLib.training import Entry


def cases(*patients: int) -> tuple[Case, ...]:
    return tuple(
        Case(Entry(f"Entry {number}", Path("ct"), Path("mask")), patient, f"{number:064x}")
        for number, patient in enumerate(patients)
    )


def people(part: tuple[Case, ...]) -> set[int]:
    return {case.patient for case in part}


def test_each_patient_is_left_out_once_and_stands_in_no_other_part() -> None:
    training, judged = cases(1, 1, 2, 3, 9), cases(1, 2, 2, 3)
    folds = make_folds(training, judged, None, seed=1)
    assert [people(fold.test) for fold in folds] == [{1}, {2}, {3}]
    for fold in folds:
        assert people(fold.training) == {1, 2, 3, 9} - people(fold.test)
        assert not fold.validation
    assert [len(fold.test) for fold in folds] == [1, 2, 1]


@pytest.mark.parametrize("number", [2, 5])
def test_a_cross_validation_has_three_parts_without_a_patient_in_common(number: int) -> None:
    everyone = cases(*range(1, 12))
    folds = make_folds(everyone, everyone, number, seed=3)
    assert len(folds) == number
    assert sorted(patient for fold in folds for patient in people(fold.test)) == list(range(1, 12))
    for fold in folds:
        parts = people(fold.training), people(fold.validation), people(fold.test)
        assert set.union(*parts) == set(range(1, 12))
        assert sum(map(len, parts)) == 11
        assert len(parts[1]) == max(1, round(0.2 * (11 - len(parts[2]))))
    assert {len(people(fold.test)) for fold in folds} <= {11 // number, 11 // number + 1}


def test_five_folds_of_grodecki_have_the_sizes_of_the_paper() -> None:
    everyone = cases(*range(197))
    for fold in make_folds(everyone, everyone, 5, seed=1):
        assert len(people(fold.test)) in (39, 40)
        assert len(people(fold.validation)) in (31, 32)
        assert len(people(fold.training)) in (125, 126, 127)


def test_the_seed_decides_who_is_in_which_part() -> None:
    everyone = cases(*range(20))
    one, again, other = (make_folds(everyone, everyone, 4, seed=seed) for seed in (1, 1, 2))
    assert one == again != other


def test_the_hash_of_a_fold_tells_its_parts_apart() -> None:
    everyone = cases(1, 2, 3)
    assert len({fold.facts.data for fold in make_folds(everyone, everyone, None, seed=1)}) == 3


@pytest.mark.parametrize(("patients", "number"), [((1,), None), ((1, 2), 3), ((1, 2), 2)])
def test_too_few_patients_are_refused(patients: tuple[int, ...], number: int | None) -> None:
    with pytest.raises(InputError, match="patients"):
        make_folds(cases(*patients), cases(*patients), number, seed=1)


@pytest.mark.parametrize(
    ("losses", "epochs", "reason"),
    [
        ([1.0] * 20 + [0.5] * 80, 4, "fewer than 5 epochs"),
        ([1.0] * 20 + [0.5] * 80, 5, None),
        ([1.0] * 100, 50, "the loss hardly fell"),
        ([1.0 - 0.009 * step for step in range(100)], 50, "the loss was still falling"),
    ],
)
def test_a_training_has_converged_where_its_loss_fell_and_falls_no_more(
    losses: list[float], epochs: int, reason: str | None
) -> None:
    assert convergence(losses, epochs) == reason


@pytest.mark.parametrize("steps", [1, 3, 7])
def test_the_fifths_of_a_few_steps_are_of_one_step_at_least(steps: int) -> None:
    losses = [float(step) for step in range(steps)]
    assert part_mean(losses, 0) == 0.0
    assert part_mean(losses, 4) == pytest.approx(steps - 1, abs=0.5)


def judged(network: str, patient: int, dice: float | None, painter: str = "fields") -> JudgedCt:
    return JudgedCt(
        network=network,
        fold=patient,
        patient=patient,
        painter=painter,
        slices=10,
        dice=dice,
        ground_glass_dice=None,
        consolidation_dice=dice,
        reference_ml=10.0,
        volume_error_ml=2.0 * patient,
        poi_error=None,
        seconds=1.0,
    )


def trained(network: str, reason: str | None) -> TrainedFold:
    return TrainedFold(
        network=network,
        fold=1,
        seed=1,
        steps=10,
        epochs=1,
        minutes=1.0,
        first_loss=1.0,
        last_loss=0.5,
        not_converged=reason,
    )


def test_a_row_is_the_mean_over_patients_each_the_mean_of_its_cts() -> None:
    # Patient 1: 0.2 and 0.4, so 0.3; patient 2: 0.9; the third CT has no Dice. By hand: 0.6.
    cts = [judged("a", 1, 0.2), judged("a", 1, 0.4), judged("a", 2, 0.9), judged("a", 2, None), judged("b", 1, 0.5)]
    rows = comparison_rows(cts, [trained("a", "too short"), trained("b", None)], {})
    first, second = rows
    assert first.dice == pytest.approx(0.6)
    assert (first.lowest, first.patients, first.cts, first.not_converged) == (0.2, 2, 4, 1)
    assert first.volume_error_ml == pytest.approx(3.0)
    assert first.ground_glass_dice is None
    assert (second.network, second.dice, second.not_converged) == ("b", 0.5, 0)


def test_painters_stand_apart_and_a_mean_is_as_converged_as_its_networks() -> None:
    cts = [judged("a", 1, 0.2), judged("a", 1, 0.4, "clusters"), judged("mean of a + b", 1, 0.5)]
    rows = comparison_rows(cts, [trained("a", "too short"), trained("b", None)], {"mean of a + b": ("a", "b")})
    assert [(row.network, row.painter, row.not_converged) for row in rows] == [
        ("a", "fields", 1),
        ("a", "clusters", 1),
        ("mean of a + b", "fields", 1),
    ]

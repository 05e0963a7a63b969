"""What stands beside the figures of a comparison: the hardware of the costs, and that of the trainings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from CovidQuantLib.reports.comparison import notes
from CovidQuantLib.statistics.comparison import ComparisonTable, TrainedFold

HERE, THERE = ("CPU: A, 2 cores", "GPU: none"), ("CPU: B, 64 cores", "GPU: C")
TRAINED = TrainedFold(
    network="vbnet",
    fold=1,
    seed=1,
    steps=10,
    epochs=9,
    minutes=1.0,
    first_loss=1.0,
    last_loss=0.5,
    not_converged=None,
)


def told(*hardware: tuple[str, ...]) -> str:
    """The notes of a table whose trainings ran on these, one fold after the other."""
    table = ComparisonTable(
        rows=(),
        trainings=tuple(replace(TRAINED, fold=fold, hardware=one) for fold, one in enumerate(hardware, 1)),
        costs=(),
        folds=(),
        left_out=0,
        data="synthetic",
        reference=None,
        hardware=(*HERE, "Linux, PyTorch 2"),
        settings=(),
    )
    return "\n".join(notes(table))


@pytest.mark.parametrize("hardware", [HERE, ()])
def test_one_machine_is_named_once(hardware: tuple[str, ...]) -> None:
    assert "CPU: A, 2 cores; GPU: none; Linux, PyTorch 2.\n" in told(hardware, hardware)


def test_trainings_on_different_hardware_are_told_apart() -> None:
    words = told(HERE, THERE, HERE)
    assert "different hardware" in words
    assert "vbnet in fold 1, vbnet in fold 3 on CPU: A, 2 cores, GPU: none" in words
    assert "vbnet in fold 2 on CPU: B, 64 cores, GPU: C" in words


def test_trainings_of_which_nobody_knows_the_hardware_are_named() -> None:
    assert "vbnet in fold 2 on hardware that was not recorded" in told(HERE, ())


def test_where_all_were_trained_elsewhere_the_costs_stand_apart() -> None:
    assert "all trainings ran on CPU: B, 64 cores, GPU: C" in told(THERE, THERE)

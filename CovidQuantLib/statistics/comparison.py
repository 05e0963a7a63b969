"""Networks compared: the same cases, the same folds and the same minutes; means over left-out patients, and costs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

LEAST_EPOCHS = 5
STILL_FALLING = 0.05
FALLEN = 0.2
CONVERGENCE_RULE = (
    f"A training counts as converged where it took at least {LEAST_EPOCHS} whole epochs, the mean loss of its last "
    f"fifth of steps is at least {FALLEN:.0%} under that of its first fifth, and at most {STILL_FALLING:.0%} under "
    "that of the fifth before it."
)
"""What a table says of `convergence`."""
DIVERGED = "the loss became no number"
_FIFTH = 0.2


@dataclass(frozen=True, kw_only=True)
class JudgedCt:
    """One CT of a left-out patient, as one network (or the mean of several) found its infection.

    `patient` is a number, `painter` the name of what made the lesions, empty where the list does not say. Dice are 0 to
    1, None where reference and answer are both empty; of the classes also where the reference tells none apart.
    `poi_error` is that of both lungs, in percentage points. `seconds` is the whole answer, on the wall.
    """

    network: str
    fold: int
    patient: int
    painter: str
    slices: int
    dice: float | None
    ground_glass_dice: float | None
    consolidation_dice: float | None
    reference_ml: float
    volume_error_ml: float
    poi_error: float | None
    seconds: float


@dataclass(frozen=True, kw_only=True)
class TrainedFold:
    """One training of a comparison. `not_converged` is the reason, None where the training has converged.

    `first_loss` and `last_loss` are the means of the first and the last fifth of its steps, None where
    it came off its way before there were any. `hardware` names the CPU and GPU of the training, empty where that is not
    known.
    """

    network: str
    fold: int
    seed: int
    steps: int
    epochs: int
    minutes: float
    first_loss: float | None
    last_loss: float | None
    not_converged: str | None
    hardware: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class NetworkCost:
    """What a network costs on one CT, through one engine: 16 of its slices, and all of it.

    Seconds are on the wall, `cpu_seconds` those of all threads, which other work on the machine disturbs less. Memory
    (MB) is what the work adds to the process, or takes on the GPU; None where this system does not tell. `case` is the
    hash of the CT with its masks, `hardware` names CPU and GPU; empty where they are not known.
    """

    network: str
    engine: str
    parameters: int
    seconds_16: float
    cpu_seconds_16: float
    memory_16_mb: float | None
    slices: int
    seconds: float
    cpu_seconds: float
    memory_mb: float | None
    case: str = ""
    hardware: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class ComparisonRow:
    """One network on the CTs of one painter: means over patients, each the mean of its CTs; `lowest` of any CT.

    `not_converged` counts the trainings behind it that have not.
    """

    network: str
    painter: str
    patients: int
    cts: int
    dice: float | None
    lowest: float | None
    ground_glass_dice: float | None
    consolidation_dice: float | None
    volume_error_ml: float | None
    poi_error: float | None
    not_converged: int


@dataclass(frozen=True, kw_only=True)
class FoldFacts:
    """One fold: how many patients and CTs are in its parts, and the hash of them all."""

    number: int
    training: tuple[int, int]
    validation: tuple[int, int]
    test: tuple[int, int]
    data: str


@dataclass(frozen=True, kw_only=True)
class ComparisonTable:
    """A comparison: its rows, trainings and costs, and what must stand beside its figures.

    `data` is "real" or "synthetic"; `settings` are sentences on how all networks were trained; `hardware` names CPU and
    GPU that costs were measured on, and system, and no computer. `left_out` counts the folds that were not done.
    """

    rows: tuple[ComparisonRow, ...]
    trainings: tuple[TrainedFold, ...]
    costs: tuple[NetworkCost, ...]
    folds: tuple[FoldFacts, ...]
    left_out: int
    data: str
    reference: str | None
    hardware: tuple[str, ...]
    settings: tuple[str, ...]


def convergence(losses: Sequence[float], epochs: int) -> str | None:
    """Why a training with these losses, step by step, has not converged (`CONVERGENCE_RULE`); None where it has.

    A schedule that lowers the rate to nothing flattens any curve: the epochs are asked as well for this reason.
    """
    if epochs < LEAST_EPOCHS:
        return f"fewer than {LEAST_EPOCHS} epochs"
    first, before, last = (part_mean(losses, part) for part in (0, 3, 4))
    if last > (1.0 - FALLEN) * first:
        return "the loss hardly fell"
    return "the loss was still falling" if last < (1.0 - STILL_FALLING) * before else None


def part_mean(losses: Sequence[float], fifth: int) -> float:
    """The mean loss of the fifth number `fifth` (0 to 4) of the steps; of few steps at least one."""
    first = min(int(fifth * _FIFTH * len(losses)), len(losses) - 1)
    return float(np.mean(losses[first : max(first + 1, int((fifth + 1) * _FIFTH * len(losses)))]))


def comparison_rows(
    judged: Sequence[JudgedCt], trainings: Sequence[TrainedFold], means: Mapping[str, Sequence[str]]
) -> tuple[ComparisonRow, ...]:
    """A row for each network and painter, in the order of `judged`; `means` names the networks of each mean."""
    unfinished = Counter(one.network for one in trainings if one.not_converged is not None)
    groups = dict.fromkeys((one.network, one.painter) for one in judged)
    return tuple(
        _row(
            [one for one in judged if (one.network, one.painter) == (name, painter)],
            sum(unfinished[network] for network in means.get(name, (name,))),
        )
        for name, painter in groups
    )


def _row(judged: Sequence[JudgedCt], unfinished: int) -> ComparisonRow:
    dices = [one.dice for one in judged if one.dice is not None]
    return ComparisonRow(
        network=judged[0].network,
        painter=judged[0].painter,
        patients=len({one.patient for one in judged}),
        cts=len(judged),
        dice=_patient_mean(judged, lambda one: one.dice),
        lowest=min(dices, default=None),
        ground_glass_dice=_patient_mean(judged, lambda one: one.ground_glass_dice),
        consolidation_dice=_patient_mean(judged, lambda one: one.consolidation_dice),
        volume_error_ml=_patient_mean(judged, lambda one: one.volume_error_ml),
        poi_error=_patient_mean(judged, lambda one: one.poi_error),
        not_converged=unfinished,
    )


def _patient_mean(judged: Iterable[JudgedCt], value: Callable[[JudgedCt], float | None]) -> float | None:
    by_patient: dict[int, list[float]] = {}
    for one in judged:
        if (known := value(one)) is not None:
            by_patient.setdefault(one.patient, []).append(known)
    means = [float(np.mean(values)) for values in by_patient.values()]
    return float(np.mean(means)) if means else None

"""A simulated study: modelled minutes and Dice by arm and model, over seeds, each the mean over patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, kw_only=True)
class SimulatedCorrection:
    """One scan that a simulated reader corrected to the truth.

    `patient` is a number, `painter` the name of what made the lesions (empty where the cohort does not say). `dice`
    (0 to 1) is that of the start against the truth, None for an empty start or truth. `minutes` and `nothing` are
    modelled minutes of this correction and of drawing the same scan from nothing: first under the committed constants,
    then under each combination of assumptions, in one order. `slices` and `path_mm` are the work of the correction.
    """

    patient: int
    painter: str
    infection_ml: float
    dice: float | None
    minutes: tuple[float, ...]
    nothing: tuple[float, ...]
    slices: int
    path_mm: float


@dataclass(frozen=True, kw_only=True)
class SimulatedRound:
    """One round of one arm with one seed; number 0 is what there was before the first round.

    `images` were trained on. `batch` are the scans that were corrected for this round, from what the model before it
    proposed; `holdout` the held-out scans, corrected from what this round's model proposes.
    """

    arm: str
    seed: int
    number: int
    images: int
    batch: tuple[SimulatedCorrection, ...]
    holdout: tuple[SimulatedCorrection, ...]


@dataclass(frozen=True, kw_only=True)
class ModelledEffort:
    """Modelled minutes for a CT: the mean over patients (each the mean of its scans), then over seeds.

    `by_seed` are the means of the seeds, in their order; `lowest` and `highest` the mean under the assumptions that
    give least and most. `slices` and `path_mm` are the work under the committed constants, as means. `share` is the
    mean in percent of that from nothing on the same scans, with its own range. `dice` is over the scans that have one,
    None where none has.
    """

    patients: int
    scans: int
    minutes: float
    by_seed: tuple[float, ...]
    lowest: float
    highest: float
    slices: float
    path_mm: float
    nothing: float
    share: float | None
    share_lowest: float | None
    share_highest: float | None
    dice: float | None
    dice_by_seed: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class SimulationRow:
    """What readers start from in one arm: nothing or the start model (`model` 0), or the model of round `model`.

    `images` are the training CTs of its rounds. `holdout` holds the effort on the held-out scans by painter; `batch`
    that on the next batch, None after the last one.
    """

    arm: str
    model: int
    images: int
    seeds: tuple[int, ...]
    holdout: dict[str, ModelledEffort]
    batch: ModelledEffort | None


@dataclass(frozen=True, kw_only=True)
class SimulationTable:
    """The rows of all arms, and what must stand beside their figures.

    `data` is "synthetic" or "real"; `assumptions` one paragraph on the constants; `settings` how models were trained.
    """

    rows: tuple[SimulationRow, ...]
    painters: tuple[str, ...]
    training_patients: int
    holdout_patients: int
    data: str
    reference: str | None
    assumptions: str
    settings: str


def simulation_rows(rounds: Sequence[SimulatedRound]) -> tuple[SimulationRow, ...]:
    """The rows of a table, arm by arm in the order of `rounds`, over the seeds that reached each round."""
    rows = []
    for arm in dict.fromkeys(one.arm for one in rounds):
        of_arm = [one for one in rounds if one.arm == arm]
        for number in sorted({one.number for one in of_arm}):
            reached = sorted((one for one in of_arm if one.number == number), key=lambda one: one.seed)
            after = sorted((one for one in of_arm if one.number == number + 1), key=lambda one: one.seed)
            painters = sorted({scan.painter for one in reached for scan in one.holdout})
            by_painter = {
                painter: modelled_effort([[s for s in one.holdout if s.painter == painter] for one in reached])
                for painter in painters
            }
            rows.append(
                SimulationRow(
                    arm=arm,
                    model=number,
                    images=max(one.images for one in reached),
                    seeds=tuple(one.seed for one in reached),
                    holdout={painter: effort for painter, effort in by_painter.items() if effort is not None},
                    batch=modelled_effort([one.batch for one in after]),
                )
            )
    return tuple(rows)


def modelled_effort(by_seed: Sequence[Sequence[SimulatedCorrection]]) -> ModelledEffort | None:
    """The effort over seeds; None where no seed has a correction."""
    filled = [seed for seed in by_seed if seed]
    if not filled:
        return None
    minutes, nothing = (
        np.array([_patient_mean(seed, [getattr(one, name) for one in seed]) for seed in filled])
        for name in ("minutes", "nothing")
    )
    means, from_nothing = minutes.mean(axis=0), nothing.mean(axis=0)
    work = np.mean([_patient_mean(seed, [(one.slices, one.path_mm) for one in seed]) for seed in filled], axis=0)
    shares = [100.0 * one / whole for one, whole in zip(means, from_nothing, strict=True) if whole > 0]
    known = [[one for one in seed if one.dice is not None] for seed in filled]
    dice = tuple(float(_patient_mean(seed, [[one.dice] for one in seed])[0]) for seed in known if seed)
    return ModelledEffort(
        patients=len({one.patient for seed in filled for one in seed}),
        scans=sum(map(len, filled)),
        minutes=float(means[0]),
        by_seed=tuple(map(float, minutes[:, 0])),
        lowest=float(means.min()),
        highest=float(means.max()),
        slices=float(work[0]),
        path_mm=float(work[1]),
        nothing=float(from_nothing[0]),
        share=float(shares[0]) if from_nothing[0] > 0 else None,
        share_lowest=float(min(shares)) if shares else None,
        share_highest=float(max(shares)) if shares else None,
        dice=float(np.mean(dice)) if dice else None,
        dice_by_seed=dice,
    )


def _patient_mean(
    corrections: Sequence[SimulatedCorrection], values: Sequence[Sequence[float | None]]
) -> npt.NDArray[np.float64]:
    """The mean over patients of the mean over their scans, column by column."""
    patients = np.array([one.patient for one in corrections])
    table = np.array(values, np.float64)
    return np.asarray(np.mean([table[patients == one].mean(axis=0) for one in np.unique(patients)], axis=0))

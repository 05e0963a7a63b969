"""What the models of a fold find in the CTs of the patients left out, as the product would draw it.

The lungs are those that the list gives; airways are not cut out of them.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS, LUNGS_KEY
from CovidQuantLib.comparison.folds import Case
from CovidQuantLib.comparison.plan import mean_name
from CovidQuantLib.ct import LabelArray
from CovidQuantLib.ct.grid import bounding_box
from CovidQuantLib.datalists import Truth, read_truth
from CovidQuantLib.files import whole_file
from CovidQuantLib.inference import open_engine
from CovidQuantLib.models import load_model
from CovidQuantLib.progress import Progress, part_of
from CovidQuantLib.segmentation.airways import AirwayTree
from CovidQuantLib.segmentation.infection import without_specks
from CovidQuantLib.segmentation.infection_classes import split_classes
from CovidQuantLib.segmentation.infection_network import MARGIN_MM, drawn_infection, predicted_infection
from CovidQuantLib.segmentation.lungs import Lungs
from CovidQuantLib.statistics import agreement
from CovidQuantLib.statistics.comparison import JudgedCt

_CERTAIN = 255
_HALF = 127.5
Probability = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Bench:
    """What judging needs beside the models: whether the references tell classes apart, and where to keep probabilities.

    `work` is None where no mean of networks is asked for.
    """

    tells_classes: bool
    work: Path | None


def judge_model(
    bench: Bench, model: Path, network: str, fold: int, cases: Sequence[Case], progress: Progress
) -> tuple[JudgedCt, ...]:
    """What the model in this folder finds in `cases`. Raises `InputError` where a case cannot be read."""
    loaded = load_model(model)
    engine = open_engine(loaded.module)
    judged = []
    for number, case in enumerate(cases):
        step = part_of(progress, number / len(cases), (number + 1) / len(cases))
        step(0.0, f"Judging {network}, fold {fold}, CT {number + 1} of {len(cases)}")
        truth = read_truth(case.entry)
        began = time.perf_counter()
        found = predicted_infection(
            truth.ct, truth.lungs, loaded, step, foreground=bench.work is not None, engine=engine
        )
        labels = drawn_infection(truth.ct, truth.lungs, _lungs(truth), loaded, found).labels
        seconds = time.perf_counter() - began
        if bench.work is not None and found.foreground is not None:
            _keep(_kept(bench.work, network, fold, case), np.rint(found.foreground * _CERTAIN).astype(np.uint8))
        judged.append(_judged(bench, truth, labels, network, fold, case, seconds))
    return tuple(judged)


def judge_mean(
    bench: Bench,
    models: Sequence[tuple[str, Path]],
    fold: int,
    cases: Sequence[Case],
    before: Sequence[JudgedCt],
    progress: Progress,
) -> tuple[JudgedCt, ...]:
    """What the mean probability of these models (name, folder) finds; above one half is infection, split by density.

    `before` are the same CTs by each of the models: the seconds of a mean are theirs together.
    """
    names = tuple(name for name, _ in models)
    judged = []
    for number, case in enumerate(cases):
        step = part_of(progress, number / len(cases), (number + 1) / len(cases))
        step(0.0, f"Judging the {mean_name(names)}, fold {fold}, CT {number + 1} of {len(cases)}")
        truth = read_truth(case.entry)
        box = bounding_box(truth.lungs, truth.ct.geometry, MARGIN_MM).slices
        total = np.zeros(truth.lungs[box].shape, np.uint16)
        for name, folder in models:
            total += _probability(bench, name, folder, fold, case, truth, step)
        infected = np.zeros(truth.lungs.shape, bool)
        infected[box] = total > _HALF * len(models)
        infected = without_specks(infected & (truth.lungs > 0), truth.ct.geometry.voxel_ml)
        labels = split_classes(truth.ct.hu, infected, truth.ct.geometry)
        # The CTs of each model stand in one order.
        seconds = sum(one.seconds for one in before[number :: len(cases)])
        judged.append(_judged(bench, truth, labels, mean_name(names), fold, case, seconds))
    return tuple(judged)


def _probability(
    bench: Bench, name: str, folder: Path, fold: int, case: Case, truth: Truth, progress: Progress
) -> Probability:
    """The probability of infection in the lungs' box, 0 to 255: as it was kept, or found once more."""
    kept = None if bench.work is None else _kept(bench.work, name, fold, case)
    if kept is not None and kept.is_file():
        values: Probability = np.load(kept, allow_pickle=False)
        return values
    found = predicted_infection(truth.ct, truth.lungs, load_model(folder), progress, foreground=True).foreground
    assert found is not None
    return np.rint(found * _CERTAIN).astype(np.uint8)


def _judged(
    bench: Bench, truth: Truth, labels: LabelArray, network: str, fold: int, case: Case, seconds: float
) -> JudgedCt:
    geometry = truth.ct.geometry
    whole = agreement(truth.infection, labels, geometry, lungs=truth.lungs)

    def class_dice(label: int) -> float | None:
        if not bench.tells_classes:
            return None
        wanted, found = ((one == label).astype(np.uint8) for one in (truth.infection, labels))
        return agreement(wanted, found, geometry, lungs=truth.lungs).dice

    return JudgedCt(
        network=network,
        fold=fold,
        patient=case.patient,
        painter=case.entry.painter or "",
        slices=len(labels),
        dice=whole.dice,
        ground_glass_dice=class_dice(GROUND_GLASS.label),
        consolidation_dice=class_dice(CONSOLIDATION.label),
        reference_ml=whole.reference_ml,
        volume_error_ml=whole.volume_error_ml,
        poi_error=whole.poi_errors[LUNGS_KEY],
        seconds=seconds,
    )


def _lungs(truth: Truth) -> Lungs:
    return Lungs(truth.lungs, np.zeros(truth.lungs.shape, bool), (), AirwayTree())


def _kept(work: Path, network: str, fold: int, case: Case) -> Path:
    return work / f"{network}-{fold}-{case.short_code}.npy"


def _keep(path: Path, values: Probability) -> None:
    path.parent.mkdir(exist_ok=True)
    with whole_file(path) as temporary:
        np.save(temporary, values, allow_pickle=False)

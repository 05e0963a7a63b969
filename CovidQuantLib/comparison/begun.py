"""A comparison that has begun: its data read and checked, its folds made, and its folder claimed for its plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from CovidQuantLib.comparison.folds import Case, Fold, make_folds, read_cases
from CovidQuantLib.comparison.judging import Bench
from CovidQuantLib.comparison.places import JOB, models_folder, results_folder, work_folder
from CovidQuantLib.comparison.plan import Plan
from CovidQuantLib.datalists import Datalist, read_datalist
from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import Progress
from CovidQuantLib.training import check_options
from CovidQuantLib.training.options import PAIR
from CovidQuantLib.training.weak_cases import check_judged, check_patient_labels


@dataclass(frozen=True)
class Begun:
    """What a comparison works with.

    `plan` names its networks; `folds` are those to do, and `left_out` counts the others. `timed` is the CT that costs
    are measured on, the same whatever folds are done. `told`: the masks that are learnt from tell the classes apart.
    """

    output: Path
    plan: Plan
    listed: Datalist
    folds: tuple[Fold, ...]
    left_out: int
    timed: Case
    bench: Bench
    told: bool


def begin(datalist: Path, output: Path, plan: Plan, progress: Progress) -> Begun:
    """Read the list and look through all its files, and make `output` the folder of this comparison.

    What would be refused after hours is refused here: an entry that cannot be read, settings of one network, labels
    of patients that a fold lacks. Raises `InputError`.
    """
    listed = read_datalist(datalist)
    training, judged = read_cases(listed, progress)
    folds = make_folds(training, judged, plan.folds, plan.training.seed)
    wanted = tuple(fold for fold in folds if not plan.only or fold.number in plan.only)
    if len(wanted) < len(plan.only):
        raise InputError(f"There are {len(folds)} folds in this comparison, counted from 1.")
    plan = plan.on(listed)
    told = _tell_classes(training)
    for network in plan.networks:
        check_options(plan.options(network, told=told), validated=all(fold.validation for fold in wanted))
    if PAIR in plan.networks:
        for fold in wanted:
            check_patient_labels([case.entry for case in fold.training])
            check_judged(plan.training, [case.entry for case in fold.validation])
    values = {"v": 1, "data": [fold.facts.data for fold in folds], **plan.values()}
    JOB.begin(output, values, (models_folder(output), results_folder(output)), Plan.defaults())
    bench = Bench(_tell_classes(judged), work_folder(output) if plan.means else None)
    return Begun(output, plan, listed, wanted, len(folds) - len(wanted), folds[0].test[0], bench, told)


def _tell_classes(cases: Sequence[Case]) -> bool:
    return any(case.tells_classes for case in cases)

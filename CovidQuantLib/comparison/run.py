"""The whole comparison: every network in every fold, what is done already left as it is, and the table of it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from CovidQuantLib.comparison.begun import Begun, begin
from CovidQuantLib.comparison.costs import measured_costs
from CovidQuantLib.comparison.folds import Fold
from CovidQuantLib.comparison.hardware import hardware
from CovidQuantLib.comparison.judging import judge_mean
from CovidQuantLib.comparison.places import mean_file, model_folder, work_folder
from CovidQuantLib.comparison.plan import Plan, mean_name
from CovidQuantLib.comparison.records import losses_of, read_mean, read_result, write_mean
from CovidQuantLib.comparison.settings import in_words
from CovidQuantLib.comparison.trainings import train_and_judge
from CovidQuantLib.long_jobs import claimed
from CovidQuantLib.messages import Cancelled
from CovidQuantLib.networks import require_networks
from CovidQuantLib.progress import Progress, no_progress, part_of
from CovidQuantLib.statistics.comparison import ComparisonTable, NetworkCost, comparison_rows

LossCurves = Mapping[tuple[str, int], Sequence[float]]
"""The loss of every step by network and fold."""
_KEPT = "Cancelled. What was done is kept: the same command goes on from there."
_READING, _NETWORKS, _MEANS = 0.03, 0.9, 0.95


def compare(
    datalist: Path, output: Path, plan: Plan, progress: Progress = no_progress
) -> tuple[ComparisonTable, LossCurves]:
    """Train every network of `plan` in every fold of the data list, judge it on those left out, and say what it costs.

    Entries under "training" are learnt from, those under "validation" judged (without any, the same ones are both);
    whoever is left out stands in neither part of a fold. Every network and fold is written down in `output` when it is
    done; a comparison that was stopped in any way goes on from there. Raises `InputError` for a list, plan or folder
    that cannot be used; `Cancelled` out of `progress`.
    """
    require_networks()
    try:
        begun = begin(datalist, output, plan, part_of(progress, 0.0, _READING))
        with claimed(work_folder(output), "comparison"):
            costs = _run(begun, part_of(progress, _READING, 1.0))
            shutil.rmtree(work_folder(output), ignore_errors=True)
    except (Cancelled, KeyboardInterrupt) as stop:
        raise Cancelled(_KEPT) from stop
    return _table(begun, costs), {
        (network, fold.number): losses_of(output, network, fold.number)
        for network in begun.plan.networks
        for fold in begun.folds
    }


def _run(begun: Begun, progress: Progress) -> tuple[NetworkCost, ...]:
    """Do what is not done yet."""
    pairs = [(fold, network) for fold in begun.folds for network in begun.plan.networks]
    for number, (fold, network) in enumerate(pairs):
        share = _NETWORKS / len(pairs)
        train_and_judge(begun, fold, network, part_of(progress, number * share, (number + 1) * share))
    means = [(fold, group) for group in begun.plan.means for fold in begun.folds]
    for number, (fold, group) in enumerate(means):
        share = (_MEANS - _NETWORKS) / len(means)
        first = _NETWORKS + number * share
        _judge_mean(begun, fold, group, part_of(progress, first, first + share))
    return measured_costs(begun, part_of(progress, _MEANS, 1.0))


def _judge_mean(begun: Begun, fold: Fold, group: tuple[str, ...], progress: Progress) -> None:
    output = begun.output
    models = [(network, model_folder(output, network, fold.number)) for network in group]
    if mean_file(output, group, fold.number).is_file() or not all(model.is_dir() for _, model in models):
        return
    before = [one for network in group for one in read_result(output, network, fold.number)[1]]
    judged = judge_mean(begun.bench, models, fold.number, fold.test, before, progress)
    write_mean(output, group, fold.number, judged)


def _table(begun: Begun, costs: tuple[NetworkCost, ...]) -> ComparisonTable:
    plan, folds = begun.plan, begun.folds
    done = [read_result(begun.output, network, fold.number) for network in plan.networks for fold in folds]
    means = [read_mean(begun.output, group, fold.number) for group in plan.means for fold in folds]
    trainings = tuple(trained for trained, _ in done)
    judged = [one for found in (*(judged for _, judged in done), *means) for one in found]
    return ComparisonTable(
        rows=comparison_rows(judged, trainings, {mean_name(group): group for group in plan.means}),
        trainings=trainings,
        costs=costs,
        folds=tuple(fold.facts for fold in folds),
        left_out=begun.left_out,
        data=str(begun.listed.data),
        reference=begun.listed.reference,
        hardware=hardware(),
        settings=in_words(plan, told=begun.told, chosen=all(fold.validation for fold in folds)),
    )

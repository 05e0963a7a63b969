"""The whole comparison: every network in every fold, what is done already left as it is, and the table of it."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from CovidQuantLib.comparison.cost import engines_to_time, measure_cost
from CovidQuantLib.comparison.folds import Fold, make_folds, read_cases
from CovidQuantLib.comparison.hardware import hardware
from CovidQuantLib.comparison.judging import Bench, judge_mean, judge_model, tells_classes
from CovidQuantLib.comparison.places import JOB, models_folder, results_folder, work_folder
from CovidQuantLib.comparison.plan import Plan, mean_name
from CovidQuantLib.comparison.settings import in_words
from CovidQuantLib.long_jobs import claimed
from CovidQuantLib.messages import Cancelled, InputError
from CovidQuantLib.models import ModelCard, read_card
from CovidQuantLib.networks import require_networks
from CovidQuantLib.progress import Progress, no_progress, part_of
from CovidQuantLib.statistics.comparison import (
    DIVERGED,
    ComparisonTable,
    JudgedCt,
    NetworkCost,
    TrainedFold,
    comparison_rows,
    convergence,
    part_mean,
)
from CovidQuantLib.training import Datalist, check_options, read_datalist, train
from CovidQuantLib.training.diverged import DivergedError
from CovidQuantLib.training.options import PAIR
from CovidQuantLib.training.weak_cases import check_patient_labels

LossCurves = Mapping[tuple[str, int], Sequence[float]]
"""The loss of every step by network and fold."""
_KEPT = "Cancelled. What was done is kept: the same command goes on from there."
_READING, _TRAINING = 0.03, 0.7
_LOG_FILE = "log.jsonl"


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
        begun = _Comparison.begun(datalist, output, plan, part_of(progress, 0.0, _READING))
        with claimed(work_folder(output), "comparison"):
            return begun.run(part_of(progress, _READING, 1.0))
    except (Cancelled, KeyboardInterrupt) as stop:
        raise Cancelled(_KEPT) from stop


@dataclass(frozen=True)
class _Comparison:
    output: Path
    plan: Plan
    listed: Datalist
    folds: tuple[Fold, ...]
    left_out: int
    bench: Bench
    told: bool
    """Whether the masks that are learnt from tell ground glass and consolidation apart."""

    @classmethod
    def begun(cls, datalist: Path, output: Path, plan: Plan, progress: Progress) -> _Comparison:
        listed = read_datalist(datalist)
        training, judged = read_cases(listed, progress)
        folds = make_folds(training, judged, plan.folds, plan.training.seed)
        wanted = [fold for fold in folds if not plan.only or fold.number in plan.only]
        if len(wanted) < len(plan.only):
            raise InputError(f"There are {len(folds)} folds in this comparison, counted from 1.")
        plan = plan.on(listed)
        told = tells_classes(training)
        _check_networks(plan, wanted, told=told)
        values = {"v": 1, "data": [fold.facts.data for fold in folds], **plan.values()}
        JOB.begin(output, values, (models_folder(output), results_folder(output)))
        bench = Bench(tells_classes(judged), work_folder(output) if plan.means else None)
        return cls(output, plan, listed, tuple(wanted), len(folds) - len(wanted), bench, told)

    def run(self, progress: Progress) -> tuple[ComparisonTable, LossCurves]:
        """Do what is not done yet, and give the table."""
        pairs = [(fold, network) for fold in self.folds for network in self.plan.networks]
        for number, (fold, network) in enumerate(pairs):
            self._trained(fold, network, part_of(progress, 0.9 * number / len(pairs), 0.9 * (number + 1) / len(pairs)))
        for group in self.plan.means:
            for fold in self.folds:
                self._mean(fold, group, part_of(progress, 0.9, 0.95))
        costs = self._costs(part_of(progress, 0.95, 1.0))
        shutil.rmtree(work_folder(self.output), ignore_errors=True)
        return self._table(costs), {
            (network, fold.number): self._losses(network, fold) for network in self.plan.networks for fold in self.folds
        }

    def _trained(self, fold: Fold, network: str, progress: Progress) -> None:
        path = self._result(network, fold)
        if path.is_file():
            return
        model = self._model(network, fold)
        try:
            card = read_card(model) if model.is_dir() else self._train(fold, network, part_of(progress, 0.0, _TRAINING))
        except DivergedError:
            trained = self._facts(None, network, fold)
            JOB.write(path, {"trained": asdict(trained), "judged": []})
            return
        judged = judge_model(self.bench, model, network, fold.number, fold.test, part_of(progress, _TRAINING, 1.0))
        trained = self._facts(card, network, fold)
        JOB.write(path, {"trained": asdict(trained), "judged": [asdict(one) for one in judged]})

    def _train(self, fold: Fold, network: str, progress: Progress) -> ModelCard:
        listed = Datalist(
            name=f"{network}, fold {fold.number}",
            training=tuple(case.entry for case in fold.training),
            validation=tuple(case.entry for case in fold.validation),
            licence=self.listed.licence,
            attribution=self.listed.attribution,
            data=self.listed.data,
            reference=self.listed.reference,
        )

        def watch(fraction: float, message: str) -> None:
            progress(fraction, f"{network}, fold {fold.number}: {message}")

        return train(listed, self._model(network, fold), self.plan.options(network, told=self.told), watch)

    def _facts(self, card: ModelCard | None, network: str, fold: Fold) -> TrainedFold:
        """What the training came to; `card` None: it came off its way."""
        losses = self._losses(network, fold)
        epochs, minutes = (0, 0.0) if card is None else _lasted(card)
        return TrainedFold(
            network=network,
            fold=fold.number,
            seed=self.plan.training.seed,
            steps=len(losses),
            epochs=epochs,
            minutes=minutes,
            first_loss=part_mean(losses, 0) if losses else None,
            last_loss=part_mean(losses, 4) if losses else None,
            not_converged=DIVERGED if card is None else convergence(losses, epochs),
        )

    def _mean(self, fold: Fold, group: tuple[str, ...], progress: Progress) -> None:
        path = self._mean_result(group, fold)
        models = [(network, self._model(network, fold)) for network in group]
        if path.is_file() or not all(model.is_dir() for _, model in models):
            return
        before = [one for network in group for one in self._read(network, fold)[1]]
        judged = judge_mean(self.bench, models, fold.number, fold.test, before, progress)
        JOB.write(path, {"judged": [asdict(one) for one in judged]})

    def _costs(self, progress: Progress) -> tuple[NetworkCost, ...]:
        """What each network costs on the first CT that is judged; those that no fold could train are left out."""
        case = self.folds[0].test[0]
        found = []
        for network in self.plan.networks:
            models = [model for fold in self.folds if (model := self._model(network, fold)).is_dir()]
            for model, engine in itertools.product(models[:1], engines_to_time()):
                path = results_folder(self.output) / f"cost-{network}-{engine}.json"
                values = JOB.read(path)
                if values is None:
                    try:
                        values = asdict(measure_cost(network, model, case.entry, engine, progress))
                    except InputError:
                        # The table stands without it, and the next run tries again.
                        continue
                    JOB.write(path, values)
                found.append(_from(NetworkCost, values))
        return tuple(found)

    def _table(self, costs: tuple[NetworkCost, ...]) -> ComparisonTable:
        trainings: list[TrainedFold] = []
        judged: list[JudgedCt] = []
        for network in self.plan.networks:
            for fold in self.folds:
                trained, found = self._read(network, fold)
                trainings.append(trained)
                judged += found
        for group in self.plan.means:
            for fold in self.folds:
                values = JOB.read(self._mean_result(group, fold)) or {}
                judged += [_from(JudgedCt, one) for one in values.get("judged", ())]
        return ComparisonTable(
            rows=comparison_rows(judged, trainings, {mean_name(group): group for group in self.plan.means}),
            trainings=tuple(trainings),
            costs=costs,
            folds=tuple(fold.facts for fold in self.folds),
            left_out=self.left_out,
            data=str(self.listed.data),
            reference=self.listed.reference,
            hardware=hardware(),
            settings=in_words(self.plan),
        )

    def _read(self, network: str, fold: Fold) -> tuple[TrainedFold, tuple[JudgedCt, ...]]:
        values = JOB.read(self._result(network, fold))
        try:
            assert values is not None
            return _from(TrainedFold, values["trained"]), tuple(_from(JudgedCt, one) for one in values["judged"])
        except (AssertionError, KeyError, TypeError) as error:
            raise JOB.damaged() from error

    def _losses(self, network: str, fold: Fold) -> list[float]:
        folder = self._model(network, fold)
        path = folder.with_name(f"{folder.name}.training") / _LOG_FILE
        try:
            events = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
            losses = [float(one["loss"]) for one in events if one["event"] == "step"]
        except FileNotFoundError:
            # A training that came off its way before its first step has none.
            return []
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise JOB.damaged() from error
        return losses

    def _model(self, network: str, fold: Fold) -> Path:
        return models_folder(self.output) / f"{network}-fold-{fold.number}"

    def _result(self, network: str, fold: Fold) -> Path:
        return results_folder(self.output) / f"{network}-fold-{fold.number}.json"

    def _mean_result(self, group: tuple[str, ...], fold: Fold) -> Path:
        return results_folder(self.output) / f"mean-{'-'.join(group)}-fold-{fold.number}.json"


def _check_networks(plan: Plan, folds: Sequence[Fold], *, told: bool) -> None:
    """Refuse at once what would be refused after hours: settings of one network, labels that one fold lacks."""
    for network in plan.networks:
        check_options(plan.options(network, told=told))
    if PAIR in plan.networks:
        for fold in folds:
            check_patient_labels([case.entry for case in fold.training])


def _lasted(card: ModelCard) -> tuple[int, float]:
    """Epochs and minutes of a training; of UNet-1 and UNet-2 the epochs of the second, and the minutes of both."""
    minutes = sum(float(str(card.recipe.get(name) or 0.0)) for name in ("minutes", "unet_1_minutes"))
    return int(str(card.recipe["epochs"])), minutes


def _from(kind: Any, values: Mapping[str, Any]) -> Any:
    """A record out of its JSON values."""
    try:
        return kind(**values)
    except TypeError as error:
        raise JOB.damaged() from error

"""The card of a trained model: what it was trained on, how, and how well it did on cases that it had not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from CovidQuantLib.datalists import Datalist
from CovidQuantLib.models import Metric, ModelCard, new_model_id
from CovidQuantLib.models.fields import Scalar
from CovidQuantLib.training.augmentation import AUGMENTATION_VERSION
from CovidQuantLib.training.cases import Case
from CovidQuantLib.training.checkpoint import Position
from CovidQuantLib.training.options import TrainingOptions
from CovidQuantLib.training.start import Start

_LICENCE = "As the training data: the data list states none."
NO_VALIDATION = (
    "No validation cases with labels were given: these are the last weights, and nothing is known of their accuracy."
)
"""What a card says where no validation cases were given."""
_CODE_DIGITS = 16


@dataclass(frozen=True)
class Outcome:
    """What came out of a training: where it ended and why, and which of its weights are written."""

    position: Position
    ended: str

    @property
    def weights_step(self) -> int:
        """The step whose weights are written: that of the best validation, else the last."""
        return self.position.step if self.position.best is None else self.position.best_step


def make_card(
    options: TrainingOptions,
    start: Start,
    datalist: Datalist,
    training: Sequence[Case],
    validation: Sequence[Case],
    outcome: Outcome,
) -> ModelCard:
    """The card of the model; its id is new, its parent that of `start`."""
    limits = options.limits if outcome.position.best is not None else (*options.limits, NO_VALIDATION)
    return ModelCard(
        id=new_model_id(),
        name=(options.name or datalist.name)[:80],
        network=start.network,
        arguments=start.arguments,
        in_channels=start.reading.channels,
        preprocessing=start.preprocessing,
        label_set=start.label_set,
        threshold=start.threshold,
        parent=start.parent.id if start.parent else None,
        trained_on=tuple(sorted({case.code for case in training})),
        metrics=_metrics(datalist, validation, outcome, start.parent),
        recipe=_recipe(options, start, training, validation, outcome),
        attribution=tuple(dict.fromkeys((*datalist.attribution, *options.attribution))),
        limits=limits,
        licence=options.licence or datalist.licence or _LICENCE,
    )


def _metrics(
    datalist: Datalist, cases: Sequence[Case], outcome: Outcome, parent: ModelCard | None
) -> tuple[Metric, ...]:
    """The Dice of the validation, where the data list says what its data are: real or synthetic must stand beside."""
    if outcome.position.best is None or datalist.data is None:
        return ()
    return (
        Metric(
            name="Dice at the model's spacing, mean over patients",
            value=outcome.position.best,
            unit="",
            data=datalist.data,
            patients=len({case.patient for case in cases}),
            cases=tuple(case.code[:_CODE_DIGITS] for case in cases),
            reference=datalist.reference or "not stated",
            overlap=f"{_seen(cases, parent)}; the weights were chosen by this figure, so that it is a little too good",
        ),
    )


def _seen(cases: Sequence[Case], parent: ModelCard | None) -> str:
    """What this training and the one before it had seen of the validation. A card names no patients, only cases."""
    if parent is None:
        return "none of these patients"
    known = len({case.code for case in cases} & set(parent.trained_on))
    before = f"{known} of these {len(cases)} cases" if known else "none of these cases"
    older = "" if parent.parent is None else ", what its own parents saw is not known here"
    return f"none of these patients by this training, {before} by its parent{older}"


def _recipe(
    options: TrainingOptions, start: Start, training: Sequence[Case], validation: Sequence[Case], outcome: Outcome
) -> dict[str, Scalar]:
    position = outcome.position
    return {
        "seed": options.seed,
        "epochs": position.epoch,
        "steps": position.step,
        "minutes": round(position.seconds / 60, 2),
        "epochs_wanted": options.epochs,
        "minutes_wanted": options.minutes,
        "ended": outcome.ended,
        "weights_of_step": outcome.weights_step,
        "first_weights": start.first_weights,
        "patch": " ".join(map(str, start.patch)),
        "batch": options.batch,
        "patches_per_case": options.patches_per_case,
        "lesion_share": options.lesion_share,
        "loss": options.loss,
        "optimiser": options.optimiser,
        "schedule": options.schedule,
        "rate_steps": " ".join(map(str, options.rate_steps)) or None,
        "learning_rate": options.rate,
        "momentum": options.momentum if options.optimiser == "sgd" else None,
        "weight_decay": options.weight_decay,
        "augmentation": options.augmentation,
        "augmentation_kind": options.augmentation_kind,
        "augmentation_version": AUGMENTATION_VERSION,
        "precision": options.precision,
        "training_cases": len(training),
        "training_patients": len({case.patient for case in training}),
        "training_cases_without_label": sum(case.is_empty for case in training),
        "validation_cases": len(validation),
        "validation_dice": position.best,
        "validation_false_ml": position.best_false_ml,
        **start.before,
        **_of_patients(options, start, training),
    }


def _of_patients(options: TrainingOptions, start: Start, training: Sequence[Case]) -> dict[str, Scalar]:
    """How consolidation was learnt from the patients' labels."""
    if not start.learns_from_patients:
        return {}
    labels = [case.has_consolidation for case in training]
    return {
        "prior": options.prior,
        "prior_b": options.b_of_prior,
        "prior_k": options.prior_k if options.prior == "density" else None,
        "weak_dice": options.weak_dice,
        "cases_with_consolidation": labels.count(True),
        "cases_without_consolidation": labels.count(False),
        "cases_not_known": labels.count(None),
    }

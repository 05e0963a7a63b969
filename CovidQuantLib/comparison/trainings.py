"""One network in one fold: trained on those who are not left out, judged on those who are, and written down."""

from __future__ import annotations

from CovidQuantLib.comparison.begun import Begun
from CovidQuantLib.comparison.folds import Fold
from CovidQuantLib.comparison.hardware import processors
from CovidQuantLib.comparison.judging import judge_model
from CovidQuantLib.comparison.places import model_folder, result_file
from CovidQuantLib.comparison.records import losses_of, write_result
from CovidQuantLib.datalists import Datalist
from CovidQuantLib.models import ModelCard, read_card
from CovidQuantLib.progress import Progress, part_of
from CovidQuantLib.statistics.comparison import DIVERGED, TrainedFold, convergence, part_mean
from CovidQuantLib.training import train
from CovidQuantLib.training.diverged import DivergedError

_TRAINING = 0.7


def train_and_judge(begun: Begun, fold: Fold, network: str, progress: Progress) -> None:
    """Do what is not done yet of a network in a fold. Raises `InputError`; `Cancelled` out of `progress`."""
    if result_file(begun.output, network, fold.number).is_file():
        return
    model = model_folder(begun.output, network, fold.number)
    # A model that is there already was trained by an earlier run, nobody knows on what.
    hardware: tuple[str, ...] = ()
    try:
        if model.is_dir():
            card = read_card(model)
        else:
            hardware = processors(begun.plan.training.threads)
            card = _train(begun, fold, network, part_of(progress, 0.0, _TRAINING))
    except DivergedError:
        write_result(begun.output, _facts(begun, fold, network, None, hardware), ())
        return
    judging = part_of(progress, _TRAINING, 1.0)
    judged = judge_model(begun.bench, model, network, fold.number, fold.test, judging)
    write_result(begun.output, _facts(begun, fold, network, card, hardware), judged)


def _train(begun: Begun, fold: Fold, network: str, progress: Progress) -> ModelCard:
    listed = Datalist(
        name=f"{network}, fold {fold.number}",
        training=tuple(case.entry for case in fold.training),
        validation=tuple(case.entry for case in fold.validation),
        licence=begun.listed.licence,
        attribution=begun.listed.attribution,
        data=begun.listed.data,
        reference=begun.listed.reference,
    )

    def watch(fraction: float, message: str) -> None:
        progress(fraction, f"{network}, fold {fold.number}: {message}")

    model = model_folder(begun.output, network, fold.number)
    return train(listed, model, begun.plan.options(network, told=begun.told), watch)


def _facts(begun: Begun, fold: Fold, network: str, card: ModelCard | None, hardware: tuple[str, ...]) -> TrainedFold:
    """What the training came to; `card` None: it came off its way."""
    losses = losses_of(begun.output, network, fold.number)
    epochs, minutes = (0, 0.0) if card is None else _lasted(card)
    return TrainedFold(
        network=network,
        fold=fold.number,
        seed=begun.plan.training.seed,
        steps=len(losses),
        epochs=epochs,
        minutes=minutes,
        first_loss=part_mean(losses, 0) if losses else None,
        last_loss=part_mean(losses, 4) if losses else None,
        not_converged=DIVERGED if card is None else convergence(losses, epochs),
        hardware=hardware,
    )


def _lasted(card: ModelCard) -> tuple[int, float]:
    """Epochs and minutes of a training; of UNet-1 and UNet-2 the epochs of the second, and the minutes of both."""
    minutes = sum(float(str(card.recipe.get(name) or 0.0)) for name in ("minutes", "unet_1_minutes"))
    return int(str(card.recipe["epochs"])), minutes

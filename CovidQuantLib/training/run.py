"""Train a network from a data list into a model folder."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch

from CovidQuantLib.datalists import Datalist
from CovidQuantLib.files import check_free
from CovidQuantLib.long_jobs import claimed
from CovidQuantLib.messages import Cancelled, InputError
from CovidQuantLib.models import ModelCard, save_model
from CovidQuantLib.models.card import format_card, parse_card
from CovidQuantLib.progress import Progress, no_progress, part_of
from CovidQuantLib.training.augmentation import AUGMENTATION_VERSION
from CovidQuantLib.training.card import Outcome, make_card
from CovidQuantLib.training.cases import Case
from CovidQuantLib.training.checkpoint import (
    CHECKPOINT_FILE,
    Checkpoint,
    Position,
    check_same_settings,
    data_code,
    read_checkpoint,
)
from CovidQuantLib.training.checks import check_schedule, prepare_cases
from CovidQuantLib.training.distributed import Processes, processes
from CovidQuantLib.training.log import TrainingLog, training_folder
from CovidQuantLib.training.options import TrainingOptions, recipe_values
from CovidQuantLib.training.start import Start, make_start
from CovidQuantLib.training.trainer import Data, Trainer
from CovidQuantLib.training.weak_cases import unmasked_cases, weak_cases

_READING, _PREPARING = 0.04, 0.05
_KEPT = "Cancelled. What was trained is kept beside the output: the same command goes on from there."


def run_training(
    datalist: Datalist,
    output: Path,
    options: TrainingOptions,
    *,
    resume: bool,
    progress: Progress = no_progress,
    start: Start | None = None,
) -> ModelCard:
    """See `CovidQuantLib.training.train`. `start` None: what the options say."""
    check_free(output)
    with _threads(options.threads), processes(options.batch) as who, _claimed(training_folder(output), who):
        # In a function of its own: networks that share their gradients must be gone before the processes part.
        return _trained(datalist, output, options, who, resume=resume, progress=progress, start=start)


def _trained(
    datalist: Datalist,
    output: Path,
    options: TrainingOptions,
    who: Processes,
    *,
    resume: bool,
    progress: Progress,
    start: Start | None,
) -> ModelCard:
    """The training of this process, one of `who`."""
    folder = training_folder(output)
    # Once more: another training of it may have ended just before the claim.
    check_free(output)
    begun = read_checkpoint(folder)
    if resume and begun is None:
        raise InputError("There is no unfinished training of this output to continue. Leave --resume out.")
    watched = progress if who.is_first else no_progress
    check_schedule(options, validated=bool(datalist.validation))
    start = start or make_start(options)
    reading = part_of(watched, 0.0, _READING)
    training, validation = prepare_cases(datalist, start.label_set, start.preprocessing, reading)
    if start.learns_from_patients:
        finding = part_of(watched, _READING, _PREPARING)
        training += unmasked_cases(datalist.unmasked, start, who.device.type, finding)
    data = _data(start, training, validation)
    settings = _settings(options, start, data)
    if begun is not None:
        check_same_settings(settings, begun.settings)
    trainer = Trainer(
        start, data, options, who, folder=folder, settings=settings, progress=part_of(watched, _PREPARING, 1.0)
    )
    make = partial(make_card, options, start, datalist, training, data.validation)
    # A text that cannot stand on the card is refused before the hours of training.
    parse_card(format_card(replace(make(Outcome(Position(), "")), sha256="0" * 64)))
    ended = _run(trainer, begun, folder, who)
    card = make(Outcome(trainer.position, ended))
    if who.is_first:
        card = save_model(output, card, trainer.module)
        (folder / CHECKPOINT_FILE).unlink(missing_ok=True)
    return card


def _data(start: Start, training: tuple[Case, ...], validation: tuple[Case, ...]) -> Data:
    """The cases that the network learns from and is judged by; of UNet-2 those of which the label is known."""
    if start.learns_from_patients:
        return Data(*weak_cases(training, validation))
    return Data(training, validation)


def _claimed(folder: Path, who: Processes) -> contextlib.AbstractContextManager[None]:
    """The folder for this training alone; its first process holds it for all."""
    return claimed(folder) if who.is_first else contextlib.nullcontext()


def _run(trainer: Trainer, begun: Checkpoint | None, folder: Path, who: Processes) -> str:
    if begun is not None:
        trainer.restore(begun)
    position = trainer.position if begun is not None else Position()
    log = TrainingLog(folder if who.is_first else None, position.log_bytes, position.step)
    try:
        return trainer.run(log)
    except (Cancelled, KeyboardInterrupt) as stop:
        kept = (folder / CHECKPOINT_FILE).is_file()
        raise Cancelled(_KEPT if kept else "") from stop
    finally:
        log.close()


def _settings(options: TrainingOptions, start: Start, data: Data) -> dict[str, Any]:
    """What must be the same when a training goes on: the recipe, the network, and the cases."""
    preprocessing = start.preprocessing
    return {
        **recipe_values(options),
        "patch": list(start.patch),
        "network": start.network,
        "arguments": dict(start.arguments),
        "spacing_mm": None if preprocessing.spacing_mm is None else list(preprocessing.spacing_mm),
        "label_set": start.label_set.name,
        "lungs_alone": preprocessing.lungs_alone,
        "first_weights": start.first_weights,
        "parent": start.parent.id if start.parent else None,
        "augmentation_version": AUGMENTATION_VERSION,
        "training cases": data_code(tuple(case.content for case in data.training)),
        "validation cases": data_code(tuple(case.content for case in data.validation)),
        **_patients(start, data),
    }


def _patients(start: Start, data: Data) -> dict[str, str]:
    """The labels of the patients, where they are learnt from."""
    told = tuple(str(case.has_consolidation) for case in data.training)
    return {"patients' labels": data_code(told)} if start.learns_from_patients else {}


@contextlib.contextmanager
def _threads(number: int | None) -> Iterator[None]:
    """This many CPU threads for torch, and as many as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(number or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)

"""UNet-1 and UNet-2 (Wu et al. 2020) in one training: infection from masks, consolidation from the patients' labels.

UNet-1 comes first, as a model folder of its own beside the output; UNet-2 begins with its weights. Either training goes
on where it was stopped.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from CovidQuantLib.datalists import Datalist, Entry, Unmasked
from CovidQuantLib.files import check_free, whole_file
from CovidQuantLib.long_jobs import claimed
from CovidQuantLib.messages import InputError
from CovidQuantLib.models import ModelCard, load_model, read_card
from CovidQuantLib.networks import label_set, network
from CovidQuantLib.progress import Progress, part_of
from CovidQuantLib.training.checkpoint import CHECKPOINT_FILE, check_same_settings, data_code
from CovidQuantLib.training.log import training_folder
from CovidQuantLib.training.options import PAIR, UNET_1, TrainingOptions, recipe_values
from CovidQuantLib.training.run import run_training
from CovidQuantLib.training.start import Start, make_start
from CovidQuantLib.training.weak_cases import check_judged, check_patient_labels

if TYPE_CHECKING:
    from torch import nn

UNET_1_SHARE = 0.8
"""Of the epochs and of the time, as in the paper: 200 of 250 epochs."""
WEAK_RATE = 5e-4
"""The paper's learning rate of UNet-2."""
_INFECTION, _CLASSES = "infection", "classes"
_UNET_1_FOLDER, _ASKED_FILE = "unet_1", "asked.json"
_TOLD = ("epochs", "steps", "minutes", "learning_rate", "validation_dice")


def is_pair(options: TrainingOptions) -> bool:
    """Whether these options train UNet-1 and UNet-2 together: they, or the parent they start from, name the pair."""
    if options.network is not None or options.parent is None:
        return options.network == PAIR
    return read_card(options.parent).network == PAIR


def check_pair(options: TrainingOptions) -> None:
    """Raise `InputError` where no training of the pair can begin with `options`, whatever the data."""
    _begin(options)


def train_pair(
    datalist: Datalist, output: Path, options: TrainingOptions, *, resume: bool, progress: Progress
) -> ModelCard:
    """See `CovidQuantLib.training.train`.

    With a `hybrid_unet` of infection as the parent UNet-2 alone is trained. Else UNet-1 takes four fifths of the epochs
    and of the minutes (from scratch, or from the UNet-1 of a parent that is a pair), and UNet-2 the rest, at the
    paper's learning rate; UNet-2 always begins anew from UNet-1.
    """
    # Before the hours of UNet-1, what would be refused after them.
    if os.environ.get("WORLD_SIZE", "1") != "1":
        raise InputError("Consolidation is learnt from patients' labels by one process. Train without torchrun.")
    check_free(output)
    check_patient_labels((*datalist.training, *datalist.unmasked))
    check_judged(options, datalist.validation)
    begun = _begin(options)
    if not begun.needs_unet_1:
        weak = _weak_options(options, rate=options.learning_rate)
        start = _weak_start(begun.unet_1, begun.unet_1.module, {})
        return run_training(datalist, output, weak, resume=resume, progress=progress, start=start)
    kept = training_folder(output)
    folder = kept / _UNET_1_FOLDER
    first, rest = _parts(options)
    asked = {**recipe_values(options), "data": _files(datalist), "parent": _id(begun.unet_1.parent)}
    with claimed(kept):
        has_begun = _has_begun(folder)
        if resume and not has_begun:
            raise InputError("There is no unfinished training of this output to continue. Leave --resume out.")
        if has_begun:
            _check_asked(kept, asked)
        else:
            _write_asked(kept, asked)
        if not folder.is_dir():
            early = part_of(progress, 0.0, UNET_1_SHARE)
            try:
                run_training(datalist, folder, first, resume=resume, progress=early, start=begun.unet_1)
            finally:
                if not _has_begun(folder):
                    (kept / _ASKED_FILE).unlink(missing_ok=True)
    unet_1 = load_model(folder)
    before = {f"unet_1_{name}": unet_1.card.recipe.get(name) for name in _TOLD}
    weak = _weak_options(rest, rate=WEAK_RATE)
    start = _weak_start(begun.unet_1, unet_1.module, before)
    late = part_of(progress, UNET_1_SHARE, 1.0)
    card = run_training(datalist, output, weak, resume=False, progress=late, start=start)
    shutil.rmtree(folder, ignore_errors=True)
    (kept / _ASKED_FILE).unlink(missing_ok=True)
    return card


@dataclass(frozen=True)
class _Begun:
    """UNet-1 as the training finds it, and whether it has to learn infection first."""

    unet_1: Start
    needs_unet_1: bool


def _begin(options: TrainingOptions) -> _Begun:
    # Who asks for infection alone gets it with its classes.
    if options.first_weights is not None or options.label_set not in (None, _INFECTION, _CLASSES):
        raise InputError(
            "UNet-1 and UNet-2 together have the label set classes and take no first weights. Leave both options out."
        )
    asked = replace(options, label_set=None)
    if options.parent is None:
        return _Begun(make_start(replace(asked, network=UNET_1, label_set=_INFECTION)), needs_unet_1=True)
    found = make_start(replace(asked, network=None))
    if found.network == PAIR:
        module = _first_of(found.module)
        return _Begun(replace(found, network=UNET_1, label_set=label_set(_INFECTION), module=module), needs_unet_1=True)
    if (found.network, found.label_set.name) != (UNET_1, _INFECTION):
        raise InputError(
            f"UNet-2 starts from a {UNET_1} that finds infection, or from a {PAIR}; the parent is neither. Train one "
            "first, or leave the parent out."
        )
    return _Begun(found, needs_unet_1=False)


def _first_of(module: nn.Module) -> nn.Module:
    from CovidQuantLib.networks.hybrid_unet_pair import HybridUNetPair

    assert isinstance(module, HybridUNetPair)
    return module.unet_1


def _weak_start(unet_1: Start, module: nn.Module, before: dict[str, Any]) -> Start:
    """What UNet-2 starts from: the pair, UNet-1 held, UNet-2 with its weights."""
    pair = network(PAIR).build(classes=label_set(_CLASSES).classes, **unet_1.arguments)
    pair.unet_1.load_state_dict(module.state_dict())
    pair.begin_unet_2()
    return replace(unet_1, network=PAIR, label_set=label_set(_CLASSES), module=pair, before=before)


def _parts(options: TrainingOptions) -> tuple[TrainingOptions, TrainingOptions]:
    """The options of UNet-1 and of UNet-2, each with its part of the epochs (at least one) and of the minutes."""
    epochs, minutes = options.epochs, options.minutes
    first = None if epochs is None else max(1, min(round(UNET_1_SHARE * epochs), epochs - 1))
    rest = None if epochs is None or first is None else max(1, epochs - first)
    times = (None, None) if minutes is None else (UNET_1_SHARE * minutes, (1.0 - UNET_1_SHARE) * minutes)
    return replace(options, epochs=first, minutes=times[0]), replace(options, epochs=rest, minutes=times[1])


def _weak_options(options: TrainingOptions, *, rate: float | None) -> TrainingOptions:
    """How UNet-2 is trained: smooth Dice by the EM; the epochs of the schedule "steps" are those of UNet-1.

    The prior is one of density: what changes the values of the CT is left out of the augmentation (section III-B has
    rotation, translation, zooming and flipping).
    """
    kind = options.augmentation_kind
    return replace(
        options,
        augmentation_kind="geometry" if kind == "full" else kind,
        batch=options.weak_batch,
        learning_rate=WEAK_RATE if rate is None else rate,
        loss="smooth_dice",
        schedule="constant" if options.schedule == "steps" else options.schedule,
        rate_steps=(),
    )


def _has_begun(folder: Path) -> bool:
    """Whether anything of UNet-1, or all of it, was trained into `folder`."""
    return folder.is_dir() or (training_folder(folder) / CHECKPOINT_FILE).is_file()


def _write_asked(folder: Path, asked: dict[str, Any]) -> None:
    """Write down what both trainings are asked for, beside the output."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(folder / _ASKED_FILE) as temporary:
            temporary.write_text(json.dumps(asked), encoding="utf-8")
    except OSError as error:
        raise InputError("The checkpoint and the log have no place beside the output. Choose another one.") from error


def _check_asked(folder: Path, asked: dict[str, Any]) -> None:
    """Raise `InputError` where something else was asked for when the training began."""
    try:
        begun = json.loads((folder / _ASKED_FILE).read_bytes())
        check_same_settings(json.loads(json.dumps(asked)), begun)
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(
            "The unfinished training beside the output is damaged and cannot be continued. Remove its folder (the "
            "output's name with .training) to start again."
        ) from error


def _files(datalist: Datalist) -> str:
    """One hash for what the list names, wherever the command was typed."""
    entries: tuple[Entry | Unmasked, ...] = (*datalist.training, *datalist.validation, *datalist.unmasked)
    return data_code(tuple(map(_named, entries)))


def _named(entry: Entry | Unmasked) -> str:
    paths = (entry.image, entry.label if isinstance(entry, Entry) else None, entry.lungs)
    return " ".join(str(one) for one in (*(path and path.resolve() for path in paths), entry.has_consolidation))


def _id(card: ModelCard | None) -> str | None:
    return None if card is None else card.id

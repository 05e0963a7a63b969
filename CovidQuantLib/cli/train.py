"""`covidquant train`: a network from a data list, from scratch or from a parent."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any, get_args

from CovidQuantLib.cli.channel import Channel
from CovidQuantLib.messages import InputError
from CovidQuantLib.models import ModelCard, find_model
from CovidQuantLib.models.card import format_card
from CovidQuantLib.networks import label_set_names, network_names
from CovidQuantLib.training import TrainingOptions, train
from CovidQuantLib.training.options import Loss, Optimiser, Precision, Schedule

NAME = "train"
HELP = "train a network on masks"
DESCRIPTION = """\
Train a network on the CTs and masks of DATALIST, a JSON file as MSD and MONAI have it:

  {"name": "...", "training": [{"image": "ct.nii.gz", "label": "mask.nii.gz"}, ...], "validation": [...]}

An entry may also name "lungs" (a mask: the training then looks at the lungs alone) and "patient" (a code: no patient
may stand in both lists). The list may say "data" ("real" or "synthetic"), "reference" (who drew the masks), "licence"
and "attribution", which go onto the model's card.

All data are checked first. The weights that do best on the validation cases are written. The checkpoint and the log
lie beside MODEL, in MODEL.training: the same command goes on where it was stopped.
To train with several processes: torchrun --nproc-per-node N -m CovidQuantLib.cli train ...
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own command line."""
    defaults = TrainingOptions(minutes=1)
    parser.add_argument(
        "datalist", metavar="DATALIST", type=Path, help="a JSON file with training and validation cases"
    )
    parser.add_argument("--output", metavar="MODEL", type=Path, required=True, help="the model folder: new, or empty")
    parser.add_argument("--minutes", metavar="N", type=float, help="how long to train, after the data are read")
    parser.add_argument("--epochs", metavar="N", type=int, help="how many epochs; with both, whichever ends first")
    parser.add_argument("--resume", action="store_true", help="insist on an unfinished training to continue")

    network = parser.add_argument_group("the network")
    network.add_argument("--parent", metavar="MODEL", help="start from this model: a folder, an id or a name")
    network.add_argument("--network", metavar="NAME", choices=network_names(), help=", ".join(network_names()))
    network.add_argument(
        "--set",
        metavar="NAME=VALUE",
        dest="settings",
        action="append",
        default=[],
        help="a setting of the network, as JSON: width=8, blocks=[1,2,3,3], norm=group",
    )
    network.add_argument("--label-set", metavar="NAME", choices=label_set_names(), help=", ".join(label_set_names()))
    network.add_argument("--spacing", metavar="MM", type=_three_numbers, help="one number, or three: i,j,k")

    network.add_argument(
        "--lungs-alone",
        action="store_true",
        default=None,
        help="show the network nothing outside of the lungs, which every entry must then name",
    )

    recipe = parser.add_argument_group("the recipe")
    recipe.add_argument("--seed", metavar="N", type=int, default=defaults.seed)
    recipe.add_argument(
        "--patch", metavar="VOXELS", type=_three_voxels, default=defaults.patch, help="one number, or three: k,j,i"
    )
    recipe.add_argument("--batch", metavar="N", type=int, default=defaults.batch, help="patches of a step")
    recipe.add_argument(
        "--patches-per-case", metavar="N", type=int, default=defaults.patches_per_case, help="in one epoch"
    )
    recipe.add_argument("--lesion-share", metavar="SHARE", type=float, default=defaults.lesion_share)
    recipe.add_argument("--loss", choices=get_args(Loss), default=defaults.loss)
    recipe.add_argument("--optimiser", choices=get_args(Optimiser), default=defaults.optimiser)
    recipe.add_argument("--schedule", choices=get_args(Schedule), default=defaults.schedule)
    recipe.add_argument("--learning-rate", metavar="RATE", type=float)
    recipe.add_argument("--weight-decay", metavar="SHARE", type=float, default=defaults.weight_decay)
    recipe.add_argument(
        "--augmentation", metavar="STRENGTH", type=float, default=defaults.augmentation, help="0 is none"
    )
    recipe.add_argument("--validate-every", metavar="EPOCHS", type=int, default=defaults.validate_every)
    recipe.add_argument("--patience", metavar="N", type=int, help="end after so many validations without a better one")
    recipe.add_argument(
        "--precision",
        choices=get_args(Precision),
        default=defaults.precision,
        help="bfloat16 is faster on CPUs that have it (AVX512-BF16, AMX)",
    )
    recipe.add_argument("--threads", metavar="N", type=int, help="CPU threads")

    card = parser.add_argument_group("the model's card")
    card.add_argument("--name", metavar="TEXT", help="default: the data list's name")
    card.add_argument("--licence", metavar="TEXT", help="of the weights (default: the data list's)")
    card.add_argument("--attribution", metavar="TEXT", action="append", default=[])
    card.add_argument("--limit", metavar="TEXT", dest="limits", action="append", default=[])


def run(arguments: argparse.Namespace, channel: Channel) -> None:
    """Do the verb."""
    card = train(arguments.datalist, arguments.output, _options(arguments), channel.progress, resume=arguments.resume)
    if os.environ.get("RANK", "0") != "0":
        return
    channel.result(_summary(card), {"model": json.loads(format_card(card))})


def _options(arguments: argparse.Namespace) -> TrainingOptions:
    same = ("minutes", "epochs", "network", "label_set", "seed", "patch", "batch", "patches_per_case", "lesion_share")
    also = ("loss", "optimiser", "schedule", "learning_rate", "weight_decay", "augmentation", "validate_every")
    rest = ("lungs_alone", "patience", "precision", "threads", "name", "licence")
    return TrainingOptions(
        **{name: getattr(arguments, name) for name in (*same, *also, *rest)},
        parent=None if arguments.parent is None else _model_folder(arguments.parent),
        arguments=_settings(arguments.settings) or None,
        spacing_mm=arguments.spacing,
        attribution=tuple(arguments.attribution),
        limits=tuple(arguments.limits),
    )


def _model_folder(name: str) -> Path:
    return Path(name) if Path(name).is_dir() else find_model(name).folder


def _settings(texts: list[str]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not name or not equals or name in settings:
            raise InputError("--set takes NAME=VALUE, once for each name; for example --set width=8.")
        try:
            settings[name] = json.loads(value)
        except (ValueError, RecursionError):
            settings[name] = value
    return settings


def _three_numbers(text: str) -> tuple[float, float, float]:
    numbers = [float(part) for part in text.split(",")]
    if len(numbers) not in (1, 3):
        raise ValueError
    return (numbers[0], numbers[-2 % len(numbers)], numbers[-1])


def _three_voxels(text: str) -> tuple[int, int, int]:
    numbers = [int(part) for part in text.split(",")]
    if len(numbers) not in (1, 3):
        raise ValueError
    return (numbers[0], numbers[-2 % len(numbers)], numbers[-1])


def _summary(card: ModelCard) -> str:
    recipe = card.recipe
    dice = recipe["validation_dice"]
    told = "no validation" if dice is None else f"validation Dice {dice:.3f}"
    return (
        f"Trained {card.name} ({card.id[:8]}) for {recipe['steps']} steps, {recipe['minutes']} minutes; {told}.\n"
        f"Show its card, use it: covidquant models import MODEL --activate"
    )

"""`covidquant train`: a network from a data list, from scratch or from a parent."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from CovidQuantLib.cli.channel import Channel
from CovidQuantLib.cli.training_options import (
    add_network_options,
    add_prior_options,
    add_recipe_options,
    training_options,
)
from CovidQuantLib.models import ModelCard, find_model
from CovidQuantLib.models.card import format_card
from CovidQuantLib.networks import label_set_names
from CovidQuantLib.training import TrainingOptions, train

NAME = "train"
HELP = "train a network on masks"
DESCRIPTION = """\
Train a network on the CTs and masks of DATALIST, a JSON file as MSD and MONAI have it:

  {"name": "...", "training": [{"image": "ct.nii.gz", "label": "mask.nii.gz"}, ...], "validation": [...]}

An entry may also name "lungs" (a mask: the training then looks at the lungs alone) and "patient" (a code: no patient
may stand in both lists). The list may say "data" ("real" or "synthetic"), "reference" (who drew the masks), "licence"
and "attribution", which go onto the model's card.

With --network hybrid_unet_pair infection is learnt from the masks, then consolidation from one label for each patient:
"has_consolidation" of an entry, true or false (null: not known). An entry with "lungs" and this label may lack its
mask, and teaches consolidation alone. With --parent UNET-1, a hybrid_unet of infection, only that is learnt.

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
    network.add_argument(
        "--first-weights",
        metavar="FILE",
        type=Path,
        help="for conv_lstm: the ImageNet weights of a DenseNet-121 (safetensors); mind their licence",
    )
    add_network_options(network, label_set_names())

    recipe = parser.add_argument_group("the recipe")
    add_recipe_options(recipe)
    recipe.add_argument("--validate-every", metavar="EPOCHS", type=int, default=defaults.validate_every)
    recipe.add_argument("--patience", metavar="N", type=int, help="end after so many validations without a better one")

    add_prior_options(parser.add_argument_group("consolidation from the patients' labels (hybrid_unet_pair)"))

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
    return training_options(
        arguments,
        minutes=arguments.minutes,
        parent=None if arguments.parent is None else _model_folder(arguments.parent),
        first_weights=arguments.first_weights,
        validate_every=arguments.validate_every,
        patience=arguments.patience,
        name=arguments.name,
        licence=arguments.licence,
        attribution=tuple(arguments.attribution),
        limits=tuple(arguments.limits),
    )


def _model_folder(name: str) -> Path:
    return Path(name) if Path(name).is_dir() else find_model(name).folder


def _summary(card: ModelCard) -> str:
    recipe = card.recipe
    dice = recipe["validation_dice"]
    told = "no validation" if dice is None else f"validation Dice {dice:.3f}"
    return (
        f"Trained {card.name} ({card.id[:8]}) for {recipe['steps']} steps, {recipe['minutes']} minutes; {told}.\n"
        f"Show its card, use it: covidquant models import MODEL --activate"
    )

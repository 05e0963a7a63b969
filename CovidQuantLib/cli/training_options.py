"""Options that `train` and `round start` share: how long, which network, and the recipe."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from typing import Any, get_args

from CovidQuantLib.messages import InputError
from CovidQuantLib.networks import network_names
from CovidQuantLib.training import TrainingOptions
from CovidQuantLib.training.options import AugmentationKind, DiceOf, Loss, Optimiser, Precision, PriorKind, Schedule

_DEFAULTS = TrainingOptions(minutes=1)
_AS_GIVEN = (
    *("epochs", "network", "label_set", "lungs_alone", "seed", "patch", "batch", "patches_per_case"),
    *("lesion_share", "threshold"),
    *("loss", "optimiser", "schedule", "learning_rate", "rate_steps", "momentum", "weight_decay"),
    *("augmentation", "augmentation_kind"),
    *("precision", "threads", "prior", "prior_b", "prior_k", "weak_batch", "weak_dice"),
)


def add_network_options(group: argparse._ArgumentGroup, label_sets: Sequence[str]) -> None:
    """Which network is trained, on which grid, and what it tells apart."""
    group.add_argument("--network", metavar="NAME", choices=network_names(), help=", ".join(network_names()))
    group.add_argument(
        "--set",
        metavar="NAME=VALUE",
        dest="settings",
        action="append",
        default=[],
        help="a setting of the network, as JSON: width=8, blocks=[1,2,3,3], norm=group",
    )
    group.add_argument("--label-set", metavar="NAME", choices=label_sets, help=", ".join(label_sets))
    group.add_argument("--spacing", metavar="MM", type=_three_numbers, help="one number, or three: i,j,k")
    group.add_argument(
        "--threshold",
        metavar="SHARE",
        type=float,
        help="the probability from which on a voxel is labelled (default: the parent's, or 0.5)",
    )
    group.add_argument(
        "--lungs-alone",
        action="store_true",
        default=None,
        help="show the network nothing outside of the lungs, which every case must then have",
    )


def add_recipe_options(group: argparse._ArgumentGroup) -> None:
    """How the network is trained."""
    group.add_argument("--seed", metavar="N", type=int, default=_DEFAULTS.seed)
    group.add_argument(
        "--patch",
        metavar="VOXELS",
        type=_three_voxels,
        help="one number, or three: k,j,i (default: 64, or a slice)",
    )
    group.add_argument("--batch", metavar="N", type=int, default=_DEFAULTS.batch, help="patches of a step")
    group.add_argument(
        "--patches-per-case", metavar="N", type=int, default=_DEFAULTS.patches_per_case, help="in one epoch"
    )
    group.add_argument("--lesion-share", metavar="SHARE", type=float, default=_DEFAULTS.lesion_share)
    group.add_argument("--loss", choices=get_args(Loss), default=_DEFAULTS.loss)
    group.add_argument("--optimiser", choices=get_args(Optimiser), default=_DEFAULTS.optimiser)
    group.add_argument("--schedule", choices=get_args(Schedule), default=_DEFAULTS.schedule)
    group.add_argument("--learning-rate", metavar="RATE", type=float)
    group.add_argument(
        "--rate-steps",
        metavar="EPOCHS",
        type=_epochs,
        default=_DEFAULTS.rate_steps,
        help="with --schedule steps: the rate falls to a tenth after each of these, for example 50,100",
    )
    group.add_argument("--momentum", metavar="SHARE", type=float, default=_DEFAULTS.momentum, help="of sgd")
    group.add_argument("--weight-decay", metavar="SHARE", type=float, default=_DEFAULTS.weight_decay)
    group.add_argument(
        "--augmentation", metavar="STRENGTH", type=float, default=_DEFAULTS.augmentation, help="0 is none"
    )
    group.add_argument(
        "--augmentation-kind",
        choices=get_args(AugmentationKind),
        default=_DEFAULTS.augmentation_kind,
        help="full (default), without changes of the CT's values, or as Grodecki et al. have it",
    )
    group.add_argument(
        "--precision",
        choices=get_args(Precision),
        default=_DEFAULTS.precision,
        help="bfloat16 is faster on CPUs that have it (AVX512-BF16, AMX)",
    )
    group.add_argument("--threads", metavar="N", type=int, help="CPU threads")


def add_prior_options(group: argparse._ArgumentGroup) -> None:
    """How UNet-2 of the network hybrid_unet_pair learns consolidation from one label for each patient."""
    group.add_argument(
        "--prior",
        choices=get_args(PriorKind),
        default=_DEFAULTS.prior,
        help="which pixels are consolidation at first: by density (default), or all alike",
    )
    group.add_argument(
        "--prior-b", metavar="X", type=float, help="by density: (HU + 1024) / 110 from which it is certain (9); else 1"
    )
    group.add_argument("--prior-k", metavar="K", type=float, default=_DEFAULTS.prior_k, help="steepness by density")
    group.add_argument(
        "--weak-batch", metavar="N", type=int, default=_DEFAULTS.weak_batch, help="slabs of a step (default: 16)"
    )
    group.add_argument(
        "--weak-dice", choices=get_args(DiceOf), default=_DEFAULTS.weak_dice, help="Dice of a batch, or of each slab"
    )


def training_options(arguments: argparse.Namespace, *, minutes: float | None, **more: Any) -> TrainingOptions:
    """What the user asks of a training; `more` are further fields. A verb may leave options of the network out.

    Raises `InputError` where a value is none.
    """
    return TrainingOptions(
        **{name: getattr(arguments, name) for name in _AS_GIVEN if name in arguments},
        minutes=minutes,
        arguments=_settings(arguments.settings) or None,
        spacing_mm=arguments.spacing,
        **more,
    )


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


def _epochs(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))


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

"""`covidquant pool export`."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any, get_args

from CovidQuantLib.cli.actions import add_action
from CovidQuantLib.cli.channel import Channel
from CovidQuantLib.hitl.pool import export_datalist, export_nnunet, open_pool
from CovidQuantLib.hitl.pool.export_cases import HoldoutAs, Labels
from CovidQuantLib.hitl.pool.export_nnunet import DEFAULT_NUMBER

_EXPORT = """\
Write the pool's reference readings with their CTs into DIR, a new or empty folder: an MSD/MONAI data list, or a raw
nnU-Net v2 data set with dataset.json and splits_final.json. Patients stand on the side of the hold-out on which they
stand in the pool, and a held-out one is never among the training cases.
"""


def add_actions(actions: Any) -> None:
    """The action's command line."""
    parser = add_action(actions, "export", _export, "the readings as a data set for other programs", _EXPORT)
    parser.add_argument("pool", metavar="POOL", type=Path)
    parser.add_argument("output", metavar="DIR", type=Path)
    parser.add_argument("--format", choices=("datalist", "nnunet"), default="datalist", help="default: %(default)s")
    parser.add_argument(
        "--labels",
        choices=get_args(Labels),
        default="infection",
        help="1 infection (default), or the classes 1 ground glass and 2 consolidation",
    )
    parser.add_argument(
        "--hold-out-as",
        choices=get_args(HoldoutAs),
        default="test",
        help="what held-out cases are called (default: %(default)s). Many programs choose the weights by the "
        "validation cases: a hold-out used so does not tell any more how good a model is",
    )
    parser.add_argument("--commercial", action="store_true", help="only scans whose licence allows commercial use")
    parser.add_argument(
        "--number", metavar="N", type=int, default=DEFAULT_NUMBER, help="nnU-Net's number (%(default)s)"
    )
    parser.add_argument("--name", metavar="NAME", default="CovidQuant", help="nnU-Net's name (default: %(default)s)")


def _export(arguments: argparse.Namespace, channel: Channel) -> None:
    pool = open_pool(arguments.pool)
    if arguments.format == "nnunet":
        done = export_nnunet(
            pool,
            arguments.output,
            number=arguments.number,
            name=arguments.name,
            labels=arguments.labels,
            holdout_as=arguments.hold_out_as,
            non_commercial=not arguments.commercial,
            progress=channel.progress,
        )
    else:
        done = export_datalist(
            pool,
            arguments.output,
            labels=arguments.labels,
            holdout_as=arguments.hold_out_as,
            non_commercial=not arguments.commercial,
            progress=channel.progress,
        )
    left_out = ", ".join(f"{count} {reason}" for reason, count in done.left_out.items()) or "none"
    text = f"Exported {done.training} training and {done.held_out} held-out cases; scans left out: {left_out}."
    channel.result(text, asdict(done))

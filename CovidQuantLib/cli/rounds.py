"""`covidquant round`: train a pool's next model, judge it on the hold-out, promote it, or go back."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import get_args

from CovidQuantLib.cli.actions import add_action
from CovidQuantLib.cli.channel import Channel
from CovidQuantLib.cli.round_outcome import SHOWN_ID, tell
from CovidQuantLib.cli.training_options import (
    add_network_options,
    add_prior_options,
    add_recipe_options,
    training_options,
)
from CovidQuantLib.files import whole_folder
from CovidQuantLib.hitl.pool import open_pool
from CovidQuantLib.hitl.rounds import (
    DEFAULT_MARGIN,
    RoundOptions,
    abandon_round,
    active_in_pool,
    corrections,
    promote_round,
    resume_round,
    rollback,
    start_round,
    table3,
)
from CovidQuantLib.hitl.rounds.requests import LABEL_SETS, StartFrom
from CovidQuantLib.reports.table3 import table3_text
from CovidQuantLib.reports.table3_csv import minutes_csv, models_csv
from CovidQuantLib.reports.table3_plot import table3_png

NAME = "round"
HELP = "train a pool's next model, judge it on the hold-out, promote it or not"
DESCRIPTION = """\
A round takes a snapshot of the pool's references for training, trains a network on them, judges it and the active model
on the same held-out patients, and promotes it where it is no worse: where the lower 95 % bound of the difference in
Dice lies above minus the margin. With fewer than ten held-out patients nothing is promoted by itself: a person decides.

  covidquant round start POOL --minutes 60     the next model
  covidquant round resume POOL                 go on with a round that was stopped, at any moment, in any way
  covidquant round table POOL                  minutes of correction and accuracy, model by model (Shan's table 3)
  covidquant round promote POOL 3 --by R1 --reason "looked at all held-out cases"
  covidquant round rollback POOL --by R1 --reason "misses consolidation"
"""
_START = """\
Begin the next round and do all of it. What it was asked, its snapshot, its model, what was found in each held-out scan
and the decision are records in the pool. Repeatable with --epochs; --minutes depends on the machine.
"""
_TABLE_FILES = ("table3.csv", "minutes.csv", "table3.png", "table3.txt")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own command line."""
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    started = add_action(actions, "start", _start, "do the next round", _START)
    started.add_argument("pool", metavar="POOL", type=Path)
    _add_start_options(started)
    resumed = add_action(actions, "resume", _resume, "go on with the round that was stopped")
    resumed.add_argument("pool", metavar="POOL", type=Path)
    shown = add_action(actions, "table", _table, "minutes of correction and accuracy, model by model")
    shown.add_argument("pool", metavar="POOL", type=Path)
    shown.add_argument("--output", metavar="DIR", type=Path, help="write the table as CSV, PNG and text: new, or empty")
    shown.add_argument("--hide-readers", action="store_true", help="leave out the rows by reader")
    promoted = add_action(actions, "promote", _promote, "make the model of a round the active one, on record")
    promoted.add_argument("pool", metavar="POOL", type=Path)
    promoted.add_argument("number", metavar="N", type=int, help="the number of the round")
    back = add_action(actions, "rollback", _rollback, "go back to the model that was active before, on record")
    back.add_argument("pool", metavar="POOL", type=Path)
    given_up = add_action(actions, "abandon", _abandon, "give up the round that is not finished, on record")
    given_up.add_argument("pool", metavar="POOL", type=Path)
    for one in (promoted, back, given_up):
        one.add_argument("--by", metavar="CODE", required=True, help="the code of the person who decides")
        one.add_argument("--reason", metavar="TEXT", required=True, help="why; no names")


def run(arguments: argparse.Namespace, channel: Channel) -> None:
    """Do the verb."""
    arguments.action(arguments, channel)


def _add_start_options(parser: argparse.ArgumentParser) -> None:
    data = parser.add_argument_group("the data")
    data.add_argument("--batches", metavar="N,N", type=_numbers, default=(), help="growing batches: 36,114,249")
    data.add_argument("--commercial", action="store_true", help="only scans whose licence allows commercial use")
    data.add_argument("--again", metavar="N", type=int, help="the snapshot, recipe and parent of round N once more")
    judged = parser.add_argument_group("the decision")
    judged.add_argument(
        "--margin", type=float, default=DEFAULT_MARGIN, help="Dice that may be lost (default: %(default)s)"
    )
    training = parser.add_argument_group("the training")
    training.add_argument(
        "--from",
        dest="start_from",
        choices=get_args(StartFrom),
        help="the weights (default: active; scratch where --network is given)",
    )
    training.add_argument(
        "--minutes", metavar="N", type=float, help="how long to train (default: 60, without --epochs)"
    )
    training.add_argument("--epochs", metavar="N", type=int, help="how many epochs; with both, whichever ends first")
    add_recipe_options(training)
    add_network_options(parser.add_argument_group("the network, of a round that starts from scratch"), LABEL_SETS)
    add_prior_options(parser.add_argument_group("consolidation from the patients' labels (hybrid_unet_pair)"))


def _start(arguments: argparse.Namespace, channel: Channel) -> None:
    pool = open_pool(arguments.pool)
    tell(pool, start_round(pool, _options(arguments), channel.progress), channel)


def _resume(arguments: argparse.Namespace, channel: Channel) -> None:
    pool = open_pool(arguments.pool)
    tell(pool, resume_round(pool, channel.progress), channel)


def _table(arguments: argparse.Namespace, channel: Channel) -> None:
    pool = open_pool(arguments.pool)
    table = table3(pool, corrections(pool, channel.progress))
    text = table3_text(table, readers=not arguments.hide_readers)
    if arguments.output is not None:
        minutes = "" if arguments.hide_readers else minutes_csv(table)
        contents = (models_csv(table).encode(), minutes.encode(), table3_png(table), text.encode())
        with whole_folder(arguments.output) as folder:
            for name, content in zip(_TABLE_FILES, contents, strict=True):
                if content:
                    (folder / name).write_bytes(content)
    values = asdict(table)
    channel.result(text, {**values, "minutes": []} if arguments.hide_readers else values)


def _promote(arguments: argparse.Namespace, channel: Channel) -> None:
    pool = open_pool(arguments.pool)
    done = promote_round(pool, arguments.number, by=arguments.by, reason=arguments.reason)
    channel.result(f"Active in this pool now: the model of round {arguments.number}. On record.", asdict(done))


def _rollback(arguments: argparse.Namespace, channel: Channel) -> None:
    pool = open_pool(arguments.pool)
    done = rollback(pool, by=arguments.by, reason=arguments.reason)
    active = active_in_pool(pool)
    name = f"{active.card.name} ({active.card.id[:SHOWN_ID]})" if active else "no network; the threshold baseline"
    channel.result(f"Active in this pool now: {name}. On record.", asdict(done))


def _abandon(arguments: argparse.Namespace, channel: Channel) -> None:
    number = abandon_round(open_pool(arguments.pool), by=arguments.by, reason=arguments.reason)
    channel.result(f"Round {number} is given up, on record.", {"round": number})


def _options(arguments: argparse.Namespace) -> RoundOptions:
    minutes = 60.0 if arguments.minutes is None and arguments.epochs is None else arguments.minutes
    return RoundOptions(
        training=training_options(arguments, minutes=minutes),
        start_from=arguments.start_from or ("scratch" if arguments.network else "active"),
        batches=arguments.batches,
        non_commercial=not arguments.commercial,
        margin=arguments.margin,
        again=arguments.again,
    )


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))

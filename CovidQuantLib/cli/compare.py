"""`covidquant compare`: networks of the catalogue on the same folds of a data list."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

from CovidQuantLib.cli.channel import Channel
from CovidQuantLib.cli.training_options import add_prior_options, add_recipe_options, training_options
from CovidQuantLib.comparison import Plan, compare
from CovidQuantLib.comparison.plan import LABEL_SETS
from CovidQuantLib.files import whole_file
from CovidQuantLib.networks import network_names
from CovidQuantLib.reports.comparison import comparison_markdown
from CovidQuantLib.reports.comparison_csv import comparison_csv, losses_csv
from CovidQuantLib.reports.comparison_plot import losses_png

NAME = "compare"
HELP = "train several networks on the same folds, and compare them"
DESCRIPTION = """\
Train each network of the catalogue on the same folds of DATALIST, a data list as 'covidquant train' takes it, with
"lungs" and "patient" for every entry. Each patient is left out once, and judged by networks that never saw it.

Entries under "training" are learnt from, those under "validation" judged; a patient may stand in both lists, and
whoever is left out stands in neither part of a fold. Without "validation" the same entries are both. An entry may name
its "painter": figures are given apart for each.

Writes a table (Markdown, CSV, JSON), the loss curves (CSV, PNG) and all models. Everything is written as it is done:
the same command goes on where it was stopped, and more networks or folds may be asked for later.
"""
_FILES = ("comparison.md", "comparison.csv", "losses.csv", "losses.png", "comparison.json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own command line."""
    parser.add_argument("datalist", metavar="DATALIST", type=Path, help="a JSON file with cases of several patients")
    parser.add_argument(
        "--output", metavar="DIR", type=Path, required=True, help="new, empty, or a comparison to go on with"
    )
    parser.add_argument(
        "--networks", metavar="NAME,NAME", type=_names, default=(), help=f"default: all ({', '.join(network_names())})"
    )
    parser.add_argument(
        "--minutes", metavar="M", type=float, help="for each network and fold (default: 60, without --epochs)"
    )
    parser.add_argument("--epochs", metavar="N", type=int, help="how many epochs; with both, whichever ends first")
    parser.add_argument(
        "--mean",
        metavar="NAME+NAME",
        dest="means",
        type=lambda text: tuple(text.split("+")),
        action="append",
        default=[],
        help="also judge the mean of these networks' probabilities",
    )
    folds = parser.add_argument_group("the folds")
    folds.add_argument(
        "--folds",
        metavar="N",
        type=int,
        help="N parts by patient, each the test part once, with a fifth of the others to choose the weights (Grodecki "
        "et al.: 5); default: each patient is left out once, and the last weights are judged",
    )
    folds.add_argument("--only", metavar="N,N", type=_numbers, default=(), help="some of the folds, by number from 1")
    recipe = parser.add_argument_group("the training, the same for all networks")
    recipe.add_argument(
        "--label-set",
        metavar="NAME",
        choices=LABEL_SETS,
        help=f"{' or '.join(LABEL_SETS)} for all (default: classes where the network's paper learns them)",
    )
    add_recipe_options(recipe)
    add_prior_options(parser.add_argument_group("consolidation from the patients' labels (hybrid_unet_pair)"))
    parser.set_defaults(settings=(), spacing=None)


def run(arguments: argparse.Namespace, channel: Channel) -> None:
    """Do the verb."""
    table, losses = compare(arguments.datalist, arguments.output, _plan(arguments), channel.progress)
    text = comparison_markdown(table)
    values = asdict(table)
    contents = (
        text.encode(),
        comparison_csv(table).encode(),
        losses_csv(losses).encode(),
        losses_png(losses, table),
        json.dumps(values, indent=1, allow_nan=False).encode(),
    )
    for name, content in zip(_FILES, contents, strict=True):
        with whole_file(arguments.output / name) as temporary:
            temporary.write_bytes(content)
    channel.result(f"{text}\nWritten into the output folder: {', '.join(_FILES)}, and the models.", values)


def _plan(arguments: argparse.Namespace) -> Plan:
    minutes = 60.0 if arguments.minutes is None and arguments.epochs is None else arguments.minutes
    training = training_options(arguments, minutes=minutes)
    return Plan(
        networks=arguments.networks,
        training=replace(training, arguments=None),
        folds=arguments.folds,
        only=arguments.only,
        means=tuple(arguments.means),
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(","))

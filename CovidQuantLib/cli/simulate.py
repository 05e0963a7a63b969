"""`covidquant simulate`: a cohort with known truth goes through rounds, with a simulated reader."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

from CovidQuantLib.cli.channel import Channel
from CovidQuantLib.files import whole_file
from CovidQuantLib.hitl.simulation import (
    DEFAULT_STEPS,
    Plan,
    arm_of,
    default_batches,
    read_cohort,
    simulate,
    small_training,
)
from CovidQuantLib.messages import InputError
from CovidQuantLib.models import find_model
from CovidQuantLib.networks import network, network_names
from CovidQuantLib.reports.simulation import simulation_heading, simulation_markdown
from CovidQuantLib.reports.simulation_csv import simulation_csv
from CovidQuantLib.reports.simulation_plot import simulation_png
from CovidQuantLib.statistics import SimulationTable

NAME = "simulate"
HELP = "send a cohort with known truth through rounds, with a simulated reader"
DESCRIPTION = """\
COHORT is a data list as 'covidquant train' takes it, with lungs for every entry, whose masks are the truth. The scans
under "training" are corrected in growing batches, as Shan et al. did: a model proposes, a simulated reader corrects to
the truth, the corrected scans join a pool, and a round trains the next model. Those under "validation" are held out;
an entry may name its "painter", and figures are given apart for each.

An arm is BEGIN:ORDER. BEGIN is nothing (the first batch is drawn) or model (--start-model proposes from the first scan
on). ORDER is a rule of 'covidquant next' (random, uncertain, largest, unlike), or none: nothing is read after the
first batch, and every round trains on it again.

Minutes are modelled from the slices touched and the contour added. Nobody is timed. Everything is written as it is
done: the same command goes on where it was stopped.
"""
_NETWORKS = tuple(name for name in network_names() if network(name).label_set is None)
"""A simulated reader draws infection and says nothing of consolidation, which the pair of Wu et al. needs."""
_FILES = ("simulation.md", "simulation.csv", "simulation.png", "simulation.json")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own command line."""
    small = small_training()
    parser.add_argument("cohort", metavar="COHORT", type=Path, help="a data list with the truth")
    parser.add_argument(
        "--output", metavar="DIR", type=Path, required=True, help="new, empty, or a simulation to go on with"
    )
    parser.add_argument("--arms", metavar="ARM,ARM", help="default: nothing:random,nothing:uncertain, and model:random")
    parser.add_argument("--start-model", metavar="MODEL", help="for arms that begin with a model: a folder, id or name")
    parser.add_argument("--seeds", metavar="N,N", default="1,2,3", help="default: %(default)s")
    parser.add_argument("--batches", metavar="N,N", help="training scans of each round (default: three rounds)")
    training = parser.add_argument_group("the training")
    training.add_argument(
        "--steps", metavar="N", type=int, default=DEFAULT_STEPS, help="of each round (default: %(default)s)"
    )
    training.add_argument(
        "--network", metavar="NAME", choices=_NETWORKS, help=f"from nothing (default: vbnet): {', '.join(_NETWORKS)}"
    )
    training.add_argument("--spacing", metavar="MM", type=float, default=3.0, help="default: %(default)s")
    training.add_argument(
        "--patch", metavar="VOXELS", type=int, default=small.sides[0], help="a side (default: %(default)s)"
    )
    training.add_argument("--threads", metavar="N", type=int, default=1, help="CPU threads (default: %(default)s)")
    training.add_argument("--bfloat16", action="store_true", help="faster on CPUs that have it")


def run(arguments: argparse.Namespace, channel: Channel) -> None:
    """Do the verb."""
    plan = _plan(arguments)
    table = simulate(arguments.cohort, arguments.output, plan, channel.progress)
    text = simulation_markdown(table)
    values = {"heading": simulation_heading(table), **asdict(table)}
    contents = (text.encode(), simulation_csv(table).encode(), simulation_png(table), _json(values))
    for name, content in zip(_FILES, contents, strict=True):
        with whole_file(arguments.output / name) as temporary:
            temporary.write_bytes(content)
    channel.result(_summary(table), values)


def _plan(arguments: argparse.Namespace) -> Plan:
    start = None if arguments.start_model is None else _model_folder(arguments.start_model)
    default = "nothing:random,nothing:uncertain" if start is None else "nothing:random,model:random,nothing:uncertain"
    batches = (
        _numbers(arguments.batches)
        if arguments.batches
        else default_batches(len(read_cohort(arguments.cohort).training))
    )
    training = replace(
        small_training(arguments.network),
        spacing_mm=(arguments.spacing,) * 3,
        patch=(arguments.patch,) * 3,
        threads=arguments.threads,
        precision="bfloat16" if arguments.bfloat16 else "auto",
    )
    return Plan(
        arms=tuple(map(arm_of, (arguments.arms or default).split(","))),
        seeds=_numbers(arguments.seeds),
        batches=batches,
        steps=arguments.steps,
        training=training,
        start_model=start,
    )


def _model_folder(name: str) -> Path:
    return Path(name) if Path(name).is_dir() else find_model(name).folder


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise InputError("Seeds and batches are whole numbers with commas between them: 1,2,3.") from error


def _json(values: dict[str, object]) -> bytes:
    return json.dumps(values, indent=1).encode()


def _summary(table: SimulationTable) -> str:
    return f"{simulation_markdown(table)}\nWritten into the output folder: {', '.join(_FILES)}."

"""`covidquant evaluate`: how far infection masks are from a reference (Shan et al. 2020, table 1)."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from CovidQuantLib.cli.channel import Channel
from CovidQuantLib.cli.mask_pairs import compare_pair, mask_pairs
from CovidQuantLib.reports.table1 import AccuracyFacts, table1_text
from CovidQuantLib.statistics import Agreement, table1

NAME = "evaluate"
HELP = "how far infection masks are from a reference"
DESCRIPTION = """\
Compare infection masks with reference masks and print the table of Shan et al. 2020: Dice, volume error, and the error
of the percentage of infection (POI) in lungs, lobes and segments.

REFERENCE and PREDICTION are each a mask (NIfTI, NRRD, MHA), a folder of results of 'covidquant quantify', or a folder
of several of these, one a case, paired by name. Both masks of a case are measured on one anatomy: the table is the
error of the infection alone.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own command line."""
    parser.add_argument("reference", metavar="REFERENCE", type=Path, help="the masks that count as true")
    parser.add_argument("prediction", metavar="PREDICTION", type=Path, help="the masks to be judged")
    parser.add_argument(
        "--anatomy",
        metavar="DIR",
        type=Path,
        help="results with lungs, lobes and segments, one folder a case where there are several (default: PREDICTION, "
        "else REFERENCE, where it holds results)",
    )
    facts = parser.add_argument_group("what must stand beside the figures (else: not stated)")
    facts.add_argument("--data", choices=("real", "synthetic"), help="what the CTs are")
    facts.add_argument("--patients", metavar="N", type=int, help="how many patients they come from")
    facts.add_argument("--drawn-by", metavar="TEXT", help="who drew the reference")
    facts.add_argument("--drawn-from", metavar="TEXT", help="what the reference started from: blank, or a proposal")
    facts.add_argument("--seen-in-training", metavar="TEXT", help="whether these cases were trained on")


def run(arguments: argparse.Namespace, channel: Channel) -> None:
    """Do the verb."""
    pairs = mask_pairs(arguments.reference, arguments.prediction, arguments.anatomy)
    compared: list[Agreement] = []
    for number, pair in enumerate(pairs):
        channel.progress(number / len(pairs), f"Comparing case {number + 1} of {len(pairs)}")
        compared.append(compare_pair(pair))
    table = table1(compared)
    facts = AccuracyFacts(
        data=arguments.data,
        patients=arguments.patients,
        drawn_by=arguments.drawn_by,
        drawn_from=arguments.drawn_from,
        seen_in_training=arguments.seen_in_training,
        with_effusion=sum(pair.may_hold_effusion for pair in pairs),
    )
    values = {"table1": asdict(table), "facts": asdict(facts), "cases": [asdict(case) for case in compared]}
    channel.result(table1_text(table, facts), values)

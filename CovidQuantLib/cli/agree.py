"""`covidquant agree`: how well two readings agree (Shan et al. 2020, table 2)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from CovidQuantLib.cli.channel import Channel
from CovidQuantLib.cli.mask_pairs import compare_pair, mask_pairs
from CovidQuantLib.hitl.pool import (
    PairOfReadings,
    Pool,
    compare_readers,
    compare_readings,
    find_scan,
    history,
    open_pool,
    scans,
)
from CovidQuantLib.hitl.pool.revisions import find_revision
from CovidQuantLib.messages import InputError
from CovidQuantLib.reports.table1 import AccuracyFacts, table1_text
from CovidQuantLib.statistics import Agreement, table1

NAME = "agree"
HELP = "how well two readings agree"
DESCRIPTION = """\
Compare readings of two readers and print the table of Shan et al. 2020 (table 2): Dice, volume difference, and the
difference of the percentage of infection (POI) in lungs, lobes and segments.

  covidquant agree R1 R2 --pool POOL                    the last readings of two readers, of every scan that both read
  covidquant agree REV REV --pool POOL --scan SCAN      two readings of one scan
  covidquant agree MASK MASK --anatomy results          files, as for 'covidquant evaluate'

Readings that both started blank are one table. Others stand in a second one, flagged: two readers who correct the same
proposal agree better than two readers do. Both readings are measured on one anatomy.
"""
_BLANK = "Both readings started blank:"
_FLAGGED = (
    "FLAGGED: at least one reading did not start blank, or nobody says so. Two readers who were shown a proposal agree "
    "better than readers do; this is not the agreement between readers."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own command line."""
    parser.add_argument("first", metavar="READING", help="a reader's code or a reading in the pool; else a mask")
    parser.add_argument("second", metavar="READING")
    parser.add_argument("--pool", metavar="POOL", type=Path, help="look for the readings in this pool")
    parser.add_argument("--scan", metavar="SCAN", help="the readings are of this scan of the pool")
    parser.add_argument("--anatomy", metavar="DIR", type=Path, help="of masks: results with lungs, lobes and segments")
    parser.add_argument("--both-blank", action="store_true", help="of masks: both readers started from nothing")


def run(arguments: argparse.Namespace, channel: Channel) -> None:
    """Do the verb."""
    if arguments.pool is not None:
        _in_pool(arguments, channel)
    elif arguments.scan is not None:
        raise InputError("A scan is one of a pool. Name the pool too: --pool POOL.")
    else:
        _files(arguments, channel)


def _files(arguments: argparse.Namespace, channel: Channel) -> None:
    pairs = mask_pairs(Path(arguments.first), Path(arguments.second), arguments.anatomy)
    compared = []
    for number, pair in enumerate(pairs):
        channel.progress(number / len(pairs), f"Comparing case {number + 1} of {len(pairs)}")
        compared.append(compare_pair(pair))
    facts = AccuracyFacts(
        drawn_from="blank, both" if arguments.both_blank else None,
        with_effusion=sum(pair.may_hold_effusion for pair in pairs),
    )
    text = _table(compared, facts, blank=arguments.both_blank)
    channel.result(text, {"both_blank": arguments.both_blank, "pairs": [asdict(one) for one in compared]})


def _in_pool(arguments: argparse.Namespace, channel: Channel) -> None:
    pool = open_pool(arguments.pool)
    if arguments.scan is not None:
        past = history(pool, find_scan(pool, arguments.scan))
        first, second = (find_revision(past.readings, name) for name in (arguments.first, arguments.second))
        pairs: tuple[PairOfReadings, ...] = (compare_readings(past, first, second),)
        names = f"readers {first.reader} and {second.reader}"
    else:
        pairs = compare_readers(pool, arguments.first, arguments.second, channel.progress)
        names = f"readers {arguments.first} and {arguments.second}"
    tables = []
    for blank in (True, False):
        part = [pair for pair in pairs if pair.both_blank == blank and not pair.unfit]
        if part:
            facts = _facts(pool, part, names, "blank, both" if blank else "not blank, both or one of them")
            tables.append(_table([pair.agreement for pair in part], facts, blank=blank))
    if unfit := sum(pair.unfit for pair in pairs):
        tables.append(
            f"Left out: {unfit} of {len(pairs)} pairs, of which a reading is a proposal that nobody has corrected and "
            "that readers gave less than 3 points in the mean.\n"
        )
    channel.result("\n".join(tables), {"pairs": [asdict(pair) for pair in pairs]})


def _facts(pool: Pool, pairs: Sequence[PairOfReadings], names: str, start: str) -> AccuracyFacts:
    synthetic = {scan.code for scan in scans(pool) if scan.details.synthetic}
    kinds = {"synthetic" if pair.scan in synthetic else "real" for pair in pairs}
    return AccuracyFacts(
        data=" and ".join(sorted(kinds)),
        patients=len({pair.patient for pair in pairs}),
        drawn_by=names,
        drawn_from=start,
        seen_in_training="no model is judged here",
    )


def _table(compared: Sequence[Agreement], facts: AccuracyFacts, *, blank: bool) -> str:
    return f"{_BLANK if blank else _FLAGGED}\n\n{table1_text(table1(compared), facts)}"

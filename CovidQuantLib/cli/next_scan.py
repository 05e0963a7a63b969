"""`covidquant next`: which scan of a pool to correct next."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import get_args

from CovidQuantLib.cli.channel import Channel
from CovidQuantLib.files import check_free, whole_folder
from CovidQuantLib.hitl.pool import Pool, find_scan, history, open_pool, read_scan_ct
from CovidQuantLib.hitl.pool.grids import written_maps
from CovidQuantLib.hitl.pool.layout import CT_FILE, INFECTION_FILE, LUNGS_FILE
from CovidQuantLib.hitl.rounds import MEASURES, Rule, Suggestion, active_in_pool, lungs_of, next_scans, propose
from CovidQuantLib.hitl.rounds.next_scan import DEFAULT_AMONG
from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import Progress, part_of
from CovidQuantLib.segmentation.chest import THRESHOLD

NAME = "next"
HELP = "which scan of a pool to correct next"
DESCRIPTION = """\
Name the scans of POOL that nobody has read, best first by a rule:

  random       by chance (the default): what compares with other scans
  uncertain    where the active model is least sure: the mean entropy of its answer over the lungs
  largest      in which the active model finds the most infection
  unlike       least like the scans that are read: by the HU histogram and the volume of the lungs

Rules other than random look at --among scans drawn by chance. The rule is kept with the scan, and stands beside the
minutes of its correction in 'covidquant round table'. With --proposal the CT, its lungs and the active model's
infection are written into DIR, to be corrected in any editor and submitted.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The verb's own command line."""
    parser.add_argument("pool", metavar="POOL", type=Path)
    parser.add_argument("--rule", choices=get_args(Rule), default="random", help="default: %(default)s")
    parser.add_argument("--count", metavar="N", type=int, default=1, help="how many scans (default: %(default)s)")
    parser.add_argument("--seed", metavar="N", type=int, default=1, help="of what is drawn by chance (%(default)s)")
    parser.add_argument(
        "--among", metavar="N", type=int, default=DEFAULT_AMONG, help="how many scans to look at (default: %(default)s)"
    )
    parser.add_argument("--held-out", action="store_true", help="scans of the hold-out, at random; they are read blank")
    parser.add_argument("--proposal", metavar="DIR", type=Path, help="write the first scan with a proposal to correct")


def run(arguments: argparse.Namespace, channel: Channel) -> None:
    """Do the verb."""
    if arguments.proposal is not None:
        check_free(arguments.proposal)
        if arguments.held_out:
            raise InputError("Scans of the hold-out are read blank: a proposal would favour the model that made it.")
    pool = open_pool(arguments.pool)
    found = next_scans(
        pool,
        arguments.rule,
        count=arguments.count,
        seed=arguments.seed,
        among=arguments.among,
        held_out=arguments.held_out,
        progress=part_of(channel.progress, 0.0, 0.7),
    )
    lines = [*map(_line, found), f"Rule: {arguments.rule} ({MEASURES[arguments.rule]}), among {found[0].among} scans."]
    values = {"scans": [asdict(one) for one in found]}
    if arguments.proposal is not None:
        model = _write_proposal(pool, found[0].scan, arguments.proposal, part_of(channel.progress, 0.7, 1.0))
        lines.append(
            f"Correct {INFECTION_FILE}, then: covidquant pool submit POOL {found[0].scan[:8]} CORRECTED --reader CODE "
            f"--start DIR/{INFECTION_FILE} --start-model {model}"
        )
        channel.result("\n".join(lines), {**values, "model": model})
        return
    channel.result("\n".join(lines), values)


def _line(one: Suggestion) -> str:
    value = "" if one.value is None else f"  {one.value:.4g}"
    return f"{one.scan}{value}{'  somebody may be working on it' if one.is_leased else ''}"


def _write_proposal(pool: Pool, scan: str, output: Path, progress: Progress) -> str:
    """Write CT, lungs and proposal; gives what made the proposal, as `pool submit` wants it."""
    past = history(pool, find_scan(pool, scan))
    lungs = lungs_of(past)
    if lungs is None:
        raise InputError("The pool holds no lungs of this scan, and a proposal needs them. Correct another scan.")
    active = active_in_pool(pool)
    ct = read_scan_ct(past.scan)
    (infection,) = propose(ct, lungs, (active.folder if active else None,), progress)
    maps = {LUNGS_FILE: lungs, INFECTION_FILE: infection}
    with written_maps(maps, past.scan.grid) as files, whole_folder(output) as folder:
        for name, path in {**files, CT_FILE: past.scan.folder / CT_FILE}.items():
            (folder / name).write_bytes(path.read_bytes())
    return active.card.id if active else THRESHOLD

"""`covidquant pool status` and `covidquant pool verify`."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path
from typing import Any

from CovidQuantLib.cli.actions import add_action
from CovidQuantLib.cli.channel import Channel
from CovidQuantLib.hitl.pool import Overview, ScanRow, Verification, open_pool, overview
from CovidQuantLib.hitl.rounds import verify_pool
from CovidQuantLib.messages import InputError

_VERIFY = """\
Look at every file of the pool and name each promise that is broken: a hash that does not match, a missing file, a mask
on another grid, labels that do not exist, infection outside the lungs, a held-out patient in a training snapshot, a
reading, model or promotion of a round that is gone or was changed, a decision that its figures do not carry.
Nothing is repaired. Ends with exit code 2 where anything is broken.
"""
_SHOWN = 8


def add_actions(actions: Any) -> None:
    """The command lines of both."""
    shown = add_action(actions, "status", _status, "what is in the pool, and what is to be done")
    shown.add_argument("pool", metavar="POOL", type=Path)
    shown.add_argument("--list", action="store_true", help="list every scan with its readings")
    add_action(actions, "verify", _verify, "look at every file, and name each broken promise", _VERIFY).add_argument(
        "pool", metavar="POOL", type=Path
    )


def _status(arguments: argparse.Namespace, channel: Channel) -> None:
    found = overview(open_pool(arguments.pool))
    lines = _numbers(found)
    if arguments.list:
        lines += ["", *(_line(row) for row in found.rows)]
    channel.result("\n".join(lines), asdict(found))


def _numbers(found: Overview) -> list[str]:
    states = ", ".join(f"{count} {state}" for state, count in sorted(found.by_state.items())) or "none"
    lines = [
        f"Patients: {found.training_patients} for training, {found.held_out_patients} held out",
        f"Scans: {len(found.rows)} ({states}); drafts on this computer: {found.drafts}; leases: {found.leases}",
        f"Reference readings: {found.training_readings} for training, {found.held_out_readings} held out",
    ]
    if found.left_out:
        reasons = ", ".join(f"{count} {reason}" for reason, count in sorted(found.left_out.items()))
        lines.append(f"Scans without a part in a round: {reasons}")
    if found.scored_proposals:
        lines.append(
            f"Proposals that readers scored: {found.scored_proposals}, of which {found.unfit_proposals} have a mean "
            "below 3. Uncorrected, these count neither in statistics nor in a round; their corrections do."
        )
    if found.held_out_from_a_proposal:
        lines.append(
            f"{found.held_out_from_a_proposal} held-out references did not start blank: they favour the model that "
            "made the proposal, and are reported apart."
        )
    if not found.can_promote:
        lines.append(
            f"A round can train, but promotes nothing yet: {found.held_out_with_reference} of {found.minimum} held-out "
            "patients have a reference."
        )
    return lines


def _line(row: ScanRow) -> str:
    facts = [
        row.scan[:_SHOWN],
        f"patient {row.patient[:_SHOWN]}",
        "held out" if row.held_out else "training",
        row.state + (" (draft here)" if row.drafts else ""),
        f"reference {row.reference[:_SHOWN]} ({row.reference_start})" if row.reference else "no reference",
        "readings " + (" ".join(name[:_SHOWN] for name in row.readings) or "none"),
        row.licence,
    ]
    return "  ".join(facts)


def _verify(arguments: argparse.Namespace, channel: Channel) -> None:
    found = verify_pool(open_pool(arguments.pool), channel.progress)
    if found.problems:
        named = "\n".join(f"{problem.where}: {problem.sentence} [{problem.code}]" for problem in found.problems)
        raise InputError(f"{named}\n{len(found.problems)} promises of the pool are broken. Nothing was changed.")
    channel.result(_whole(found), {**asdict(found), "problems": []})


def _whole(found: Verification) -> str:
    text = (
        f"Every promise holds: {found.patients} patients, {found.scans} scans, {found.revisions} revisions, "
        f"{found.events} events, {found.rounds} rounds."
    )
    if found.unfinished:
        text += f" {found.unfinished} unfinished pieces of work lie there; they count for nothing."
    return text

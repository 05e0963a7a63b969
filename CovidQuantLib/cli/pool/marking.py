"""`covidquant pool mark`: what people decide about readings, and facts that they add."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from CovidQuantLib.cli.actions import add_action
from CovidQuantLib.cli.channel import Channel
from CovidQuantLib.cli.pool.patient_options import add_clinical_options, facts_of
from CovidQuantLib.hitl.pool import (
    Event,
    Pool,
    Scan,
    agree_on,
    approve,
    choose_reference,
    find_scan,
    history,
    label_patient,
    note_clinical,
    open_pool,
    reopen,
    return_reading,
    score_quality,
)
from CovidQuantLib.hitl.pool.clinical import FACTS, clinical_values
from CovidQuantLib.hitl.pool.events import Value
from CovidQuantLib.hitl.pool.quality import ANCHORS
from CovidQuantLib.messages import InputError

_MARK = """\
Put one decision about a scan on record, or what is known of it by now (clinical facts, as many as there are). Each is a
fact of its own; none takes back an earlier one, the last one counts.

The quality is that of the proposal from which a reading began, as it was before anybody corrected it. With a mean of
its readers' scores below 3 it counts, uncorrected, neither in statistics nor in a round (Huang et al. 2020). The points
mean (our wording; that of the paper is not known here):

""" + "".join(f"  {points}  {meaning}\n" for points, meaning in enumerate(ANCHORS))
_OF_REVISION = {
    "approve": (approve, "a second reader takes this reading: the scan is reviewed"),
    "return": (return_reading, "a second reader gives it back: the scan is reopened"),
    "consensus": (agree_on, "the readers agreed on this reading"),
    "reference": (choose_reference, "this reading is the scan's reference from now on"),
}


def add_actions(actions: Any) -> None:
    """The action's command line."""
    parser = add_action(
        actions, "mark", _mark, "approve, return, reopen, choose the reference, score, label, add facts", _MARK
    )
    parser.add_argument("pool", metavar="POOL", type=Path)
    parser.add_argument("scan", metavar="SCAN")
    parser.add_argument("--reader", metavar="CODE", required=True, help="the code of who decides")
    what = parser.add_mutually_exclusive_group()
    for name, (_, text) in _OF_REVISION.items():
        what.add_argument(f"--{name}", metavar="REV", help=text)
    what.add_argument("--reopen", action="store_true", help="work on the scan begins again")
    what.add_argument("--quality", nargs=2, metavar=("REV", "SCORE"), help="0 (useless) to 5 (nothing to correct)")
    what.add_argument("--label", metavar="NAME=VALUE", action="append", help="a fact of the patient, such as icu=yes")
    add_clinical_options(parser)
    parser.add_argument(
        "--unknown", metavar="FACT", choices=FACTS, action="append", default=[], help=f"take back: {', '.join(FACTS)}"
    )


def _mark(arguments: argparse.Namespace, channel: Channel) -> None:
    pool = open_pool(arguments.pool)
    scan = find_scan(pool, arguments.scan)
    event = _decide(arguments, pool, scan)
    past = history(pool, scan)
    text = f"On record: {event.kind} by {event.reader}. Scan {scan.code} is now {past.state}."
    known = {name: value for name, value in clinical_values(past.clinical).items() if value is not None}
    if event.kind == "clinical":
        text += f" Known of it: {', '.join(f'{name} {_shown(value)}' for name, value in known.items()) or 'nothing'}."
    values = {"event": event.id, "kind": event.kind, "scan": scan.code, "state": past.state, "clinical": known}
    channel.result(text, values)


def _shown(value: Any) -> str:
    return " ".join(f"{key}={one}" for key, one in value.items()) if isinstance(value, dict) else str(value)


def _decide(arguments: argparse.Namespace, pool: Pool, scan: Scan) -> Event:
    """Raises `InputError` where the user names nothing, or a decision and facts at once."""
    facts = {**facts_of(arguments), **dict.fromkeys(arguments.unknown)}
    if bool(facts) == _is_decided(arguments):
        raise InputError("Name one decision, or clinical facts without one. See: covidquant pool mark --help.")
    return note_clinical(pool, scan, arguments.reader, facts) if facts else _decision(arguments, pool, scan)


def _is_decided(arguments: argparse.Namespace) -> bool:
    names = (*_OF_REVISION, "quality", "label")
    return arguments.reopen or any(getattr(arguments, name) is not None for name in names)


def _decision(arguments: argparse.Namespace, pool: Pool, scan: Scan) -> Event:
    for name, (decide, _) in _OF_REVISION.items():
        if (revision := getattr(arguments, name)) is not None:
            return decide(pool, scan, revision, arguments.reader)
    if arguments.reopen:
        return reopen(pool, scan, arguments.reader)
    if arguments.quality:
        revision, score = arguments.quality
        return score_quality(pool, scan, revision, arguments.reader, _whole(score))
    return label_patient(pool, scan.patient, arguments.reader, dict(map(_label, arguments.label)))


def _whole(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise InputError("A quality score is a whole number from 0 to 5.") from error


def _label(text: str) -> tuple[str, Value]:
    name, mark, value = text.partition("=")
    if not mark:
        raise InputError("A label is given as NAME=VALUE, such as icu=yes.")
    return name, int(value) if value.isascii() and value.isdigit() and len(value) < 10 else value

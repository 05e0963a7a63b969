"""`covidquant pool submit`."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from CovidQuantLib.cli.actions import add_action
from CovidQuantLib.cli.channel import Channel
from CovidQuantLib.cli.pool.anatomy_options import read_anatomy
from CovidQuantLib.ct import LabelArray
from CovidQuantLib.ct.labelmaps import read_labelmap_on
from CovidQuantLib.hitl.pool import (
    BLANK,
    UNKNOWN,
    DraftName,
    History,
    Pool,
    Reading,
    Scan,
    Start,
    find_scan,
    history,
    load_draft,
    open_pool,
    reading_of,
    remove_draft,
)
from CovidQuantLib.hitl.pool import submit_reading as submit
from CovidQuantLib.hitl.pool.layout import INFECTION_FILE
from CovidQuantLib.hitl.pool.reading_maps import Outside
from CovidQuantLib.hitl.pool.revisions import find_revision
from CovidQuantLib.messages import InputError
from CovidQuantLib.reports.result_facts import read_result_facts

_SUBMIT = """\
Submit a reading: an infection mask of SCAN (1 ground glass, 2 consolidation) in any format that editors write, on the
CT's grid. It becomes a revision of its own; earlier ones stay.

--start says what the reader began with: 'blank', a mask or the results of 'covidquant quantify' that were shown as a
proposal, the code of another reading, or 'unknown'. It matters: readings from a proposal favour the model that made it.

With --draft the reading is what a correction on this computer has left: mask, start, changed anatomy and edit log. The
draft is removed once it is in the pool.
"""


@dataclass(frozen=True)
class _Shown:
    """What the reader was shown first."""

    start: Start
    mask: LabelArray | None = None


def add_actions(actions: Any) -> None:
    """The action's command line."""
    parser = add_action(actions, "submit", _submit, "submit a reading of a scan", _SUBMIT)
    parser.add_argument("pool", metavar="POOL", type=Path)
    parser.add_argument("scan", metavar="SCAN")
    parser.add_argument("mask", metavar="MASK", type=Path, nargs="?")
    parser.add_argument("--draft", metavar="POOL/SCAN", help="the reader's draft on this computer in place of a mask")
    parser.add_argument("--reader", metavar="CODE", required=True, help="the reader's code, such as R1; no name")
    parser.add_argument("--start", metavar="START", help="blank, unknown, a mask, results, or a reading")
    parser.add_argument("--start-model", metavar="NAME", help="which model or program made the proposal")
    parser.add_argument("--anatomy", metavar="DIR", type=Path, help="lungs (lobes, segments) that the reader changed")
    parser.add_argument(
        "--outside-lungs",
        choices=get_args(Outside),
        default="refuse",
        help="infection outside the lungs: refuse (default), add it to the lungs, or cut it away",
    )
    parser.add_argument("--undivided", action="store_true", help="the mask does not tell consolidation: 1 is infection")
    parser.add_argument("--edit-log", metavar="FILE", type=Path, help="the edit log of this reading (JSON lines)")


def _submit(arguments: argparse.Namespace, channel: Channel) -> None:
    pool = open_pool(arguments.pool)
    scan = find_scan(pool, arguments.scan)
    if (arguments.mask is None) == (arguments.draft is None) or (arguments.mask is None) != (arguments.start is None):
        raise InputError("Submit a mask with --start, or --draft. See: covidquant pool submit --help.")
    channel.progress(0.1, "Reading the mask")
    name = _draft_name(arguments) if arguments.draft else None
    reading = _drafted(name, arguments.outside_lungs) if name else _reading(arguments, pool, scan)
    channel.progress(0.5, "Submitting the reading")
    revision = submit(pool, scan, reading)
    if name is not None:
        remove_draft(name)
    past = history(pool, scan)
    lines = [f"Submitted reading {revision.id} of scan {scan.code} by {revision.reader}."]
    if past.reference is None:
        lines.append("Several readings stand side by side: choose the reference with 'pool mark ... --reference REV'.")
    values = {"revision": revision.id, "scan": scan.code, "sequence": revision.sequence, "state": past.state}
    channel.result("\n".join(lines), values)


def _draft_name(arguments: argparse.Namespace) -> DraftName:
    pool, _, scan = arguments.draft.partition("/")
    return DraftName(pool, scan, arguments.reader)


def _drafted(name: DraftName, outside: Outside) -> Reading:
    draft = load_draft(name)
    if draft is None:
        raise InputError("There is no such draft on this computer. Correct the case again, and submit it.")
    return reading_of(name, draft, outside=outside)


def _reading(arguments: argparse.Namespace, pool: Pool, scan: Scan) -> Reading:
    shown = _shown(arguments, scan, history(pool, scan))
    return Reading(
        infection=read_labelmap_on(arguments.mask, scan.grid),
        reader=arguments.reader,
        start=shown.start,
        start_mask=shown.mask,
        classes="infection" if arguments.undivided else "ground glass and consolidation",
        anatomy=read_anatomy(arguments.anatomy, scan.grid) if arguments.anatomy else None,
        edit_log=arguments.edit_log,
        outside=arguments.outside_lungs,
    )


def _shown(arguments: argparse.Namespace, scan: Scan, past: History) -> _Shown:
    """What `--start` stands for. Raises `InputError` where it is nothing."""
    text = arguments.start
    for known in (BLANK, UNKNOWN):
        if text == known.kind:
            return _Shown(known)
    path = Path(text)
    mask = path / INFECTION_FILE if path.is_dir() else path
    if mask.is_file():
        source = arguments.start_model or (read_result_facts(path).sources.get("infection") if path.is_dir() else None)
        if source is None:
            raise InputError("Say which model or program made the proposal: --start-model NAME.")
        return _Shown(Start("proposal", source), read_labelmap_on(mask, scan.grid))
    if not past.readings or path.suffix or len(path.parts) > 1:
        raise InputError("--start is 'blank', 'unknown', a mask, a folder of results, or a reading of this scan.")
    before = find_revision(past.readings, text)
    return _Shown(Start("revision", before.id), read_labelmap_on(before.folder / INFECTION_FILE, scan.grid))

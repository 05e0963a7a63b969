"""`covidquant pool submit`."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from CovidQuantLib.cli.actions import add_action
from CovidQuantLib.cli.channel import Channel
from CovidQuantLib.cli.pool.anatomy_options import read_anatomy
from CovidQuantLib.ct import LabelArray
from CovidQuantLib.ct.labelmaps import read_labelmap_on
from CovidQuantLib.hitl.pool import BLANK, UNKNOWN, History, Reading, Scan, Start, find_scan, history, open_pool
from CovidQuantLib.hitl.pool import submit_reading as submit
from CovidQuantLib.hitl.pool.layout import INFECTION_FILE
from CovidQuantLib.hitl.pool.reading_maps import Outside
from CovidQuantLib.hitl.pool.revisions import find_revision
from CovidQuantLib.messages import InputError
from CovidQuantLib.reports.results import JSON_FILE

_LARGEST_JSON = 1 << 26
_SUBMIT = """\
Submit a reading: an infection mask of SCAN (1 ground glass, 2 consolidation) in any format that editors write, on the
CT's grid. It becomes a revision of its own; earlier ones stay.

--start says what the reader began with: 'blank', a mask or the results of 'covidquant quantify' that were shown as a
proposal, the code of another reading, or 'unknown'. It matters: readings from a proposal favour the model that made it.
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
    parser.add_argument("mask", metavar="MASK", type=Path)
    parser.add_argument("--reader", metavar="CODE", required=True, help="the reader's code, such as R1; no name")
    parser.add_argument("--start", metavar="START", required=True, help="blank, unknown, a mask, results, or a reading")
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
    channel.progress(0.1, "Reading the mask")
    shown = _shown(arguments, scan, history(pool, scan))
    reading = Reading(
        infection=read_labelmap_on(arguments.mask, scan.grid),
        reader=arguments.reader,
        start=shown.start,
        start_mask=shown.mask,
        classes="infection" if arguments.undivided else "ground glass and consolidation",
        anatomy=read_anatomy(arguments.anatomy, scan.grid) if arguments.anatomy else None,
        edit_log=arguments.edit_log,
        outside=arguments.outside_lungs,
    )
    channel.progress(0.5, "Submitting the reading")
    revision = submit(pool, scan, reading)
    past = history(pool, scan)
    lines = [f"Submitted reading {revision.id} of scan {scan.code} by {revision.reader}."]
    if past.reference is None:
        lines.append("Several readings stand side by side: choose the reference with 'pool mark ... --reference REV'.")
    values = {"revision": revision.id, "scan": scan.code, "sequence": revision.sequence, "state": past.state}
    channel.result("\n".join(lines), values)


def _shown(arguments: argparse.Namespace, scan: Scan, past: History) -> _Shown:
    """What `--start` stands for. Raises `InputError` where it is nothing."""
    text = arguments.start
    for known in (BLANK, UNKNOWN):
        if text == known.kind:
            return _Shown(known)
    path = Path(text)
    mask = path / INFECTION_FILE if path.is_dir() else path
    if mask.is_file():
        source = arguments.start_model or (_source_in(path) if path.is_dir() else None)
        if source is None:
            raise InputError("Say which model or program made the proposal: --start-model NAME.")
        return _Shown(Start("proposal", source), read_labelmap_on(mask, scan.grid))
    if not past.readings or path.suffix or len(path.parts) > 1:
        raise InputError("--start is 'blank', 'unknown', a mask, a folder of results, or a reading of this scan.")
    before = find_revision(past.readings, text)
    return _Shown(Start("revision", before.id), read_labelmap_on(before.folder / INFECTION_FILE, scan.grid))


def _source_in(results: Path) -> str | None:
    """Who made the infection mask in a folder of results; None where they do not say."""
    path = results / JSON_FILE
    try:
        if path.stat().st_size > _LARGEST_JSON:
            return None
        source = json.loads(path.read_bytes())["sources"]["infection"]["source"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return source if isinstance(source, str) else None

"""How long readers took, by what they started from: measured minutes, out of the edit logs in the pool."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from CovidQuantLib.hitl.edit_log import read_edit_log, summarise_edit_log
from CovidQuantLib.hitl.pool import History, Pool, Revision, histories
from CovidQuantLib.hitl.pool.grids import read_map
from CovidQuantLib.hitl.pool.layout import EDIT_LOG_FILE, INFECTION_FILE
from CovidQuantLib.hitl.pool.quality import is_unfit
from CovidQuantLib.hitl.rounds.choices import choices, rule_of
from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import Progress, no_progress


@dataclass(frozen=True)
class Correction:
    """The work of one reader on one scan, from its start to the last reading that continues it.

    `model` is what made the proposal, None where the reader began with nothing. `minutes` are open time minus waiting,
    added up over all its readings; None where one of them has no edit log that can be read. `infection_ml` is the
    volume of the result, None where that is an uncorrected proposal with a mean score below 3; `rule` how the scan was
    chosen (`choices.Rule`, or "not recorded").
    """

    scan: str
    reader: str
    model: str | None
    minutes: float | None
    infection_ml: float | None
    rule: str


def corrections(pool: Pool, progress: Progress = no_progress) -> tuple[Correction, ...]:
    """All work in the pool that began with nothing or with a proposal, by scan and reader.

    What began with somebody else's reading, or with a mask made elsewhere, says nothing of a model's help. Raises
    `InputError` where a mask cannot be read.
    """
    chosen = choices(pool)
    past = histories(pool)
    found = []
    for number, one in enumerate(past):
        progress(number / len(past), f"Reading the edit logs of scan {number + 1} of {len(past)}")
        for line in _lines(one):
            if line[0].start.kind in ("blank", "proposal"):
                rule = rule_of(chosen.get(one.scan.code, ()), line[0].sequence)
                found.append(_correction(one, line, rule))
    return tuple(found)


def _lines(past: History) -> Iterable[list[Revision]]:
    """The readings of each reader that continue each other, by where they began."""
    lines: dict[str, list[Revision]] = {}
    root: dict[str, str] = {}
    readers = {one.id: one.reader for one in past.readings}
    for one in past.readings:
        before = one.start.source if one.start.kind == "revision" else None
        first = root.get(before or "", one.id) if before and readers.get(before) == one.reader else one.id
        root[one.id] = first
        lines.setdefault(first, []).append(one)
    return lines.values()


def _correction(past: History, line: list[Revision], rule: str) -> Correction:
    minutes = [_minutes(one) for one in line]
    unfit = is_unfit(past, line[-1])
    return Correction(
        scan=past.scan.code,
        reader=line[0].reader or "",
        model=line[0].start.source,
        minutes=sum(one for one in minutes if one is not None) if None not in minutes else None,
        infection_ml=None if unfit else _infection_ml(past, line[-1]),
        rule=rule,
    )


def _infection_ml(past: History, revision: Revision) -> float:
    mask = read_map(revision.folder / INFECTION_FILE, past.scan.grid)
    return float(np.count_nonzero(mask)) * past.scan.grid.voxel_ml


def _minutes(revision: Revision) -> float | None:
    if EDIT_LOG_FILE not in revision.files:
        return None
    try:
        return summarise_edit_log(read_edit_log(revision.folder / EDIT_LOG_FILE).events).correction_minutes
    except InputError:
        return None

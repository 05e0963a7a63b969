"""How well two readings of one scan agree (Shan et al. 2020, Table 2), and whether they were made independently."""

from __future__ import annotations

from dataclasses import dataclass

from CovidQuantLib.ct import LabelArray
from CovidQuantLib.hitl.pool.grids import read_map
from CovidQuantLib.hitl.pool.history import History, histories
from CovidQuantLib.hitl.pool.layout import INFECTION_FILE, LOBES_FILE, LUNGS_FILE, SEGMENTS_FILE
from CovidQuantLib.hitl.pool.opening import Pool
from CovidQuantLib.hitl.pool.quality import is_unfit
from CovidQuantLib.hitl.pool.reading_maps import read_anatomy_map
from CovidQuantLib.hitl.pool.revisions import Revision, Start, check_reader
from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import Progress, no_progress
from CovidQuantLib.statistics import Agreement, agreement


@dataclass(frozen=True)
class PairOfReadings:
    """Two readings of one scan, measured on one anatomy.

    `both_blank`: both readers started from nothing, as Shan's did. Readings from a proposal agree better than readers
    do: they stand apart, flagged. `unfit`: one of them is an uncorrected proposal with a mean score below 3, which no
    statistics take.
    """

    patient: str
    scan: str
    first: str
    second: str
    both_blank: bool
    agreement: Agreement
    unfit: bool = False


def first_start(revision: Revision, past: History) -> Start:
    """What a reader's work on a scan began with: a reading that continues the reader's own one began where that did."""
    by_id = {one.id: one for one in past.readings}
    seen = set()
    while revision.start.kind == "revision" and revision.id not in seen:
        seen.add(revision.id)
        before = by_id.get(revision.start.source or "")
        if before is None or before.reader != revision.reader:
            break
        revision = before
    return revision.start


def compare_readings(past: History, first: Revision, second: Revision) -> PairOfReadings:
    """The agreement of two readings of one scan; `first` counts as the reference where that makes a difference.

    Both are measured on the scan's newest anatomy, else on the lungs of `first`, else of `second`. Raises `InputError`
    where the pool holds no lungs of this scan.
    """
    for owner in (past.anatomy, first, second):
        if owner is not None and (lungs := _map(LUNGS_FILE, past, owner)) is not None:
            lobes, segments = _map(LOBES_FILE, past, owner), _map(SEGMENTS_FILE, past, owner)
            break
    else:
        raise InputError(
            "A percentage of infection needs lungs, and the pool holds none of this scan. Submit a reading with lungs, "
            "or add the scan with its anatomy."
        )
    infections = [read_map(one.folder / INFECTION_FILE, past.scan.grid) for one in (first, second)]
    measured = agreement(infections[0], infections[1], past.scan.grid, lungs=lungs, lobes=lobes, segments=segments)
    return PairOfReadings(
        patient=past.scan.patient,
        scan=past.scan.code,
        first=first.id,
        second=second.id,
        both_blank=all(first_start(one, past).kind == "blank" for one in (first, second)),
        agreement=measured,
        unfit=any(is_unfit(past, one) for one in (first, second)),
    )


def compare_readers(
    pool: Pool, first: str, second: str, progress: Progress = no_progress
) -> tuple[PairOfReadings, ...]:
    """The agreement of two readers (codes) on every scan that both have read, by their last readings.

    Raises `InputError` where there is no such scan.
    """
    if check_reader(first) == check_reader(second):
        raise InputError("Give two readers: one reader's readings do not tell how well readers agree.")
    both = [
        (past, one, other)
        for past in histories(pool)
        if (one := past.newest_by(first)) is not None and (other := past.newest_by(second)) is not None
    ]
    if not both:
        raise InputError("There is no scan in the pool that both readers have read.")
    pairs = []
    for number, (past, one, other) in enumerate(both):
        progress(number / len(both), f"Comparing scan {number + 1} of {len(both)}")
        pairs.append(compare_readings(past, one, other))
    return tuple(pairs)


def _map(name: str, past: History, owner: Revision) -> LabelArray | None:
    return read_anatomy_map(name, past.scan, owner, past.revisions)

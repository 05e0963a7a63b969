"""The judgement of a round: the old and the new model on the same held-out scans, one record for each scan."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from CovidQuantLib.anatomy import LUNGS_KEY
from CovidQuantLib.ct import LabelArray
from CovidQuantLib.hitl.pool import Item, Pool, read_anatomy_map, read_lungs, read_scan_ct
from CovidQuantLib.hitl.pool.grids import read_map
from CovidQuantLib.hitl.pool.layout import INFECTION_FILE, LOBES_FILE, LUNGS_FILE, SEGMENTS_FILE, coded_entries
from CovidQuantLib.hitl.pool.revisions import StartKind
from CovidQuantLib.hitl.rounds.claims import Run
from CovidQuantLib.hitl.rounds.models import PoolModel, seen_cases
from CovidQuantLib.hitl.rounds.places import damaged, evaluations_folder, read_record, write_record
from CovidQuantLib.hitl.rounds.proposals import Proposer
from CovidQuantLib.hitl.rounds.snapshot import rebuilt
from CovidQuantLib.progress import Progress, part_of
from CovidQuantLib.statistics import Agreement, agreement

Standing = Literal["counts", "from a proposal", "seen in training", "no infection"]
"""Whether a held-out scan counts in the comparison, or why it is reported apart."""
_KIND = "evaluation"
_ESTIMATED = "estimated"


@dataclass(frozen=True)
class ScanJudged:
    """One held-out scan: the old and the new model against the reference, measured on one anatomy.

    `start` is what the reference began with, whoever continued it; `seen` whether either model, or one before it, was
    trained on this CT. `estimated` says that its lobes or segments are estimates.
    """

    patient: str
    scan: str
    reader: str
    start: StartKind
    synthetic: bool
    seen: bool
    estimated: bool
    old: Agreement
    new: Agreement

    @property
    def standing(self) -> Standing:
        """Whether this scan counts. One without infection has no Dice; what models find in it stands apart."""
        if self.seen:
            return "seen in training"
        if self.start in ("proposal", "revision"):
            return "from a proposal"
        return "counts" if self.new.reference_ml > 0 else "no infection"


def evaluate_round(
    run: Run, old: PoolModel | None, new: PoolModel, proposer: Proposer, progress: Progress
) -> tuple[ScanJudged, ...]:
    """Judge both models on the hold-out of the round's snapshot; scans that are judged already are not done again.

    A scan without lungs in the pool has no percentage of infection, and is left out. Raises `InputError` where a
    reading is not what the snapshot says, a model cannot run, or the pool cannot be written.
    """
    items = rebuilt(run.pool, run.number).holdout
    folder = evaluations_folder(run.pool, run.number)
    seen = seen_cases(run.pool, new.card) | seen_cases(run.pool, old.card if old else None)
    for number, item in enumerate(items):
        step = part_of(progress, number / len(items), (number + 1) / len(items))
        step(0.0, f"Judging held-out scan {number + 1} of {len(items)}")
        if (folder / f"{item.scan.code}.json").is_file():
            continue
        judged = _judge(item, old, new, seen, proposer, step)
        if judged is not None:
            run.check()
            write_record(run.pool, folder / f"{item.scan.code}.json", _KIND, asdict(judged))
    return judged_scans(run.pool, run.number)


def judged_scans(pool: Pool, number: int) -> tuple[ScanJudged, ...]:
    """What a round found in its held-out scans, by scan. Raises `InputError` where a record is damaged."""
    return tuple(read_judged(path) for path in coded_entries(evaluations_folder(pool, number)))


def automatic_lungs(item: Item) -> LabelArray | None:
    """The lungs that a proposal for this scan is made in: those before the reader changed them; None where unknown."""
    base = item.anatomy
    if base is not None and LUNGS_FILE in base.files:
        return read_map(base.folder / LUNGS_FILE, item.scan.grid)
    return read_lungs(item.scan, item.revision, item.found)


def _judge(
    item: Item, old: PoolModel | None, new: PoolModel, seen: frozenset[str], proposer: Proposer, progress: Progress
) -> ScanJudged | None:
    lungs, whole = automatic_lungs(item), read_lungs(item.scan, item.revision, item.found)
    if lungs is None or whole is None:
        return None
    ct = read_scan_ct(item.scan)
    lobes, segments = (
        read_anatomy_map(name, item.scan, item.revision, item.found) for name in (LOBES_FILE, SEGMENTS_FILE)
    )
    reference = read_map(item.revision.folder / INFECTION_FILE, item.scan.grid)
    found = proposer(ct, lungs, (old.folder if old else None, new.folder), progress)
    by_old, by_new = (
        agreement(reference, one, item.scan.grid, lungs=whole, lobes=lobes, segments=segments) for one in found
    )
    owner = item.anatomy or item.revision
    return ScanJudged(
        patient=item.patient.code,
        scan=item.scan.code,
        reader=item.revision.reader or "",
        start=item.start.kind,
        synthetic=item.scan.details.synthetic,
        # The hash by which a model's card names the cases that it was trained on.
        seen=hashlib.sha256(np.ascontiguousarray(ct.hu).data).hexdigest() in seen,
        estimated=_ESTIMATED in {*owner.sources.values(), *item.revision.sources.values()},
        old=by_old,
        new=by_new,
    )


def read_judged(path: Path) -> ScanJudged:
    """What a round found in one held-out scan. Raises `InputError` where the record is damaged."""
    values = read_record(path, _KIND)
    try:
        facts = {name: values[name] for name in ScanJudged.__dataclass_fields__ if name not in ("old", "new")}
        return ScanJudged(**facts, old=_agreement(values["old"]), new=_agreement(values["new"]))
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(_KIND) from error


def _agreement(values: dict[str, Any]) -> Agreement:
    reference, prediction = values["outside_lungs_ml"]
    found = Agreement(**{**values, "outside_lungs_ml": (float(reference), float(prediction))})
    if LUNGS_KEY not in found.poi_errors:
        raise ValueError
    return found

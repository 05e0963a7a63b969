"""Which scan to correct next: at random, where the model is least sure, finds most, or has seen nothing like it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np

from CovidQuantLib.ct import CtVolume, LabelArray
from CovidQuantLib.hitl.pool import History, Pool, histories, leases, patients, read_anatomy_map, read_scan_ct
from CovidQuantLib.hitl.pool.layout import LUNGS_FILE
from CovidQuantLib.hitl.rounds.choices import Rule, record_choice
from CovidQuantLib.hitl.rounds.likeness import MEASURE, Features, features, unlikeness
from CovidQuantLib.hitl.rounds.models import PoolModel
from CovidQuantLib.hitl.rounds.promotions import active_in_pool
from CovidQuantLib.hitl.rounds.proposals import Proposer, propose, uncertainty
from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import Progress, no_progress, part_of

Uncertainty = Callable[[CtVolume, LabelArray, Path, Progress], float]
MEASURES: dict[Rule, str] = {
    "random": "a hash of the seed and the scan's code",
    "uncertain": "the mean over the lungs of the entropy of the active model's answer, 0 to 1",
    "largest": "the volume of infection that the active model finds, in ml",
    "unlike": MEASURE,
}
DEFAULT_AMONG = 20


@dataclass(frozen=True)
class Suggestion:
    """One scan to correct next, with what the rule measured (`MEASURES`; None for a random one).

    `is_leased` says that somebody may be working on it.
    """

    scan: str
    patient: str
    rule: Rule
    value: float | None
    among: int
    is_leased: bool


@dataclass(frozen=True)
class Eyes:
    """By what scans are measured; tests put others in their place."""

    proposer: Proposer = propose
    uncertainty: Uncertainty = uncertainty


def next_scans(
    pool: Pool,
    rule: Rule = "random",
    *,
    count: int = 1,
    seed: int = 1,
    among: int = DEFAULT_AMONG,
    held_out: bool = False,
    progress: Progress = no_progress,
    eyes: Eyes | None = None,
) -> tuple[Suggestion, ...]:
    """`count` scans that nobody has read, best first by `rule`, and the choice kept on record for each.

    Rules other than random look at `among` scans drawn with `seed`, since each one takes a model or a CT. Scans under a
    lease come last. `held_out` takes scans of the hold-out, at random only: a hold-out that a model chose judges none.
    Raises `InputError` where there is no such scan, where the rule needs a model and none is active, or where the pool
    cannot be written.
    """
    _check(rule, count, among, held_out=held_out)
    unread, read = _parted(pool, held_out=held_out)
    if not unread:
        raise InputError("Every scan on this side of the hold-out has a reading. Add scans: covidquant pool add POOL.")
    busy = {lease.scan for lease in leases(pool)}
    drawn = sorted(unread, key=lambda one: (one.scan.code in busy, _draw(one, seed)))
    active = active_in_pool(pool) if rule in ("uncertain", "largest") else None
    if rule == "random":
        chosen: list[tuple[History, float | None]] = [(one, None) for one in drawn[:count]]
        among = len(drawn)
    else:
        drawn = drawn[:among]
        values = _measured(rule, drawn, read, active, eyes or Eyes(), progress)
        ranked = sorted(values, key=lambda pair: (pair[0].scan.code in busy, -pair[1]))
        among, chosen = len(values), [(past, value) for past, value in ranked[:count]]
    if not chosen:
        raise InputError("None of these scans has lungs in the pool, which the rule needs. Choose at random instead.")
    model = active.card.id if active else None
    for past, value in chosen:
        record_choice(pool, past, rule=rule, seed=seed, among=among, model=model, value=value)
    return tuple(
        Suggestion(past.scan.code, past.scan.patient, rule, value, among, past.scan.code in busy)
        for past, value in chosen
    )


def _check(rule: str, count: int, among: int, *, held_out: bool) -> None:
    if rule not in get_args(Rule):
        raise InputError(f"A rule is one of: {', '.join(get_args(Rule))}.")
    if count < 1 or among < 1:
        raise InputError("Ask for at least one scan, among at least one.")
    if held_out and rule != "random":
        raise InputError(
            "Scans of the hold-out are chosen at random: one that a model chose would not judge it fairly."
        )


def _parted(pool: Pool, *, held_out: bool) -> tuple[list[History], list[History]]:
    """The scans of one side that nobody has read, and those that somebody has."""
    side = {one.code for one in patients(pool) if one.side.held_out == held_out}
    found = [one for one in histories(pool) if one.scan.patient in side]
    return [one for one in found if not one.readings], [one for one in found if one.readings]


def _draw(past: History, seed: int) -> str:
    return hashlib.sha256(f"next {seed} {past.scan.code}".encode()).hexdigest()


def _measured(
    rule: Rule,
    drawn: Sequence[History],
    read: Sequence[History],
    active: PoolModel | None,
    eyes: Eyes,
    progress: Progress,
) -> list[tuple[History, float]]:
    """What the rule measures of each scan that has lungs."""
    if rule == "uncertain" and active is None:
        raise InputError("No network is active, and a threshold is never unsure. Choose by another rule.")
    known = _all_features(read, part_of(progress, 0.0, 0.5)) if rule == "unlike" else []
    if rule == "unlike" and not known:
        raise InputError("No scan with lungs is read yet: there is nothing to be unlike. Choose at random first.")
    begun = 0.5 if rule == "unlike" else 0.0
    found = []
    for number, past in enumerate(drawn):
        share = (1.0 - begun) / len(drawn)
        step = part_of(progress, begun + number * share, begun + (number + 1) * share)
        step(0.0, f"Looking at scan {number + 1} of {len(drawn)}")
        value = _value(rule, past, known, active, eyes, step)
        if value is not None:
            found.append((past, value))
    return found


def _value(
    rule: Rule, past: History, known: Sequence[Features], active: PoolModel | None, eyes: Eyes, progress: Progress
) -> float | None:
    lungs = lungs_of(past)
    if lungs is None:
        return None
    ct = read_scan_ct(past.scan)
    if rule == "unlike":
        own = features(ct.hu, lungs, past.scan.grid)
        return None if own is None else unlikeness(own, known)
    if rule == "uncertain" and active is not None:
        return eyes.uncertainty(ct, lungs, active.folder, progress)
    (found,) = eyes.proposer(ct, lungs, (active.folder if active else None,), progress)
    return float(np.count_nonzero(found)) * past.scan.grid.voxel_ml


def lungs_of(past: History) -> LabelArray | None:
    """The lungs of a scan that nobody has read: those of its newest anatomy; None where the pool holds none."""
    return None if past.anatomy is None else read_anatomy_map(LUNGS_FILE, past.scan, past.anatomy, past.revisions)


def _all_features(read: Sequence[History], progress: Progress) -> list[Features]:
    found = []
    for number, past in enumerate(read):
        progress(number / len(read), f"Looking at read scan {number + 1} of {len(read)}")
        lungs = lungs_of(past)
        own = None if lungs is None else features(read_scan_ct(past.scan).hu, lungs, past.scan.grid)
        if own is not None:
            found.append(own)
    return found

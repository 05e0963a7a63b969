"""What `verify` looks at in one round: its records, the readings of its snapshot, its model and its decision."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from CovidQuantLib.hitl.pool import History, Pool, Problem, Snapshot
from CovidQuantLib.hitl.pool.durable import file_fact
from CovidQuantLib.hitl.pool.layout import CT_FILE, RECORD_FILE, SNAPSHOT_FILE, coded_entries, is_temporary
from CovidQuantLib.hitl.pool.snapshots import SnapshotItem, read_snapshot
from CovidQuantLib.hitl.rounds.decision import Decision, decide, read_decision, uses_of_holdout
from CovidQuantLib.hitl.rounds.evaluation import ScanJudged, read_judged
from CovidQuantLib.hitl.rounds.places import (
    ABANDONED_FILE,
    DECISION_FILE,
    EVALUATION_FOLDER,
    REQUEST_FILE,
    RUNS_FOLDER,
    TRAINED_FILE,
    TRAINING_OUTPUT,
    evaluations_folder,
    promotions_folder,
    read_record,
    round_folder,
    round_numbers,
)
from CovidQuantLib.hitl.rounds.requests import Request, read_request
from CovidQuantLib.messages import InputError
from CovidQuantLib.models import ModelCard

T = TypeVar("T")
_STEPS = (REQUEST_FILE, SNAPSHOT_FILE, TRAINED_FILE, DECISION_FILE)
_KNOWN = {*_STEPS, ABANDONED_FILE, EVALUATION_FOLDER, RUNS_FOLDER, TRAINING_OUTPUT, f"{TRAINING_OUTPUT}.training"}


@dataclass(frozen=True)
class Surroundings:
    """What a round stands on: whole models by id, histories by scan, held-out patients, and hashes of their CTs."""

    models: Mapping[str, ModelCard]
    pasts: Mapping[str, History]
    held_out: frozenset[str]
    held_out_voxels: frozenset[str]


@dataclass(frozen=True)
class _Records:
    """What a round has written, as far as it is there and whole; `trained` is what its record says."""

    folder: Path
    request: Request | None
    snapshot: Snapshot | None
    trained: Mapping[str, Any] | None
    judged: tuple[ScanJudged, ...]
    decision: Decision | None


def round_problems(pool: Pool, number: int, around: Surroundings) -> Iterator[Problem]:
    """Every broken promise of one round. What its snapshot says against the hold-out rule is in `pool.verify`."""
    where, folder = f"round {number:03d}", round_folder(pool, number)
    yield from _missing_steps(folder, where)
    for path in sorted(folder.iterdir()):
        if path.name not in _KNOWN and not is_temporary(path):
            yield Problem("unlisted_file", where, "There is something that the round did not put there.")
    problems: list[Problem] = []
    records = _records(pool, number, where, problems)
    yield from problems
    if records.snapshot is not None:
        yield from _snapshot_problems(pool, records.snapshot, around, where)
    yield from _model_problems(records, around, where)
    yield from _judged_problems(records, around, where)
    if records.decision is not None:
        yield from _decision_problems(pool, records, records.decision, where)


def _missing_steps(folder: Path, where: str) -> Iterator[Problem]:
    """Records that are not there although a later step has written its own."""
    there = [(folder / name).is_file() for name in _STEPS]
    for place, name in enumerate(_STEPS):
        if not there[place] and any(there[place + 1 :]):
            yield Problem("missing_file", where, f"{name} is missing, and later steps of the round are there.")


def _records(pool: Pool, number: int, where: str, problems: list[Problem]) -> _Records:
    """What is whole; what is damaged is added to `problems`, but a snapshot, which `pool.verify` has named."""
    folder = round_folder(pool, number)

    def whole(path: Path, read: Callable[[], T], place: str = where) -> T | None:
        try:
            return read() if path.is_file() else None
        except InputError as error:
            problems.append(Problem("damaged_record", place, str(error)))
            return None

    judged = [
        whole(path, partial(read_judged, path), f"{where}, scan {path.stem}")
        for path in coded_entries(evaluations_folder(pool, number))
    ]
    whole(folder / ABANDONED_FILE, lambda: read_record(folder / ABANDONED_FILE, "abandoned"))
    return _Records(
        folder=folder,
        request=whole(folder / REQUEST_FILE, lambda: read_request(pool, number)),
        snapshot=_snapshot(folder),
        trained=whole(folder / TRAINED_FILE, lambda: read_record(folder / TRAINED_FILE, "trained")),
        judged=tuple(one for one in judged if one is not None),
        decision=whole(folder / DECISION_FILE, lambda: read_decision(pool, number)),
    )


def _snapshot(folder: Path) -> Snapshot | None:
    try:
        return read_snapshot(folder / SNAPSHOT_FILE)
    except InputError:
        return None


def _snapshot_problems(pool: Pool, snapshot: Snapshot, around: Surroundings, where: str) -> Iterator[Problem]:
    if snapshot.pool != pool.id:
        yield Problem("damaged_record", where, "Its snapshot belongs to another pool.")
    for one in (*snapshot.training, *snapshot.holdout):
        yield from _item_problems(one, around.pasts.get(one.scan), f"{where}, scan {one.scan}")
    for patient in sorted({one.patient for one in snapshot.holdout} - around.held_out):
        sentence = f"Patient {patient}, who is not held out, is among those that this round was judged on."
        yield Problem("training_in_held_out", where, sentence)


def _item_problems(one: SnapshotItem, past: History | None, where: str) -> Iterator[Problem]:
    """A reading of a snapshot that is not there, or is not what it was."""
    by_id = {revision.id: revision for revision in past.revisions} if past is not None else {}
    if past is None or one.revision not in by_id or past.scan.patient != one.patient:
        yield Problem("missing_reading", where, "A reading of the snapshot is not there, or is damaged.")
        return
    reading = by_id[one.revision]
    anatomy = by_id.get(reading.anatomy or "")
    hashes = [None if one is None else file_fact(one.folder / RECORD_FILE).sha256 for one in (reading, anatomy)]
    if [past.scan.files[CT_FILE].sha256, *hashes] != [one.ct, one.record, one.anatomy]:
        yield Problem("changed_reading", where, "CT, lungs or reading are not those of the snapshot: hashes differ.")


def _model_problems(records: _Records, around: Surroundings, where: str) -> Iterator[Problem]:
    request, trained, decision = records.request, records.trained or {}, records.decision
    named = {trained.get("model"), request and request.old, request and request.parent, decision and decision.model}
    for model in sorted(str(one) for one in named if one and one not in around.models):
        yield Problem("missing_model", where, f"Model {model}, which the round names, is not there, or not whole.")
    card = around.models.get(str(trained.get("model")))
    if card is None:
        return
    if card.sha256 != trained.get("weights"):
        yield Problem("damaged_model", where, "The weights of its model are not those that it has trained.")
    if request is not None and trained.get("parent") != request.parent:
        yield Problem("contradiction", where, "Its model has another parent than it was to be trained on.")
    if around.held_out_voxels & set(card.trained_on):
        yield Problem("held_out_in_training", where, "Its model was trained on a held-out CT, as its card says.")


def _judged_problems(records: _Records, around: Surroundings, where: str) -> Iterator[Problem]:
    """Judgements of scans that are not of the snapshot, and scans with lungs that a decision was made without."""
    if records.snapshot is None:
        return
    wanted = {one.scan: one for one in records.snapshot.holdout}
    found = {one.scan for one in records.judged}
    for scan in sorted(found - set(wanted)):
        yield Problem("unlisted_file", f"{where}, scan {scan}", "The round has judged a scan outside of its snapshot.")
    # A damaged judgement is named as such: what is not there at all is missing.
    there = {path.stem for path in coded_entries(records.folder / EVALUATION_FOLDER)}
    for scan in sorted(set(wanted) - there if records.decision else ()):
        past = around.pasts.get(scan)
        reading = next((one for one in past.revisions if one.id == wanted[scan].revision), None) if past else None
        if past and reading and any(one.has_lungs for one in past.revisions if one.id in (reading.id, reading.anatomy)):
            sentence = "The judgement of this held-out scan is missing, and the round has decided."
            yield Problem("missing_file", f"{where}, scan {scan}", sentence)


def _decision_problems(pool: Pool, records: _Records, decision: Decision, where: str) -> Iterator[Problem]:
    request, trained = records.request, records.trained
    if trained is not None and decision.model != trained.get("model"):
        yield Problem("contradiction", where, "It has decided on another model than it has trained.")
    if request is not None and (decision.old, decision.margin) != (request.old, request.options.margin):
        yield Problem("contradiction", where, "It has compared with another model, or margin, than it was asked to.")
    if not _follows(pool, records.judged, decision):
        yield Problem("contradiction", where, "Its decision does not follow from what it found in the held-out scans.")
    later = any(number > decision.number for number in round_numbers(pool))
    if later and decision.promotion and not (promotions_folder(pool) / f"{decision.promotion}.json").is_file():
        yield Problem("missing_promotion", where, "The promotion that it decided on is not there.")


def _follows(pool: Pool, judged: Sequence[ScanJudged], decision: Decision) -> bool:
    """Whether the figures and the verdict are those that the rule gives. An obstacle leaves the verdict to a person."""
    again = decide(
        decision.number,
        decision.model,
        decision.old,
        judged,
        margin=decision.margin,
        least=pool.rule.minimum,
        uses=uses_of_holdout(pool, decision.number),
        promotion=decision.promotion or "",
    )
    numbers = [(one.patients, one.uses, one.difference, one.sd, one.lower) for one in (again, decision)]
    same = all(_is_close(one, other) for one, other in zip(*numbers, strict=True))
    return same and decision.verdict in (again.verdict, "not decidable")


def _is_close(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)

"""The snapshot of a round: which readings exactly, with hashes, what was left out, and how the rest was chosen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from CovidQuantLib.hitl.pool import (
    Item,
    Pool,
    Revision,
    Selection,
    Snapshot,
    history,
    patients,
    read_snapshot,
    scans,
    select,
)
from CovidQuantLib.hitl.pool.durable import file_fact, refuse, write_file
from CovidQuantLib.hitl.pool.file_facts import is_whole
from CovidQuantLib.hitl.pool.layout import CT_FILE, RECORD_FILE, SNAPSHOT_FILE
from CovidQuantLib.hitl.pool.sealed import read_sealed, seal, unseal
from CovidQuantLib.hitl.pool.snapshots import SnapshotItem, format_snapshot, take_snapshot
from CovidQuantLib.hitl.rounds.batches import in_batch, next_batch
from CovidQuantLib.hitl.rounds.places import TRAINED_FILE, ensure_folders, round_folder, round_numbers
from CovidQuantLib.hitl.rounds.requests import Request, RoundOptions, has_request, read_request
from CovidQuantLib.messages import InputError
from CovidQuantLib.models import ModelCard
from CovidQuantLib.training.options import PAIR

_ALL = "all references for training"
_CHANGED = (
    "A reading of this round's snapshot is gone, or is not what it was: the round cannot be rebuilt. See which: "
    "covidquant pool verify POOL."
)


@dataclass(frozen=True)
class Taken:
    """What a round takes: the selection, by which rule, and what was left out by licence (scans by name of licence)."""

    selection: Selection
    rule: str
    licences_left_out: dict[str, int]


def snapshot_path(pool: Pool, number: int) -> Path:
    """The file of a round's snapshot."""
    return round_folder(pool, number) / SNAPSHOT_FILE


def choose(pool: Pool, request: Request, parent: ModelCard | None) -> Taken:
    """What the round asked for takes from the pool as it is now.

    Raises `InputError` where no reading is for training, or too few for the next batch.
    """
    options = request.options
    if options.again is not None:
        return Taken(rebuilt(pool, options.again), f"the snapshot of round {options.again}, once more", {})
    found = select(pool, non_commercial=options.non_commercial)
    label_set = parent.label_set.name if parent is not None else options.training.label_set
    if label_set == "classes" and not _learns_from_patients(parent, options):
        found = Selection(_with_classes(found.training), found.holdout, found.left_out)
    if not found.training:
        raise InputError(
            "There is no reference reading for training in this pool. Submit one, or see what is left out: "
            "covidquant pool status POOL."
        )
    if not options.batches:
        return Taken(found, _ALL, _licences_left_out(pool, found, non_commercial=options.non_commercial))
    before = _last_trained(pool, request.number)
    size = next_batch(options.batches, len(before))
    taken = in_batch(found.training, size, before, options.training.seed)
    rule = f"a batch of {size}: the {len(before)} scans of the last round first, then patients by hash"
    left = _licences_left_out(pool, found, non_commercial=options.non_commercial)
    return Taken(Selection(taken, found.holdout, found.left_out), rule, left)


def write_snapshot(pool: Pool, number: int, choice: Taken) -> None:
    """Write the snapshot of a round. Raises `InputError` where the pool cannot be written."""
    values = unseal(format_snapshot(take_snapshot(pool, choice.selection)), "A round's snapshot")
    values |= {
        "rule": choice.rule,
        "left_out": {str(reason): count for reason, count in choice.selection.left_out.items()},
        "licences_left_out": choice.licences_left_out,
        "licences": dict(Counter(item.scan.details.licence.name for item in choice.selection.training)),
    }
    path = snapshot_path(pool, number)
    try:
        ensure_folders(pool, path.parent)
        write_file(pool.disk, path, seal(values), _is_snapshot)
    except OSError as error:
        refuse(error, "The round stopped before its training: covidquant round resume POOL.")


def snapshot_of(pool: Pool, number: int) -> Snapshot:
    """The snapshot of a round. Raises `InputError` where there is none, or it is damaged or another pool's."""
    found = read_snapshot(snapshot_path(pool, number))
    if found.pool != pool.id:
        raise InputError("A round's snapshot belongs to another pool. Restore it from a backup of this one.")
    return found


def snapshot_facts(pool: Pool, number: int) -> dict[str, Any]:
    """What a snapshot says beside its readings: rule, left_out, licences_left_out, licences."""
    return read_sealed(snapshot_path(pool, number), "A round's snapshot")


def rebuilt(pool: Pool, number: int) -> Selection:
    """The readings of a past round, each exactly as it was: CT, lungs, record and files have the hashes of then.

    Raises `InputError` where one is gone or was changed.
    """
    snapshot = snapshot_of(pool, number)
    return Selection(_items(pool, snapshot.training), _items(pool, snapshot.holdout), {})


def _items(pool: Pool, wanted: Iterable[SnapshotItem]) -> tuple[Item, ...]:
    owners = {patient.code: patient for patient in patients(pool)}
    found = []
    for one in wanted:
        scan = next((scan for scan in scans(pool, one.patient) if scan.code == one.scan), None)
        if scan is None or one.patient not in owners:
            raise InputError(_CHANGED)
        past = history(pool, scan)
        revision = next((reading for reading in past.readings if reading.id == one.revision), None)
        if revision is None or scan.files[CT_FILE].sha256 != one.ct or not is_whole(scan.folder, scan.files):
            raise InputError(_CHANGED)
        item = Item(owners[one.patient], scan, revision, past.revisions, one.has_consolidation)
        if _record_hash(revision) != one.record or _record_hash(item.anatomy) != one.anatomy:
            raise InputError(_CHANGED)
        found.append(item)
    return tuple(found)


def _record_hash(revision: Revision | None) -> str | None:
    return None if revision is None else file_fact(revision.folder / RECORD_FILE).sha256


def _learns_from_patients(parent: ModelCard | None, options: RoundOptions) -> bool:
    """Whether the network takes consolidation from the scans' clinical facts: then masks need not tell it."""
    return (parent.network if parent is not None else options.training.network) == PAIR


def _with_classes(items: tuple[Item, ...]) -> tuple[Item, ...]:
    return tuple(item for item in items if item.revision.classes != "infection")


def _licences_left_out(pool: Pool, taken: Selection, *, non_commercial: bool) -> dict[str, int]:
    if non_commercial:
        return {}
    everything = select(pool)
    held = {item.scan.code for item in (*taken.training, *taken.holdout)}
    left = (item for item in (*everything.training, *everything.holdout) if item.scan.code not in held)
    return dict(Counter(item.scan.details.licence.name for item in left if not item.scan.details.licence.is_free))


def _last_trained(pool: Pool, number: int) -> frozenset[str]:
    """The scans of the last round before `number` that was trained; none where there was no such round."""
    for one in reversed([one for one in round_numbers(pool) if one < number]):
        if has_request(pool, one) and read_request(pool, one).options.again is None and _is_trained(pool, one):
            return frozenset(item.scan for item in snapshot_of(pool, one).training)
    return frozenset()


def _is_trained(pool: Pool, number: int) -> bool:
    return (round_folder(pool, number) / TRAINED_FILE).is_file()


def _is_snapshot(path: Path) -> bool:
    try:
        read_snapshot(path)
    except InputError:
        return False
    return True

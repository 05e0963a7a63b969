"""Snapshots: exactly which readings a round trained on and was judged on, with the hashes of what they held."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from CovidQuantLib.hitl.pool.durable import file_fact
from CovidQuantLib.hitl.pool.layout import CT_FILE, RECORD_FILE, is_code
from CovidQuantLib.hitl.pool.opening import FORMAT, Pool
from CovidQuantLib.hitl.pool.sealed import read_sealed, seal
from CovidQuantLib.hitl.pool.selection import Item, Selection
from CovidQuantLib.messages import InputError


@dataclass(frozen=True)
class SnapshotItem:
    """One reading in a snapshot. `record` is the SHA-256 of its record, which holds the hashes of its files.

    `anatomy` is that of the record of the revision that the reading names for its lungs: None where it names none, or
    that one was not whole. `has_consolidation` is what was known of the scan then: it may be said otherwise later.
    """

    patient: str
    scan: str
    revision: str
    record: str
    ct: str
    anatomy: str | None = None
    has_consolidation: bool | None = None


@dataclass(frozen=True)
class Snapshot:
    """What a round stands on: readings for training and readings of the hold-out."""

    pool: str
    training: tuple[SnapshotItem, ...]
    holdout: tuple[SnapshotItem, ...]


def take_snapshot(pool: Pool, selection: Selection) -> Snapshot:
    """The snapshot of a selection. Raises `InputError` where a file is gone in the meantime."""
    return Snapshot(pool.id, _items(selection.training), _items(selection.holdout))


def format_snapshot(snapshot: Snapshot) -> bytes:
    """The bytes of a snapshot's file."""
    return seal(
        {
            "v": FORMAT,
            "kind": "snapshot",
            "pool": snapshot.pool,
            "training": [vars(item) for item in snapshot.training],
            "holdout": [vars(item) for item in snapshot.holdout],
        }
    )


def read_snapshot(path: Path) -> Snapshot:
    """The snapshot in a file. Raises `InputError` where it is damaged."""
    values = read_sealed(path, "A round's snapshot")
    pool = values.get("pool")
    if values.get("v") != FORMAT or values.get("kind") != "snapshot" or not isinstance(pool, str):
        raise InputError("A round's snapshot cannot be read. Restore it from a backup of the pool.")
    return Snapshot(pool, _parsed(values.get("training")), _parsed(values.get("holdout")))


def _items(items: Iterable[Item]) -> tuple[SnapshotItem, ...]:
    try:
        return tuple(
            SnapshotItem(
                patient=item.patient.code,
                scan=item.scan.code,
                revision=item.revision.id,
                record=file_fact(item.revision.folder / RECORD_FILE).sha256,
                ct=item.scan.files[CT_FILE].sha256,
                anatomy=None if item.anatomy is None else file_fact(item.anatomy.folder / RECORD_FILE).sha256,
                has_consolidation=item.has_consolidation,
            )
            for item in items
        )
    except OSError as error:
        raise InputError("A reading went away while the snapshot was taken. Look: covidquant pool verify.") from error


def _parsed(items: Any) -> tuple[SnapshotItem, ...]:
    try:
        found = tuple(SnapshotItem(**item) for item in items)
    except TypeError as error:
        raise InputError("A round's snapshot does not name its readings. Restore it from a backup.") from error
    if not all(isinstance(code, str) and is_code(code) for one in found for code in (one.patient, one.scan)):
        raise InputError("A round's snapshot names readings by something that is no code. Restore it from a backup.")
    return found

"""Making a pool, and opening it with the key that it was made with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from CovidQuantLib.files import whole_folder
from CovidQuantLib.hitl.pool.durable import Disk
from CovidQuantLib.hitl.pool.holdout import DEFAULT_FRACTION, DEFAULT_MINIMUM, HoldoutRule, rule_from, rule_values
from CovidQuantLib.hitl.pool.keys import find_key, fingerprint, make_key
from CovidQuantLib.hitl.pool.layout import POOL_FILE, is_code, leases_folder, new_code, patients_folder
from CovidQuantLib.hitl.pool.sealed import read_sealed, seal
from CovidQuantLib.hitl.pool.subjects import Subject, patient_codes
from CovidQuantLib.messages import InputError

FORMAT = 1


@dataclass(frozen=True)
class Pool:
    """An open pool: its folder, its id, the frozen hold-out rule, and the key that its codes are made with.

    `disk` is how it is written; tests put another one there.
    """

    folder: Path
    id: str
    rule: HoldoutRule
    key: bytes = field(repr=False)
    disk: Disk = field(default_factory=Disk, repr=False, compare=False)


def init_pool(
    folder: Path,
    *,
    fraction: float = DEFAULT_FRACTION,
    minimum: int = DEFAULT_MINIMUM,
    held_out: Sequence[Subject] = (),
    training: Sequence[Subject] = (),
) -> Pool:
    """Make a pool in `folder`, new or empty, and the site's key where there is none yet.

    `fraction` of the patients (0 to 1) is held out for good; patients in `held_out` and `training` stand on that side
    whatever the hash says. Raises `InputError` where the folder or the key cannot be written, or a value is no share.
    """
    key = make_key()
    rule = HoldoutRule(
        fraction=fraction,
        minimum=minimum,
        held_out=tuple(sorted({patient_codes(key, subject).kin for subject in held_out})),
        training=tuple(sorted({patient_codes(key, subject).kin for subject in training})),
    )
    pool_id = new_code()
    values = {"v": FORMAT, "kind": "pool", "id": pool_id, "key": fingerprint(key), "holdout": rule_values(rule)}
    with whole_folder(folder) as temporary:
        patients_folder(temporary).mkdir()
        leases_folder(temporary).mkdir()
        (temporary / POOL_FILE).write_bytes(seal(values))
    return Pool(folder.resolve(), pool_id, rule, key)


def open_pool(folder: Path) -> Pool:
    """The pool in `folder`.

    Raises `InputError` where there is none, where it is of a newer format, or where this user lacks its key.
    """
    try:
        is_there = (folder / POOL_FILE).is_file()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"The pool cannot be opened: {reason}. Check the path, and that you may read it.") from error
    if not is_there:
        raise InputError("There is no pool here. Give the folder of a pool, or make one: covidquant pool init POOL.")
    values = read_sealed(folder / POOL_FILE, "pool.json")
    if values.get("v") != FORMAT or values.get("kind") != "pool":
        raise InputError("This pool has a format that this version of CovidQuant does not know. Update CovidQuant.")
    pool_id, wanted = values.get("id"), values.get("key")
    if not (isinstance(pool_id, str) and is_code(pool_id) and isinstance(wanted, str) and is_code(wanted)):
        raise InputError("pool.json names no pool. Restore it from a backup.")
    holdout = values.get("holdout")
    rule = rule_from(holdout if isinstance(holdout, dict) else {})
    return Pool(folder.resolve(), pool_id, rule, find_key(wanted))

"""Patients of a pool: a code, and a side of the hold-out that is decided with the first scan."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from CovidQuantLib.hitl.pool.durable import ensure_folder, refuse, write_folder
from CovidQuantLib.hitl.pool.holdout import Decided, Side, side_by_rule
from CovidQuantLib.hitl.pool.layout import PATIENT_FILE, coded_entries, is_code, patient_folder, patients_folder
from CovidQuantLib.hitl.pool.opening import FORMAT, Pool
from CovidQuantLib.hitl.pool.sealed import read_sealed, seal
from CovidQuantLib.hitl.pool.subjects import PatientCodes
from CovidQuantLib.messages import InputError


@dataclass(frozen=True)
class Patient:
    """A patient of the pool. `kin` is the code that IDs share which differ by case or spaces only."""

    code: str
    kin: str
    side: Side


def patients(pool: Pool) -> tuple[Patient, ...]:
    """All patients whose record is whole, by code."""
    found = []
    for folder in coded_entries(patients_folder(pool.folder)):
        try:
            found.append(read_patient(folder))
        except InputError:
            continue
    return tuple(found)


def read_patient(folder: Path) -> Patient:
    """The patient whose folder this is. Raises `InputError` where the record is missing or damaged."""
    values = read_sealed(folder / PATIENT_FILE, "A patient's record")
    code, kin, side = values.get("id"), values.get("kin"), values.get("holdout")
    if values.get("v") != FORMAT or code != folder.name or not isinstance(kin, str) or not is_code(kin):
        raise InputError("A patient's record belongs to another patient or format. Restore it from a backup.")
    return Patient(code, kin, _side(side if isinstance(side, dict) else {}))


def ensure_patient(pool: Pool, codes: PatientCodes, *, held_out: bool | None) -> tuple[Patient, bool]:
    """The patient, entered with a side of the hold-out where it is new; and whether it is new.

    `held_out` names the patient into or out of the hold-out; None leaves that to the pool's rule. Raises `InputError`
    where the patient is here already, or has a kin here, on the other side: nothing moves a patient afterwards.
    """
    folder = patient_folder(pool.folder, codes.patient)
    if folder.exists():
        return _checked(read_patient(folder), held_out=held_out), False
    side = _side_of_new(pool, codes, held_out=held_out)
    values: dict[str, Any] = {
        "v": FORMAT,
        "kind": "patient",
        "id": codes.patient,
        "kin": codes.kin,
        "holdout": {"held_out": side.held_out, "by": side.by},
    }
    try:
        ensure_folder(pool.disk, folder.parent, pool.folder)
        write_folder(pool.disk, folder, {}, lambda _: (PATIENT_FILE, seal(values)), _is_whole)
    except OSError as error:
        refuse(error, "Nothing was added.")
    # Another process may have been first: what stands there counts.
    return _checked(read_patient(folder), held_out=held_out), True


def kin_of(pool: Pool, codes: PatientCodes) -> tuple[Patient, ...]:
    """Other patients here whose ID differs from this one by case or spaces only."""
    return tuple(one for one in patients(pool) if one.kin == codes.kin and one.code != codes.patient)


def _side_of_new(pool: Pool, codes: PatientCodes, *, held_out: bool | None) -> Side:
    by_rule = side_by_rule(pool.rule, pool.id, codes.kin)
    if by_rule.by == "init":
        return _agreed(by_rule, held_out=held_out)
    if relatives := kin_of(pool, codes):
        return _agreed(relatives[0].side, held_out=held_out)
    return by_rule if held_out is None else Side(held_out, "add")


def _checked(patient: Patient, *, held_out: bool | None) -> Patient:
    _agreed(patient.side, held_out=held_out)
    return patient


def _agreed(side: Side, *, held_out: bool | None) -> Side:
    if held_out is not None and held_out != side.held_out:
        stands = "in the hold-out" if side.held_out else "in training"
        raise InputError(
            f"This patient stands {stands} for good: that is decided at 'init' or at a patient's first 'add', and IDs "
            "that differ by case or spaces only stay on one side. Leave the option out."
        )
    return side


def _side(values: dict[str, Any]) -> Side:
    held_out, by = values.get("held_out"), values.get("by")
    for known in get_args(Decided):
        if isinstance(held_out, bool) and by == known:
            return Side(held_out, known)
    raise InputError("A patient's record does not say on which side of the hold-out it stands. Restore it.")


def _is_whole(folder: Path) -> bool:
    try:
        read_patient(folder)
    except InputError:
        return False
    return True

"""`verify`: every promise of the pool is looked at, and each one that is broken is named. Nothing is repaired."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from CovidQuantLib.hitl.pool.events import read_event
from CovidQuantLib.hitl.pool.holdout import side_by_rule
from CovidQuantLib.hitl.pool.layout import (
    SNAPSHOT_FILE,
    coded_entries,
    events_folder,
    is_code,
    is_temporary,
    patients_folder,
    rounds_folder,
    scans_folder,
)
from CovidQuantLib.hitl.pool.opening import Pool
from CovidQuantLib.hitl.pool.patients import Patient, patients, read_patient
from CovidQuantLib.hitl.pool.problems import Problem, ProblemCode
from CovidQuantLib.hitl.pool.scans import Scan, read_scan
from CovidQuantLib.hitl.pool.selection import held_out_among
from CovidQuantLib.hitl.pool.snapshots import read_snapshot
from CovidQuantLib.hitl.pool.verify_scan import scan_problems
from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import Progress, no_progress


@dataclass(frozen=True)
class Verification:
    """What `verify` found. `unfinished` counts what crashed or running processes left: it counts for nothing.

    `rounds` are those that `rounds.verify_pool` has looked at.
    """

    problems: tuple[Problem, ...]
    patients: int
    scans: int
    revisions: int
    events: int
    unfinished: int
    rounds: int = 0


def verify(pool: Pool, progress: Progress = no_progress) -> Verification:
    """Look at every file of patients, scans and readings, and whether a snapshot trains on a held-out patient.

    `rounds.verify_pool` looks at everything that rounds have written as well. Raises what `progress` raises, and
    `OSError` of a disk that cannot be read.
    """
    counts: Counter[str] = Counter()
    problems: list[Problem] = []
    folders = coded_entries(patients_folder(pool.folder))
    for number, folder in enumerate(folders):
        progress(number / len(folders), f"Verifying patient {number + 1} of {len(folders)}")
        problems += _patient_problems(pool, folder, counts)
    problems += _strangers(patients_folder(pool.folder), "patients")
    problems += _kin_problems(patients(pool))
    problems += _twice(pool)
    problems += _round_problems(pool)
    progress(1.0, "Verifying the rounds")
    return Verification(
        problems=tuple(problems),
        patients=len(folders),
        scans=counts["scan"],
        revisions=counts["revision"],
        events=counts["event"],
        unfinished=sum(is_temporary(path) for path in pool.folder.rglob(".new-*")),
    )


def _patient_problems(pool: Pool, folder: Path, counts: Counter[str]) -> Iterator[Problem]:
    where = f"patient {folder.name}"
    try:
        patient = read_patient(folder)
    except InputError as error:
        yield Problem("damaged_record", where, str(error))
    else:
        yield from _side_problems(pool, patient, where)
    for path in coded_entries(events_folder(pool.folder, folder.name)):
        counts["event"] += 1
        try:
            read_event(path)
        except InputError as error:
            yield Problem("damaged_event", f"{where}, event {path.stem}", str(error))
    for scan in coded_entries(scans_folder(pool.folder, folder.name)):
        counts["scan"] += 1
        yield from scan_problems(pool, scan, counts)
    yield from _strangers(scans_folder(pool.folder, folder.name), f"{where}, scans")


def _side_problems(pool: Pool, patient: Patient, where: str) -> Iterator[Problem]:
    """A patient that its own record puts elsewhere than the rule does."""
    by_rule = side_by_rule(pool.rule, pool.id, patient.kin)
    if patient.side.by == "add" and by_rule.by != "init":
        return
    if patient.side != by_rule and not _follows_a_kin(pool, patient):
        yield Problem("holdout_moved", where, "The patient does not stand where the pool's hold-out rule puts it.")


def _follows_a_kin(pool: Pool, patient: Patient) -> bool:
    """Whether somebody named an ID like this one at its first `add`: this patient then stands there too."""
    return any(one.kin == patient.kin and one.side == patient.side and one.side.by == "add" for one in patients(pool))


def _kin_problems(found: tuple[Patient, ...]) -> Iterator[Problem]:
    sides: dict[str, set[bool]] = {}
    for patient in found:
        sides.setdefault(patient.kin, set()).add(patient.side.held_out)
    for patient in found:
        if len(sides[patient.kin]) > 1:
            sentence = "IDs that differ by case or spaces only stand on both sides of the hold-out."
            yield Problem("kin_on_both_sides", f"patient {patient.code}", sentence)


def _twice(pool: Pool) -> Iterator[Problem]:
    """CTs that are in the pool under two names."""
    by_voxels: dict[str, list[Scan]] = {}
    for folder in coded_entries(patients_folder(pool.folder)):
        for path in coded_entries(scans_folder(pool.folder, folder.name)):
            try:
                scan = read_scan(path)
            except InputError:
                continue
            by_voxels.setdefault(scan.voxels, []).append(scan)
    for same in by_voxels.values():
        if len({scan.patient for scan in same}) > 1:
            for scan in same:
                yield Problem("scan_of_two_patients", f"scan {scan.code}", "The same CT is here under two patients.")


def _round_problems(pool: Pool) -> Iterator[Problem]:
    folder = rounds_folder(pool.folder)
    for path in sorted(folder.glob(f"*/{SNAPSHOT_FILE}")) if folder.is_dir() else ():
        where = f"round {path.parent.name}"
        try:
            snapshot = read_snapshot(path)
        except InputError as error:
            yield Problem("damaged_record", where, str(error))
            continue
        for code in held_out_among(pool, (item.patient for item in snapshot.training)):
            sentence = f"Patient {code}, who is held out or unknown, is among the training data of this round."
            yield Problem("held_out_in_training", where, sentence)


def _strangers(folder: Path, where: str) -> Iterator[Problem]:
    code: ProblemCode = "unknown_entry"
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if not is_temporary(path) and not is_code(path.name):
            yield Problem(code, where, "There is something that the pool did not put there. Move it elsewhere.")

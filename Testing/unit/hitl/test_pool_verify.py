"""`verify` names each broken promise, and repairs nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from CovidQuantLib.ct import Geometry, LabelArray
from CovidQuantLib.hitl.pool import (
    Pool,
    Scan,
    Subject,
    add_scan,
    approve,
    format_snapshot,
    held_out_among,
    history,
    select,
    submit_anatomy,
    submit_reading,
    take_snapshot,
    verify,
)
from CovidQuantLib.hitl.pool.revisions import Revision
from Testing.pool_factory import GRID, tiny_anatomy, tiny_ct, tiny_infection, tiny_pool, tiny_reading
from Testing.unit.hitl.damage import flip_a_bit, rewrite, sealed_values, with_map

Damage = Callable[[Pool, Scan, Revision], object]


@pytest.fixture
def whole(tmp_path: Path) -> tuple[Pool, Scan, Revision]:
    pool, (scan,) = tiny_pool(tmp_path / "pool")
    submit_anatomy(pool, scan, tiny_anatomy())
    submit_reading(pool, scan, tiny_reading())
    reading = submit_reading(pool, scan, tiny_reading(number=1))
    approve(pool, scan, reading.id, "R2")
    return pool, scan, reading


def anatomy_of(pool: Pool, scan: Scan) -> Revision:
    found = history(pool, scan).anatomy
    assert found is not None
    return found


def elsewhere() -> Geometry:
    return Geometry(GRID.shape, GRID.spacing, (0.0, 0.0, 0.0), GRID.direction)


def far_out() -> LabelArray:
    infection = tiny_infection()
    infection[0, 14, 10] = 1
    return infection


DAMAGES: dict[str, tuple[str, Damage]] = {
    "a changed mask": ("changed_file", lambda _, __, one: flip_a_bit(one.folder / "infection.nii.gz")),
    "a missing mask": ("missing_file", lambda _, __, one: (one.folder / "infection.nii.gz").unlink()),
    "a mask cut short": ("missing_file", lambda _, __, one: (one.folder / "infection.nii.gz").write_bytes(b"x")),
    "a stranger's file": ("unlisted_file", lambda _, __, one: (one.folder / "notes.txt").write_text("x")),
    "a record cut short": ("damaged_record", lambda _, __, one: (one.folder / "record.json").write_bytes(b"{")),
    "a changed record": ("damaged_record", lambda _, __, one: flip_a_bit(one.folder / "record.json")),
    "no record": ("damaged_record", lambda _, __, one: (one.folder / "record.json").unlink()),
    "a changed CT": ("changed_file", lambda _, scan, __: flip_a_bit(scan.folder / "ct.nii.gz")),
    "a missing CT": ("missing_file", lambda _, scan, __: (scan.folder / "ct.nii.gz").unlink()),
    "a changed scan record": ("damaged_record", lambda _, scan, __: flip_a_bit(scan.folder / "scan.json")),
    "a changed patient": (
        "damaged_record",
        lambda _, scan, __: flip_a_bit(scan.folder.parent.parent / "patient.json"),
    ),
    "a changed event": (
        "damaged_event",
        lambda _, scan, __: flip_a_bit(next((scan.folder.parent.parent / "events").iterdir())),
    ),
    "a mask on another grid": (
        "another_grid",
        lambda _, __, one: with_map(one, "infection.nii.gz", tiny_infection(), elsewhere()),
    ),
    "labels that do not exist": (
        "labels_out_of_range",
        lambda _, __, one: with_map(one, "infection.nii.gz", tiny_infection() * 3),
    ),
    "infection outside the lungs": (
        "infection_outside_lungs",
        lambda _, __, one: with_map(one, "infection.nii.gz", far_out()),
    ),
    "a lobe in the wrong lung": (
        "anatomy_not_nested",
        lambda pool, scan, _: with_map(
            anatomy_of(pool, scan), "lobes.nii.gz", np.where(tiny_anatomy().lungs > 0, np.uint8(1), np.uint8(0))
        ),
    ),
    "an anatomy that went away": (
        "unknown_anatomy",
        lambda pool, scan, _: shutil.rmtree(anatomy_of(pool, scan).folder),
    ),
    "a reading that went away": (
        "unknown_parent",
        lambda pool, scan, _: shutil.rmtree(history(pool, scan).readings[0].folder),
    ),
    "a stranger among the patients": ("unknown_entry", lambda pool, *_: (pool.folder / "patients" / "Doe").mkdir()),
}


def fingerprint(pool: Pool) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in pool.folder.rglob("*") if path.is_file()}


def test_a_whole_pool_has_no_problems(whole: tuple[Pool, Scan, Revision]) -> None:
    found = verify(whole[0])
    assert found.problems == ()
    assert (found.patients, found.scans, found.revisions, found.events) == (1, 1, 3, 1)


@pytest.mark.parametrize("damage", DAMAGES)
def test_each_broken_promise_is_named_and_nothing_is_repaired(whole: tuple[Pool, Scan, Revision], damage: str) -> None:
    code, do = DAMAGES[damage]
    do(*whole)
    before = fingerprint(whole[0])
    problems = verify(whole[0]).problems
    assert code in {problem.code for problem in problems}
    assert fingerprint(whole[0]) == before


@pytest.mark.parametrize("damage", ["a changed mask", "a missing mask", "a record cut short", "no record"])
def test_a_damaged_reading_does_not_count(whole: tuple[Pool, Scan, Revision], damage: str) -> None:
    pool, scan, reading = whole
    DAMAGES[damage][1](*whole)
    assert reading.id not in {one.id for one in history(pool, scan).revisions}


def test_a_held_out_patient_in_a_training_snapshot_is_named(tmp_path: Path) -> None:
    pool, _ = tiny_pool(tmp_path / "pool")
    held_out = add_scan(pool, tiny_ct(5), Subject("5"), held_out=True)
    for scan in (held_out.scan, history(pool, held_out.scan).scan):
        submit_reading(pool, scan, tiny_reading())
    snapshot = take_snapshot(pool, select(pool))
    folder = pool.folder / "rounds" / "001"
    folder.mkdir(parents=True)
    (folder / "snapshot.json").write_bytes(format_snapshot(snapshot))
    assert verify(pool).problems == ()
    leaking = type(snapshot)(snapshot.pool, snapshot.holdout, ())
    (folder / "snapshot.json").write_bytes(format_snapshot(leaking))
    (problem,) = verify(pool).problems
    assert problem.code == "held_out_in_training"
    assert held_out.patient.code in problem.sentence
    assert held_out_among(pool, ["unknown", held_out.patient.code]) == tuple(sorted(["unknown", held_out.patient.code]))


def test_a_patient_who_was_moved_is_named(tmp_path: Path) -> None:
    pool, (scan,) = tiny_pool(tmp_path / "pool")
    record = scan.folder.parent.parent / "patient.json"
    rewrite(record, holdout={**sealed_values(record)["holdout"], "held_out": True})
    assert {problem.code for problem in verify(pool).problems} == {"holdout_moved"}


def test_the_same_ct_under_two_patients_is_named(tmp_path: Path) -> None:
    pool, (scan,) = tiny_pool(tmp_path / "pool")
    other = add_scan(pool, tiny_ct(3), Subject("3")).scan
    rewrite(other.folder / "scan.json", voxels=scan.voxels)
    assert {problem.code for problem in verify(pool).problems} == {"scan_of_two_patients"}


def test_a_pool_that_is_nothing_but_noise_is_refused_or_named(tmp_path: Path) -> None:
    pool, (scan,) = tiny_pool(tmp_path / "pool")
    reading = submit_reading(pool, scan, tiny_reading())
    chance = np.random.default_rng(0)
    for path in (reading.folder / "record.json", scan.folder / "scan.json"):
        whole = path.read_bytes()
        for _ in range(20):
            broken = bytearray(whole)
            broken[chance.integers(len(whole))] = int(chance.integers(256))
            path.write_bytes(broken[: chance.integers(1, len(whole) + 1)])
            if path.read_bytes() != whole:
                assert verify(pool).problems != ()
        path.write_bytes(whole)
    assert verify(pool).problems == ()

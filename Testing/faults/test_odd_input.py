"""Odd patient IDs and odd clocks."""

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path

import pytest

from CovidQuantLib.hitl.pool import (
    LeaseWatch,
    Pool,
    Subject,
    add_scan,
    beat,
    history,
    init_pool,
    patients,
    submit_reading,
    take_lease,
    verify,
)
from CovidQuantLib.hitl.pool.layout import is_code
from CovidQuantLib.messages import InputError
from Testing.pool_factory import tiny_ct, tiny_pool, tiny_reading

ODD_IDS = (
    "../../x",
    "..\\..\\x",
    "/etc/passwd",
    "C:\\CON",
    "nul",
    "a" * 300,
    "😷 patient 🫁",
    "Ärztin\nMüller",
    "\udcff\udc80",
    "$(rm -rf ~)",
    "-rf",
    "x.",
    "\x1b[2J",
)


@pytest.fixture
def pool(tmp_path: Path) -> Pool:
    return init_pool(tmp_path / "pool")


def names_in(pool: Pool) -> list[str]:
    return [part for path in pool.folder.rglob("*") for part in path.relative_to(pool.folder).parts]


def test_an_odd_id_becomes_a_code_and_nothing_else(pool: Pool, tmp_path: Path) -> None:
    outside = sorted(tmp_path.iterdir())
    codes = {add_scan(pool, tiny_ct(n), Subject(name)).patient.code for n, name in enumerate(ODD_IDS)}
    assert len(codes) == len(ODD_IDS)
    assert all(map(is_code, codes))
    assert sorted(tmp_path.iterdir()) == outside
    plain = {"patients", "scans", "leases", "pool.json", "patient.json", "scan.json", "ct.nii.gz"}
    assert all(name in plain or is_code(name) for name in names_in(pool))
    assert verify(pool).problems == ()


def test_paths_are_short_and_safe_where_case_does_not_count(pool: Pool) -> None:
    scan = add_scan(pool, tiny_ct(), Subject("p" * 300)).scan
    submit_reading(pool, scan, tiny_reading())
    paths = [str(path.relative_to(pool.folder)) for path in pool.folder.rglob("*")]
    assert max(map(len, paths)) < 130
    assert all(path == path.lower() for path in paths)


@pytest.mark.parametrize(
    ("one", "other"), [("Doe 17", "DOE 17"), ("Doe 17", "Doe17"), ("a b", "AB"), ("Straße", "STRASSE")]
)
def test_ids_that_differ_by_case_or_spaces_are_two_patients_on_one_side(tmp_path: Path, one: str, other: str) -> None:
    for turn in range(6):
        pool = init_pool(tmp_path / f"pool {turn}", fraction=0.5)
        first = add_scan(pool, tiny_ct(1), Subject(one))
        second = add_scan(pool, tiny_ct(2), Subject(other))
        assert first.patient.code != second.patient.code
        assert first.patient.side.held_out == second.patient.side.held_out
        assert [warning.code for warning in second.warnings] == ["similar_patient"]
        assert verify(pool).problems == ()


def test_a_similar_patient_cannot_be_named_to_the_other_side(pool: Pool) -> None:
    add_scan(pool, tiny_ct(1), Subject("Doe 17"), held_out=True)
    with pytest.raises(InputError, match="for good"):
        add_scan(pool, tiny_ct(2), Subject("DOE17"), held_out=False)
    assert add_scan(pool, tiny_ct(2), Subject("DOE17")).patient.side.held_out
    assert verify(pool).problems == ()


def test_spaces_around_an_id_are_padding(pool: Pool) -> None:
    first, second = add_scan(pool, tiny_ct(1), Subject("17 ")), add_scan(pool, tiny_ct(2), Subject(" 17\0"))
    assert first.patient == second.patient
    assert len(patients(pool)) == 1


@pytest.mark.parametrize(
    "name", ["", " ", "\0", "ANONYMOUS", "anonymized", "Unknown", "0", "000", "n/a", "---", "xxx", "?"]
)
def test_an_empty_or_placeholder_id_is_refused_and_nobody_is_guessed(pool: Pool, name: str) -> None:
    with pytest.raises(InputError, match="--patient"):
        add_scan(pool, tiny_ct(), Subject(name))
    assert patients(pool) == ()


def test_an_id_of_another_issuer_is_another_patient(pool: Pool) -> None:
    codes = {add_scan(pool, tiny_ct(n), Subject("17", issuer)).patient.code for n, issuer in enumerate(("", "A", "B"))}
    assert len(codes) == 3


def test_a_clock_that_jumps_back_changes_no_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pool, (scan,) = tiny_pool(tmp_path / "pool")
    days = itertools.count(0, -86400)
    monkeypatch.setattr(time, "time", lambda: 1.5e9 + next(days))
    submitted = []
    for turn in range(4):
        submitted.append(submit_reading(pool, scan, tiny_reading("R1", turn)))
        for path in submitted[-1].folder.iterdir():
            os.utime(path, (1.5e9 - turn * 86400,) * 2)
        os.utime(submitted[-1].folder, (1.5e9 - turn * 86400,) * 2)
    past = history(pool, scan)
    assert [one.id for one in past.readings] == [one.id for one in submitted]
    assert [one.parent for one in past.readings] == [None, *(one.id for one in submitted[:-1])]
    assert past.reference == submitted[-1]


def test_a_lease_expires_by_the_observers_own_clock(tmp_path: Path) -> None:
    pool, (scan,) = tiny_pool(tmp_path / "pool")
    now = [1000.0]
    watch = LeaseWatch(pool, clock=lambda: now[0], expires_after_s=600.0)
    lease = take_lease(pool, scan, "R1")
    assert watch.active() == (lease,)
    now[0] += 599
    assert watch.active() == (lease,)
    lease = beat(pool, lease)
    assert watch.active() == (lease,)
    now[0] += 601
    assert watch.active() == ()
    lease = beat(pool, lease)
    assert watch.active() == (lease,), "a holder that was asleep is back"


def test_leases_lock_nothing(tmp_path: Path) -> None:
    pool, (scan,) = tiny_pool(tmp_path / "pool")
    take_lease(pool, scan, "R1")
    take_lease(pool, scan, "R2")
    submit_reading(pool, scan, tiny_reading("R3"))
    assert len(history(pool, scan).readings) == 1

"""Processes killed while they submit, and many at once: what was accepted is there, and nothing is half there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from CovidQuantLib.hitl.pool import Pool, events, history, init_pool, scans, verify
from CovidQuantLib.hitl.pool.layout import revisions_folder

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork there")
SEED = 20200331


def forked(*words: object) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "Testing.faults.forked", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr[-2000:]
    outcome: dict[str, Any] = json.loads(done.stdout)
    return outcome


def stored(pool: Pool) -> set[str]:
    """Ids of all revisions and events that count."""
    revisions = {one.id for scan in scans(pool) for one in history(pool, scan).revisions}
    return revisions | {event.id for scan in scans(pool) for event in events(pool, scan.patient)}


def check_after_kills(pool: Pool, outcome: dict[str, Any]) -> None:
    found = verify(pool)
    assert found.problems == (), "something is half there"
    assert set(outcome["accepted"]) <= stored(pool), "an accepted submission is lost"
    assert outcome["accepted"], "no child got as far as a submission: the test shows nothing"
    assert found.unfinished > 0, "no kill fell into a submission: the test shows nothing"


def test_no_accepted_submission_is_lost_and_none_is_half_there_after_40_kills(tmp_path: Path) -> None:
    pool = init_pool(tmp_path / "pool")
    outcome = forked("kill", pool.folder, 40, SEED)
    check_after_kills(pool, outcome)


def test_eight_processes_submit_at_once_and_all_is_verified(tmp_path: Path) -> None:
    pool = init_pool(tmp_path / "pool")
    check_crowd(pool, forked("crowd", pool.folder, 8, 5), 40)


@pytest.mark.soak
def test_500_kills(tmp_path: Path) -> None:
    pool = init_pool(tmp_path / "pool")
    outcome = forked("kill", pool.folder, 500, SEED)
    check_after_kills(pool, outcome)
    report(f"500 kills: {len(outcome['accepted'])} submissions and events accepted, all there; "
           f"{verify(pool).unfinished} kills fell into a submission; nothing half there")  # fmt: skip


@pytest.mark.soak
def test_eight_processes_submit_50_readings_each(tmp_path: Path) -> None:
    pool = init_pool(tmp_path / "pool")
    check_crowd(pool, forked("crowd", pool.folder, 8, 50), 400)
    report("8 processes with 50 submissions each at once: 400 accepted, 400 verified")


def check_crowd(pool: Pool, outcome: dict[str, Any], count: int) -> None:
    assert outcome["codes"] == [0] * 8
    assert len(set(outcome["accepted"])) == count
    found = verify(pool)
    assert found.problems == ()
    assert found.revisions == count
    (scan,) = scans(pool)
    assert {path.name for path in revisions_folder(pool.folder, scan.patient, scan.code).iterdir()} == set(
        outcome["accepted"]
    )


def report(line: str) -> None:
    """A line of the soak's result, as it stands in docs/pool.md."""
    sys.stdout.write(f"\nsoak: {line}\n")

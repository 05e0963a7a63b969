"""The power is cut after every step, and what was not synced is lost: all or nothing, never what was accepted."""

from __future__ import annotations

import dataclasses
import random
from pathlib import Path

import pytest

from CovidQuantLib.hitl.pool import (
    Pool,
    Subject,
    add_scan,
    approve,
    events,
    history,
    init_pool,
    open_pool,
    scans,
    submit_anatomy,
    submit_reading,
    verify,
)
from Testing.faults.disks import Platter, RecordingDisk, Step, Survives
from Testing.pool_factory import tiny_anatomy, tiny_ct, tiny_reading

CUTS: tuple[tuple[Survives, int], ...] = (("synced", 0), ("entries", 0), ("all", 0), ("chance", 1), ("chance", 2))


def a_day_of_work(pool: Pool, disk: RecordingDisk) -> None:
    """A CT, its anatomy, two readings and a decision, each one accepted before the next."""
    pool = dataclasses.replace(pool, disk=disk)
    scan = add_scan(pool, tiny_ct(), Subject("patient 1")).scan
    disk.accepted(scan.code)
    disk.accepted(submit_anatomy(pool, scan, tiny_anatomy()).id)
    revision = submit_reading(pool, scan, tiny_reading("R1"))
    disk.accepted(revision.id)
    disk.accepted(approve(pool, scan, revision.id, "R2").id)
    disk.accepted(submit_reading(pool, scan, tiny_reading("R2")).id)


def stored(pool: Pool) -> set[str]:
    found = {scan.code for scan in scans(pool)}
    for scan in scans(pool):
        found |= {one.id for one in history(pool, scan).revisions}
        found |= {one.id for one in events(pool, scan.patient)}
    return found


def states_after_cuts(before: Platter, steps: list[Step], folder: Path) -> list[tuple[str, Pool, set[str]]]:
    """For each cut and each way of losing: its name, the pool that is left, and what had been accepted by then."""
    states, accepted = [], set()
    for number, step in enumerate(steps):
        before.do(step)
        accepted |= {step.name} - {""}
        for survives, seed in CUTS:
            name = f"after step {number} ({step.kind}), {survives} {seed} survives"
            left = folder / f"{number}-{survives}-{seed}"
            before.cut(survives, random.Random(f"{number} {seed}"), left)
            states.append((name, open_pool(left), set(accepted)))
    return states


def test_a_power_cut_at_any_step_leaves_the_pool_as_before_or_after(tmp_path: Path) -> None:
    pool = init_pool(tmp_path / "pool")
    platter, disk = Platter(pool.folder), RecordingDisk()
    a_day_of_work(pool, disk)
    assert len([step for step in disk.steps if step.kind == "accepted"]) == 5
    for name, left, accepted in states_after_cuts(platter, disk.steps, tmp_path):
        assert accepted <= stored(left), f"lost {name}"
        assert verify(left).problems == (), f"half there {name}"


def test_a_disk_that_is_never_told_to_sync_is_noticed_by_this_test(tmp_path: Path) -> None:
    pool = init_pool(tmp_path / "pool")
    platter, disk = Platter(pool.folder), RecordingDisk(forgets_to_sync=True)
    a_day_of_work(pool, disk)
    broken = [
        name
        for name, left, accepted in states_after_cuts(platter, disk.steps, tmp_path)
        if not accepted <= stored(left)
    ]
    assert broken


def test_the_record_is_written_after_every_file_and_before_the_rename(tmp_path: Path) -> None:
    pool = init_pool(tmp_path / "pool")
    disk = RecordingDisk()
    a_day_of_work(pool, disk)
    renames = [step for step in disk.steps if step.kind == "rename" and not step.target.suffix]
    assert len(renames) == 5  # patient, scan, anatomy, two readings
    for rename in renames:
        inside = [step for step in disk.steps if rename.path in step.path.parents and step.kind == "write"]
        assert [step.path.suffix == ".json" for step in inside] == [False] * (len(inside) - 1) + [True]
        order = [step.kind for step in disk.steps[: disk.steps.index(rename)]]
        assert order[-1] == "sync_folder"


@pytest.mark.parametrize("number", range(3))
def test_what_a_crash_left_behind_does_no_harm(tmp_path: Path, number: int) -> None:
    pool = init_pool(tmp_path / "pool")
    scan = add_scan(pool, tiny_ct(), Subject("patient 1")).scan
    leftover = scan.folder / "revisions" / f".new-{number}"
    leftover.mkdir(parents=True)
    (leftover / "infection.nii.gz").write_bytes(b"half")
    submit_reading(pool, scan, tiny_reading())
    found = verify(pool)
    assert found.problems == ()
    assert found.unfinished == 1

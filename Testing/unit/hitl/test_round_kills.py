"""A round that is killed, at whichever step, goes on where it was, and ends as if nothing had happened."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from CovidQuantLib.hitl.pool import Pool, open_pool
from CovidQuantLib.hitl.rounds import (
    active_in_pool,
    is_over,
    judged_scans,
    promotions,
    read_decision,
    resume_round,
    round_numbers,
    start_round,
    verify_pool,
)
from CovidQuantLib.messages import InputError
from Testing.faults.disks import FailingDisk
from Testing.rounds_factory import DyingDisk, Killed, LazyDisk, Trainer, means, read_pool

HELD_OUT = 10


def go_on(pool: Pool, trainer: Trainer) -> None:
    """What a person does after a crash: resume, or start where nothing had begun."""
    try:
        resume_round(pool, means=means(trainer))
    except InputError as error:
        if "start" not in str(error):
            raise
        if not (round_numbers(pool) and is_over(pool, round_numbers(pool)[-1])):
            start_round(pool, means=means(trainer))


def test_a_round_killed_at_any_write_goes_on_and_leaves_nothing_half_done(tmp_path: Path) -> None:
    read_pool(tmp_path / "pool", training=1, held_out=1)
    for step in range(1000):
        folder = tmp_path / f"pool {step}"
        shutil.copytree(tmp_path / "pool", folder)
        pool = replace(open_pool(folder), disk=LazyDisk())
        trainer = Trainer()
        try:
            start_round(replace(pool, disk=DyingDisk(step)), means=means(trainer))
        except Killed:
            go_on(pool, trainer)
        else:
            break
        assert round_numbers(pool) == (1,)
        decision = read_decision(pool, 1)
        assert decision is not None
        assert is_over(pool, 1)
        assert (decision.verdict, decision.uses) == ("not decidable", 1)
        assert len(judged_scans(pool, 1)) == 1
        assert verify_pool(pool).problems == ()
    assert step > 15


@pytest.mark.parametrize("left", range(4))
def test_a_round_killed_while_it_promotes_promotes_once(tmp_path: Path, left: int) -> None:
    pool, _ = read_pool(tmp_path / "pool", training=1, held_out=HELD_OUT)
    disk = DyingDisk(10_000)

    def nearly_done(_: float, message: str) -> None:
        if message == "Promoting the model":
            disk.left = left

    dying = replace(pool, disk=disk)
    with pytest.raises(Killed):
        start_round(dying, progress=nearly_done, means=means())
    decision = resume_round(pool, means=means()) if not is_over(pool, 1) else read_decision(pool, 1)
    assert decision is not None
    assert [one.model for one in promotions(pool)] == [decision.model]
    active = active_in_pool(pool)
    assert active is not None
    assert active.card.id == decision.model


def test_what_was_trained_and_judged_before_the_kill_is_not_done_again(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool", training=1, held_out=3)
    trainer, looked = Trainer(), []

    def dies_at_the_third(_: float, message: str) -> None:
        if message.startswith("Judging"):
            looked.append(message)
            if message == "Judging held-out scan 3 of 3":
                raise Killed

    with pytest.raises(Killed):
        start_round(pool, progress=dies_at_the_third, means=means(trainer))
    before = {one.scan for one in judged_scans(pool, 1)}
    assert len(before) == 2
    resume_round(open_pool(pool.folder), means=means(trainer))
    assert len(trainer.lists) == 1
    assert len(judged_scans(pool, 1)) == 3


def test_a_trainer_that_is_killed_is_given_the_same_output_again(tmp_path: Path) -> None:
    pool, _ = read_pool(tmp_path / "pool")
    outputs: list[Path] = []

    class Dies(Trainer):
        def __call__(self, listed, output, options, progress):  # type: ignore[no-untyped-def]
            outputs.append(output)
            if len(outputs) == 1:
                raise Killed
            return super().__call__(listed, output, options, progress)

    trainer = Dies()
    with pytest.raises(Killed):
        start_round(pool, means=means(trainer))
    resume_round(pool, means=means(trainer))
    assert outputs[0] == outputs[1]


def test_a_disk_that_fills_up_is_one_sentence_and_the_round_goes_on_with_room(tmp_path: Path) -> None:
    read_pool(tmp_path / "pool", training=1, held_out=1)
    told: list[str] = []
    for step in range(0, 1000, 4):
        folder = tmp_path / f"pool {step}"
        shutil.copytree(tmp_path / "pool", folder)
        pool = replace(open_pool(folder), disk=LazyDisk())
        disk = FailingDisk(step)
        trainer = Trainer()
        try:
            start_round(replace(pool, disk=disk), means=means(trainer))
        except InputError as error:
            told.append(str(error))
            go_on(pool, trainer)
        assert is_over(pool, 1)
        if not disk.has_failed:
            break
    assert len(told) > 4
    assert all("cannot be written" in sentence and "SECRET" not in sentence for sentence in told)

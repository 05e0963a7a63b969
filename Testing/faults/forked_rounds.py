"""Rounds with the real trainer, killed (kill -9) at random instants, resumed, and compared with one that was not.

    python -m Testing.faults.forked_rounds FOLDER ROUNDS SEED

Each round runs on a copy of one pool, in processes forked from a parent that has loaded everything: the first is killed
after a number of its progress messages, spread over the whole round, the one that resumes it at a random message after
that, and the next one ends it. Prints one JSON object: what the round that nobody killed gave, and of each killed one
what it gave, at which steps it died, and which promises of the pool were broken, between and after.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from unittest import mock

import torch

import CovidQuantLib.training.run  # noqa: F401 - loaded before the forks
from CovidQuantLib.hitl.pool import Pool, open_pool
from CovidQuantLib.hitl.rounds import (
    Means,
    RoundOptions,
    Timing,
    is_over,
    judged_scans,
    promotions,
    read_decision,
    resume_round,
    round_numbers,
    start_round,
    verify_pool,
)
from CovidQuantLib.hitl.rounds.models import pool_model
from CovidQuantLib.hitl.rounds.requests import has_request
from CovidQuantLib.inference import engines
from CovidQuantLib.models import active
from CovidQuantLib.models.folder import read_model_files
from CovidQuantLib.training import TrainingOptions, check_options
from Testing.chest_pool import chest_pool
from Testing.faults.forked import child
from Testing.training_factory import SMALL

OPTIONS = TrainingOptions(epochs=3, checkpoint_seconds=0.0, **SMALL)
TIMING = Timing(beat_s=0.05, dead_after_s=0.2)
LONGEST_PAUSE_S = 0.02


def work(folder: Path, say: Callable[[str], None]) -> None:
    """What a person does: start the round, or go on with it where it has begun. Says each progress message."""
    pool, means = open_pool(folder), Means(timing=TIMING)

    def progress(_: float, message: str) -> None:
        say(message)

    numbers = round_numbers(pool)
    if numbers and is_over(pool, numbers[-1]):
        return
    if numbers and has_request(pool, numbers[-1]):
        resume_round(pool, progress, means=means)
    else:
        start_round(pool, RoundOptions(training=OPTIONS), progress, means=means)


def run(folder: Path, kill_at: int | None = None, pause_s: float = 0.0) -> tuple[list[str], bool]:
    """Work in a process of its own, killed `pause_s` after the message `kill_at`; what it said, and whether it died."""
    pid, pipe = child(functools.partial(work, folder))
    heard = []
    with os.fdopen(pipe, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            heard.append(line.strip())
            if len(heard) == kill_at:
                time.sleep(pause_s)
                os.kill(pid, signal.SIGKILL)
                break
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code in (0, -signal.SIGKILL), code
    return heard, code != 0


def outcome(pool: Pool) -> dict[str, Any]:
    """What the round gave, without the names that are drawn anew each time."""
    decision = read_decision(pool, 1)
    assert decision is not None
    figures = {name: value for name, value in asdict(decision).items() if name not in ("model", "promotion")}
    _, weights = read_model_files(pool_model(pool, decision.model).folder)
    return {
        "decision": figures,
        "judged": [asdict(one) for one in judged_scans(pool, 1)],
        "weights": hashlib.sha256(weights).hexdigest(),
        "rounds": list(round_numbers(pool)),
        "promotions": len(promotions(pool)),
    }


def problems(pool: Pool) -> list[str]:
    return [f"{problem.where}: {problem.sentence}" for problem in verify_pool(pool).problems]


def killed(pool: Pool, copy: Path, chance: random.Random, at: int, length: int) -> dict[str, Any]:
    """One round on a copy of the pool that dies twice."""
    shutil.copytree(pool.folder, copy)
    died, broken = [], []
    for kill_at in (at, chance.randrange(1, length)):
        heard, is_dead = run(copy, kill_at, chance.uniform(0.0, LONGEST_PAUSE_S))
        if is_dead:
            died.append(heard[-1])
        broken += problems(open_pool(copy))
    run(copy)
    done = open_pool(copy)
    result = {"outcome": outcome(done), "died": died, "broken": broken + problems(done)}
    shutil.rmtree(copy)
    return result


def killed_rounds(folder: Path, rounds: int, seed: int) -> dict[str, Any]:
    torch.set_num_threads(1)
    check_options(OPTIONS)
    chance = random.Random(seed)
    pool = chest_pool(folder, training=2, held_out=1)
    shutil.copytree(pool.folder, folder / "whole")
    length = len(run(folder / "whole")[0])
    done = [
        killed(pool, folder / f"killed {number}", chance, 1 + int((number + chance.random()) / rounds * length), length)
        for number in range(rounds)
    ]
    return {"whole": outcome(open_pool(folder / "whole")), "killed": done}


def main() -> None:
    folder, rounds, seed = sys.argv[1:]
    # One engine for all, which starts no threads before the forks; and no model but those of the rounds.
    with (
        mock.patch.object(engines, "_NAMES", ("torch",)),
        mock.patch.object(active, "shipped_model", return_value=None),
    ):
        told = killed_rounds(Path(folder), int(rounds), int(seed))
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()

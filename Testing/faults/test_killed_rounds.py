"""A round whose process is killed at any instant is resumed to the same result, and the pool keeps its promises."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from Testing.conftest import require

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork there")
SEED = 20200331


def killed_rounds(folder: Path, rounds: int) -> dict[str, Any]:
    require("torch")
    done = subprocess.run(
        [sys.executable, "-m", "Testing.faults.forked_rounds", str(folder), str(rounds), str(SEED)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def check(told: dict[str, Any]) -> None:
    for one in told["killed"]:
        assert one["died"], "nothing was killed: the test shows nothing"
        assert one["broken"] == [], one["died"]
        assert one["outcome"] == told["whole"], one["died"]


def test_rounds_that_are_killed_end_as_one_that_was_not(tmp_path: Path) -> None:
    check(killed_rounds(tmp_path, 2))


@pytest.mark.soak
def test_10_rounds_that_are_killed(tmp_path: Path) -> None:
    told = killed_rounds(tmp_path, 10)
    check(told)
    died = [step for one in told["killed"] for step in one["died"]]
    sys.stdout.write(
        f"\nsoak: 10 rounds killed {len(died)} times, at {len(set(died))} different steps: each ended with the same "
        "weights as the one that nobody killed\n"
    )

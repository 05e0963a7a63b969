"""Two processes that `torchrun` starts train as one process does with the same batch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from Testing.conftest import require

TRAIN = ("--epochs", "2", "--spacing", "2", "--patch", "16", "--batch", "4", "--threads", "1", "--set", "width=4")
_LONGEST_S = 240
SMALL = (*TRAIN, "--set", "blocks=[1,1]", "--set", "norm=instance")


def losses(output: Path) -> list[float]:
    lines = (output.with_name(f"{output.name}.training") / "log.jsonl").read_text().splitlines()
    return [event["loss"] for line in lines if (event := json.loads(line))["event"] == "step"]


def test_two_processes_have_the_loss_curve_of_one(data: Path, tmp_path: Path) -> None:
    require("torch")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    launchers = {
        "one": (),
        "two": ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"),
    }
    for name, launcher in launchers.items():
        command = ["-m", "CovidQuantLib.cli", "train", str(data), "--output", str(tmp_path / name), *SMALL]
        done = subprocess.run(
            [sys.executable, *launcher, *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            env=environment,
            check=False,
            timeout=_LONGEST_S,
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("Trained balls") == 1
    one, two = losses(tmp_path / "one"), losses(tmp_path / "two")
    assert len(one) == len(two) == 6
    assert two == pytest.approx(one, rel=2e-3)
    assert two != one, "the processes did not share the work"


def test_a_batch_that_cannot_be_shared_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    require("torch")
    from CovidQuantLib.messages import InputError
    from CovidQuantLib.training.distributed import processes

    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(InputError, match="cannot be shared by 2 processes"), processes(3):
        pass

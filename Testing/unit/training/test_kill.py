"""A training that is killed (kill -9) at any moment goes on to the weights that it would have had."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from Testing.conftest import require
from Testing.training_factory import SMALL

KILLS = 4
# The driver imports PyTorch once and forks the trainings that it kills: each dies a little later than the one before.
DRIVER = """
import json, os, signal, sys, time
from pathlib import Path
import CovidQuantLib.training.run
import torch
from CovidQuantLib.training import TrainingOptions, train
torch.set_num_threads(1)
data, folder, kills = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
settings = json.loads(sys.argv[4])
options = TrainingOptions(**{key: tuple(one) if isinstance(one, list) else one for key, one in settings.items()})
output, log = folder / "killed", folder / "killed.training" / "log.jsonl"
killed, written = 0, 0
for number in range(kills):
    child = os.fork()
    if child == 0:
        train(data, output, options)
        os._exit(0)
    while not (log.exists() and log.stat().st_size > written) and os.waitpid(child, os.WNOHANG)[0] == 0:
        time.sleep(0.002)
    time.sleep(0.037 * number)
    os.kill(child, signal.SIGKILL)
    killed += os.WIFSIGNALED(os.waitpid(child, 0)[1])
    written = log.stat().st_size
    assert not output.exists()
train(data, output, options, resume=True)
train(data, folder / "whole", options)
print(killed)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the driver forks")
def test_a_killed_training_goes_on_to_the_same_weights(data: Path, tmp_path: Path) -> None:
    require("torch")
    settings = json.dumps({**SMALL, "epochs": 4, "checkpoint_seconds": 0.0, "validate_every": 2})
    done = subprocess.run(
        [sys.executable, "-c", DRIVER, str(data), str(tmp_path), str(KILLS), settings],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == KILLS
    weights = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("killed", "whole")]
    logs = [(tmp_path / f"{name}.training" / "log.jsonl").read_bytes() for name in ("killed", "whole")]
    assert weights[0] == weights[1]
    assert logs[0] == logs[1]

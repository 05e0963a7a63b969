"""Engines: the same answer from each, a cancel out of each, and not a word to anybody."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from CovidQuantLib.inference import engine_names, open_engine
from CovidQuantLib.messages import Cancelled, InputError
from Testing.conftest import require
from Testing.unit.inference.conftest import FloatArray

torch = require("torch")
Build = Callable[..., Any]


def batch(*shape: int) -> FloatArray:
    """Smooth values between 0 and 1, with an edge: nearer to a CT than noise."""
    k, j, i = (np.linspace(0, 3, side, dtype=np.float32) for side in shape)
    waves = np.sin(k)[:, None, None] * np.cos(2 * j)[None, :, None] * np.sin(3 * i)[None, None]
    values = 0.5 + 0.4 * waves
    values[:, : shape[1] // 3] = 0.1
    return np.ascontiguousarray(values[None, None])


def skip_without(name: str) -> None:
    """Not by importing it: OpenVINO's first import must be the engine's own."""
    if name not in engine_names():
        pytest.skip(f"{name} is not installed: pip install '.[{name}]'")


def engine_or_skip(module: Any, name: str) -> Any:
    skip_without(name)
    return open_engine(module, name)


def counting_cancel(after: int) -> Callable[[], None]:
    left = [after]

    def watch() -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Cancelled

    return watch


@pytest.mark.parametrize("name", ["torch", "openvino"])
def test_an_engine_gives_the_softmax_of_the_network_s_output(small_network: Build, name: str) -> None:
    module = small_network(classes=3)
    values = batch(16, 24, 32)
    with torch.inference_mode():
        expected = torch.softmax(module.eval()(torch.from_numpy(values)), dim=1).numpy()
    found = engine_or_skip(module, name).probabilities(values)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=0.01)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize("norm", ["instance", "group", "batch"])
def test_engines_give_the_same_labels_but_for_voxels_on_the_border(small_network: Build, norm: str) -> None:
    module = small_network(width=8, blocks=(1, 1, 1), norm=norm)
    one, other = (engine_or_skip(module, name) for name in ("torch", "openvino"))
    for shape in ((32, 48, 40), (16, 64, 32)):
        by_one, by_other = (engine.probabilities(batch(*shape))[0, 1] for engine in (one, other))
        different = (by_one > 0.5) != (by_other > 0.5)
        assert different.mean() < 0.001
        assert np.abs(by_one - 0.5)[different].max(initial=0.0) < 0.01


@pytest.mark.parametrize("name", ["torch", "openvino"])
def test_training_a_network_on_does_not_change_an_engine(small_network: Build, name: str) -> None:
    module = small_network()
    engine = engine_or_skip(module, name)
    before = engine.probabilities(batch(16, 16, 32))
    with torch.no_grad():
        for weight in module.parameters():
            weight += 1.0
    np.testing.assert_allclose(engine.probabilities(batch(16, 16, 32)), before, atol=1e-6)


@pytest.mark.parametrize("name", ["torch", "openvino"])
def test_a_network_in_training_runs_in_evaluation_mode_and_stays_in_training(small_network: Build, name: str) -> None:
    module = small_network(norm="batch").train()
    statistics = [buffer.clone() for buffer in module.buffers()]
    engine_or_skip(module, name).probabilities(batch(16, 16, 32))
    assert module.training
    assert all(torch.equal(*pair) for pair in zip(statistics, module.buffers(), strict=True))


@pytest.mark.parametrize("name", ["torch", "openvino"])
def test_a_cancel_ends_a_pass_and_the_engine_can_run_again(small_network: Build, name: str) -> None:
    module = small_network(width=16, blocks=(2, 2))
    engine = engine_or_skip(module, name)
    values = batch(16, 16, 32)
    before = engine.probabilities(values)
    with pytest.raises(Cancelled):
        engine.probabilities(batch(64, 96, 96), counting_cancel(1))
    np.testing.assert_array_equal(engine.probabilities(values), before)


def test_torch_looks_for_a_cancel_before_each_layer(small_network: Build) -> None:
    calls: list[int] = []
    module = small_network()
    open_engine(module, "torch").probabilities(batch(16, 16, 32), lambda: calls.append(1))
    assert len(calls) == sum(not list(part.children()) for part in module.modules())


def test_an_input_that_fits_is_smaller_for_a_wider_network(small_network: Build) -> None:
    narrow, wide = (open_engine(small_network(width=width), "torch").largest_input(1, 16) for width in (4, 16))
    assert 3 < narrow / wide < 5
    assert 10**6 < wide < narrow < 10**9


def test_memory_is_what_a_layer_takes_and_gives() -> None:
    from CovidQuantLib.inference.memory import bytes_per_voxel

    layers = torch.nn.Sequential(torch.nn.Conv3d(2, 4, 1), torch.nn.ReLU(inplace=True), torch.nn.Conv3d(4, 3, 1))
    # The second convolution holds its 4 channels and gives 3; the input's 2 are held by the caller. Four bytes each.
    assert bytes_per_voxel(layers, 2, 16) == 4 * (2 + 4 + 3)


def test_an_engine_that_is_not_here_is_refused_with_those_that_are(small_network: Build) -> None:
    assert "torch" in engine_names()
    with pytest.raises(InputError, match="There are: "):
        open_engine(small_network(), "abacus")


def test_without_a_name_the_fastest_engine_is_taken(small_network: Build) -> None:
    assert open_engine(small_network()).name == engine_names()[0]


_QUIET = """
import os, sys, threading
said = []
def hook(event, args):
    if event.startswith("socket.") and event not in ("socket.__new__", "socket.gethostname"):
        said.append(event)
    if event == "open" and isinstance(args[1], str) and set(args[1]) & set("wax+") and args[0] != os.devnull:
        said.append(f"{event} {args[0]}")
sys.addaudithook(hook)
import numpy as np
import torch
from CovidQuantLib.inference import open_engine
from CovidQuantLib.networks import network
module = network("vbnet").build(classes=2, width=4, blocks=(1, 1))
open_engine(module, "openvino").probabilities(np.zeros((1, 1, 16, 16, 16), np.float32))
assert "openvino_telemetry.main" not in sys.modules
assert threading.active_count() == 1, threading.enumerate()
assert not said, said
"""


def test_openvino_sends_nothing_and_writes_nothing(tmp_path: Path) -> None:
    skip_without("openvino")
    # In continuous integration OpenVINO would send nothing by itself.
    environment = {name: value for name, value in os.environ.items() if name != "CI"}
    environment |= {"HOME": str(tmp_path), "PYTHONPATH": str(Path.cwd()), "PYTHONDONTWRITEBYTECODE": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", _QUIET], env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert list(tmp_path.iterdir()) == []

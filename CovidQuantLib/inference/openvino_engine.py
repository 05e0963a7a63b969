"""OpenVINO as the engine: the fastest way through a network on a CPU. An optional extra."""

from __future__ import annotations

import copy
import warnings
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from CovidQuantLib.inference.engines import Engine, Watch, no_watch
from CovidQuantLib.inference.memory import CPU_BYTES, bytes_per_voxel
from CovidQuantLib.inference.openvino_package import import_openvino

_POLL_MS = 50
_TRACED = (64, 64, 128)
"""The part of the first input that conversion needs, large enough for any network: two voxels after six halvings. Of a
network of slices the last two."""
_SETTINGS = {
    # Without this hint, processors that have them compute in 16-bit floats, which changes labels.
    "INFERENCE_PRECISION_HINT": "f32",
    # Threads that are bound to a core wait for whatever else runs on it.
    "ENABLE_CPU_PINNING": False,
}


class OpenVinoEngine:
    """A network in evaluation mode, converted in memory at its first pass; nothing is written anywhere.

    It is compiled once, for inputs of any size: that costs nothing measurable, windows and volumes share it, and
    group normalisation of a fixed size ends the process (OpenVINO 2026.4).
    Instance normalisation is written as group normalisation with one channel a group, which is the same: OpenVINO adds
    up the variance of the former in one 32-bit sum, whose error grows with the volume (Dice 0.987 to torch at ten
    million voxels); of the latter it does not. It takes 1.4 times as long.
    """

    name = "openvino"

    def __init__(self, module: nn.Module) -> None:
        self._module = _exact_norms(copy.deepcopy(module).eval())
        self._compiled: Any = None

    def probabilities(self, batch: npt.NDArray[np.float32], watch: Watch = no_watch) -> npt.NDArray[np.float32]:
        """See `Engine`. `watch` is called every 50 ms; a cancel ends the pass at the next layer."""
        if self._compiled is None:
            self._compiled = _compile(self._module, batch)
        request = self._compiled.create_infer_request()
        request.start_async([batch])
        try:
            while not request.wait_for(_POLL_MS):
                watch()
        except BaseException:
            request.cancel()
            raise
        return np.asarray(torch.softmax(torch.from_numpy(request.get_output_tensor().data), dim=1).numpy())

    def largest_input(self, channels: int, multiple_of: int) -> int:
        """See `Engine`: a fixed sum (`memory.CPU_BYTES`)."""
        return int(CPU_BYTES / bytes_per_voxel(self._module, channels, multiple_of))

    def fallback(self) -> Engine | None:
        """See `Engine`: there is none."""
        return None


def _compile(module: nn.Module, batch: npt.NDArray[np.float32]) -> Any:
    openvino = import_openvino()
    sides = tuple(slice(side) for side in _TRACED[5 - batch.ndim :])
    example = torch.from_numpy(batch)[(slice(1), slice(None), *sides)]
    with warnings.catch_warnings(), torch.no_grad():
        # Tracing is deprecated in PyTorch; it is what OpenVINO converts from. Its other warnings are about shapes.
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(module, example, check_trace=False)
        model = openvino.convert_model(traced, example_input=example)
    model.reshape([-1, batch.shape[1], *[-1] * len(sides)])
    return openvino.Core().compile_model(model, "CPU", {**_SETTINGS, "INFERENCE_NUM_THREADS": torch.get_num_threads()})


def _exact_norms(module: nn.Module) -> nn.Module:
    """`module`, its instance normalisations replaced in place by the group normalisations that are the same."""
    for name, part in module.named_children():
        if isinstance(part, nn.InstanceNorm3d) and not part.track_running_stats:
            same = nn.GroupNorm(part.num_features, part.num_features, eps=part.eps, affine=part.affine)
            same.load_state_dict(part.state_dict())
            setattr(module, name, same)
        else:
            _exact_norms(part)
    return module

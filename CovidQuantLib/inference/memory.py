"""How much memory one pass of a network takes."""

from __future__ import annotations

import copy
import weakref
from typing import Any

import torch
from torch import nn

CPU_BYTES = 1.5e9
"""What the tensors of one pass may take on a CPU; larger inputs are taken in windows.

A fixed sum: what a network says of a CT depends on the CT, not on what else the machine is doing.
"""


class _Alive:
    """Counts the bytes of the tensors that layers take and give for as long as they live, and keeps the most."""

    def __init__(self) -> None:
        self.most = 0
        self._bytes: dict[int, int] = {}

    def count(self, _layer: nn.Module, inputs: Any, output: Any = None) -> None:
        """A hook before and after a layer."""
        for tensor in (*inputs, output):
            if isinstance(tensor, torch.Tensor):
                storage = tensor.untyped_storage()
                # Operations in place share their input's storage, which counts once.
                if storage._cdata not in self._bytes:
                    weakref.finalize(storage, self._bytes.pop, storage._cdata)
                self._bytes[storage._cdata] = storage.nbytes()
        self.most = max(self.most, sum(self._bytes.values()))


def bytes_per_voxel(module: nn.Module, channels: int, multiple_of: int) -> float:
    """The most bytes that the tensors of one pass of `module` hold at a time, for each voxel (or pixel) of its input.

    Counted in a pass over the smallest input, of `channels` channels and sides of `multiple_of`, one of them twice
    that: with instance normalisation more than one voxel must be left on the lowest level.
    """
    counted, alive = copy.deepcopy(module).eval(), _Alive()
    for layer in counted.modules():
        if not list(layer.children()):
            layer.register_forward_pre_hook(alive.count)
            layer.register_forward_hook(alive.count)
    takes_volumes = any(isinstance(layer, nn.Conv3d) for layer in module.modules())
    sides = (multiple_of, multiple_of) if takes_volumes else (multiple_of,)
    batch = torch.zeros(1, channels, *sides, 2 * multiple_of)
    with torch.inference_mode():
        counted(batch)
    return alive.most / (batch.numel() / channels)

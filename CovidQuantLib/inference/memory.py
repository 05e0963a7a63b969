"""How much memory one pass of a network takes: measured on a small input, for the voxels of a large one."""

from __future__ import annotations

import math
import weakref
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

CPU_BYTES = 2.5e9
"""What the tensors of one pass may take on a CPU; larger inputs are taken in windows.

A fixed sum: what a network says of a CT depends on the CT, not on what else the machine is doing.
"""
SMALL_INPUT = (64, 64, 128)
"""Sides (k, j, i) of an input that every network takes, to learn about it: two voxels are left after six halvings."""


class _Peak(TorchDispatchMode):
    """Counts the bytes of the tensors that are alive, and keeps the most."""

    def __init__(self) -> None:
        super().__init__()
        self.alive = 0
        self.most = 0
        self._seen: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for value in result if isinstance(result, tuple | list) else (result,):
            if isinstance(value, torch.Tensor):
                self._count(value.untyped_storage())
        return result

    def _count(self, storage: Any) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key not in self._seen:
            self._seen.add(key)
            self.alive += size
            self.most = max(self.most, self.alive)
            weakref.finalize(storage, self._forget, key, size)

    def _forget(self, key: int, size: int) -> None:
        self._seen.discard(key)
        self.alive -= size


def bytes_per_voxel(module: nn.Module, channels: int) -> float:
    """The most bytes that the tensors of one pass of `module` hold at a time, for each voxel of its input.

    `module` is on the CPU; its input has `channels` channels.
    """
    batch = torch.zeros(1, channels, *SMALL_INPUT)
    with torch.inference_mode(), _Peak() as peak:
        torch.softmax(module(batch), dim=1)
    return (peak.most + batch.nbytes) / math.prod(SMALL_INPUT)

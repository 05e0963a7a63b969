"""PyTorch as the engine, on the CPU or on a GPU."""

from __future__ import annotations

import copy

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from CovidQuantLib.inference.engines import Engine, Watch, no_watch
from CovidQuantLib.inference.memory import CPU_BYTES, bytes_per_voxel

_GPU_SHARE = 0.7


class TorchEngine:
    """A network in evaluation mode on `device`: 32-bit floats on the CPU, mixed precision on a GPU."""

    def __init__(self, module: nn.Module, *, device: str = "cpu") -> None:
        self.name = "torch" if device == "cpu" else "torch-gpu"
        self._device = torch.device(device)
        self._on_gpu = self._device.type == "cuda"
        self._source = module
        self._module = copy.deepcopy(module).eval().to(self._device)

    def probabilities(self, batch: npt.NDArray[np.float32], watch: Watch = no_watch) -> npt.NDArray[np.float32]:
        """See `Engine`. `watch` is called before each layer."""
        layers = [part for part in self._module.modules() if not list(part.children())]
        hooks = [layer.register_forward_pre_hook(lambda *_: watch()) for layer in layers]
        try:
            with torch.inference_mode(), torch.autocast(self._device.type, enabled=self._on_gpu):
                logits = self._module(torch.from_numpy(batch).to(self._device))
                return torch.softmax(logits.float(), dim=1).cpu().numpy()
        except torch.cuda.OutOfMemoryError:
            if self._on_gpu:
                torch.cuda.empty_cache()
            raise
        finally:
            for hook in hooks:
                hook.remove()

    def largest_input(self, channels: int, multiple_of: int) -> int:
        """See `Engine`: a fixed sum on the CPU (`memory.CPU_BYTES`), a share of what is free on a GPU."""
        free = _GPU_SHARE * torch.cuda.mem_get_info(self._device)[0] if self._on_gpu else CPU_BYTES
        return int(free / bytes_per_voxel(self._source, channels, multiple_of))

    def fallback(self) -> Engine | None:
        """See `Engine`: the CPU after a GPU."""
        return TorchEngine(self._source) if self._on_gpu else None

"""Engines: what runs a network. They give the same probabilities, but for rounding, in different times."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from CovidQuantLib.messages import InputError
from CovidQuantLib.networks import require_networks

if TYPE_CHECKING:
    from torch import nn

Watch = Callable[[], None]
"""Called several times a second while an engine works; what it raises (a cancel) ends the pass."""
_NAMES = ("torch-gpu", "openvino", "torch")


def no_watch() -> None:
    """Watch nothing."""


class Engine(Protocol):
    """A network, ready to run. It holds a copy of the weights: training the module on does not change it."""

    name: str

    def probabilities(self, batch: npt.NDArray[np.float32], watch: Watch = no_watch) -> npt.NDArray[np.float32]:
        """The softmax of the network's output: input (n, channels, k, j, i), output (n, classes, k, j, i).

        For networks of slices see `networks.reading`. Each side of the input is a multiple of the preprocessing's
        `multiple_of`. Raises what `attempts.is_out_of_memory` knows where the input is too large for the device.
        """
        ...

    def largest_input(self, channels: int, multiple_of: int) -> int:
        """How many voxels (k x j x i) an input of `channels` may have: what fits in the memory meant for one pass.

        The sides of inputs are multiples of `multiple_of`. Of a network of slices: pixels (j x i) of the slices of one
        input, whose number is `channels`.
        """
        ...

    def fallback(self) -> Engine | None:
        """The engine to go on with when this one's device has too little memory; None where there is none."""
        ...


def engine_names() -> tuple[str, ...]:
    """The engines that can run here, fastest first: torch-gpu, openvino (optional extra), torch (on the CPU)."""
    require_networks()
    import torch

    found = {"torch-gpu": torch.cuda.is_available(), "openvino": find_spec("openvino") is not None, "torch": True}
    return tuple(name for name in _NAMES if found[name])


def open_engine(module: nn.Module, name: str | None = None) -> Engine:
    """The engine `name` with the network `module`; the fastest that can run here where no name is given.

    All cores are used: as many threads as torch is set to (`torch.set_num_threads`), which by default is the number
    of cores. Raises `InputError` for an engine that cannot run here.
    """
    names = engine_names()
    chosen = names[0] if name is None else name
    if chosen not in names:
        raise InputError(f"There is no such engine here. There are: {', '.join(names)}.")
    if chosen == "openvino":
        from CovidQuantLib.inference.openvino_engine import OpenVinoEngine

        return OpenVinoEngine(module)
    from CovidQuantLib.inference.torch_engine import TorchEngine

    return TorchEngine(module, device="cuda" if chosen == "torch-gpu" else "cpu")

"""Networks and engines whose answer is known."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from CovidQuantLib.inference.engines import Engine, Watch, no_watch
from CovidQuantLib.networks import Preprocessing, network
from Testing.conftest import require

FloatArray = npt.NDArray[np.float32]
OWN_SPACING = Preprocessing(spacing_mm=None, hu_low=-1000, hu_high=400, multiple_of=4)


@dataclass
class PointwiseEngine:
    """Each voxel's probability of label 1 is its own value; keeps the sizes of its inputs."""

    largest: int = 10**9
    too_large: int = 10**9
    next_engine: Engine | None = None
    raised: Exception | None = None
    name: str = "pointwise"
    sizes: list[int] = field(default_factory=list)

    def probabilities(self, batch: FloatArray, watch: Watch = no_watch) -> FloatArray:
        watch()
        self.sizes.append(math.prod(batch.shape[2:]))
        if self.sizes[-1] > self.too_large:
            raise self.raised or require("torch").cuda.OutOfMemoryError("no memory")
        return np.concatenate([1 - batch, batch], axis=1)

    def largest_input(self, channels: int, multiple_of: int) -> int:
        assert channels * multiple_of > 0
        return self.largest

    def fallback(self) -> Engine | None:
        return self.next_engine


@pytest.fixture
def small_network() -> Callable[..., Any]:
    """A VB-Net of a few thousand weights, untrained, by its arguments."""
    torch = require("torch")

    def build(*, classes: int = 2, seed: int = 0, **arguments: Any) -> Any:
        torch.manual_seed(seed)
        return network("vbnet").build(classes=classes, **{"width": 4, "blocks": (1, 1), **arguments})

    return build

"""Small models for tests: a VB-Net of a few thousand weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from CovidQuantLib.models import ModelCard, new_model_id, save_model
from CovidQuantLib.networks import label_set, network

ARGUMENTS = {"width": 4, "blocks": [1, 1], "reduction": 4, "norm": "instance"}


def a_card(**changes: Any) -> ModelCard:
    """The card of a small, untrained model; keyword arguments change its fields."""
    values: dict[str, Any] = {
        "id": new_model_id(),
        "name": "small",
        "network": "vbnet",
        "arguments": ARGUMENTS,
        "in_channels": 1,
        "preprocessing": network("vbnet").preprocessing,
        "label_set": label_set("infection"),
        "recipe": {"seed": 1},
        "licence": "Apache-2.0",
    }
    return ModelCard(**{**values, **changes})


def save_small_model(folder: Path, *, seed: int = 0, **changes: Any) -> ModelCard:
    """Write a small model with random weights into `folder`. Skips the test where torch is not installed."""
    torch = pytest.importorskip("torch", reason="torch is not installed (extra 'networks')")
    torch.manual_seed(seed)
    card = a_card(**changes)
    spec = network(card.network)
    module = spec.build(in_channels=card.in_channels, classes=card.label_set.classes, **card.arguments)
    return save_model(folder, card, module)

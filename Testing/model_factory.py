"""Small models for tests: a VB-Net of a few thousand weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from CovidQuantLib.models import ModelCard, new_model_id, save_model
from CovidQuantLib.networks import label_set, network
from Testing.network_factory import SMALL_NETWORKS, certain_network

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


def save_certain_model(folder: Path, name: str, *, labels: str | None = None) -> ModelCard:
    """Write a model of the network `name` that gives every voxel its last class; it is called "my NAME".

    `labels` is the label set: the network's own by default, else infection. It works on a coarse grid.
    """
    spec = network(name)
    seen = spec.preprocessing
    card = a_card(
        name=f"my {name}",
        network=name,
        arguments=SMALL_NETWORKS[name],
        in_channels=spec.reading.channels,
        preprocessing=replace(seen, spacing_mm=(3.0, 3.0, 3.0), matrix=None if seen.matrix is None else 64),
        label_set=label_set(labels or spec.label_set or "infection"),
    )
    return save_model(folder, card, certain_network(name, classes=card.label_set.classes))

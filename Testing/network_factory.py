"""Settings that make each network a few thousand weights."""

from __future__ import annotations

from typing import Any

from CovidQuantLib.networks import Reading, network

SMALL_NETWORKS: dict[str, dict[str, Any]] = {
    "vbnet": {"width": 4, "blocks": [1, 1]},
    "lesion_net": {"width": 4},
    "hybrid_unet": {"width": 4},
    "hybrid_unet_pair": {"width": 4},
    "opacity_unet": {"width": 4},
    "conv_lstm": {"growth": 4, "layers": 2, "first": 8, "hidden": 4, "head": 8},
}
OF_SLICES = ("lesion_net", "hybrid_unet", "opacity_unet", "conv_lstm")


def small_network(name: str, *, classes: int = 2, seed: int = 0) -> Any:
    """The network, untrained, in evaluation mode."""
    import torch

    torch.manual_seed(seed)
    return network(name).build(classes=classes, **SMALL_NETWORKS[name]).eval()


def input_shape(reading: Reading, side: int, *, labelled: int = 1) -> tuple[int, ...]:
    """The shape of an input of slices; of a sequence that labels `labelled` slices."""
    return (1, reading.slices - 1 + labelled if reading.kind == "sequence" else reading.slices, side, side)

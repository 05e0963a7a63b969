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


def certain_network(name: str, *, classes: int = 2, logit: float = 5.0) -> Any:
    """The network with weights that give every voxel its last class, as sure as `logit` says, whatever it sees."""
    import torch

    module = small_network(name, classes=classes)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.zero_()
        for bias in _biases_of_logits(module):
            bias[-1] = logit
    return module


def _biases_of_logits(module: Any) -> list[Any]:
    """Those of the last layers, which give the classes."""
    if hasattr(module, "unet_2"):
        return [module.unet_1.last.bias, module.unet_2.last.bias]
    if hasattr(module, "attended_head"):
        return [module.main_head[-1].bias, module.attended_head[-1].bias]
    return [module.unet.final_conv.bias if hasattr(module, "unet") else module.last.bias]

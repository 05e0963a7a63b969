"""What the networks of slices share: one convolution with its norm and activation, first weights, checked settings."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from CovidQuantLib.messages import InputError

LARGEST_CLASSES = 256
_FIRST_LOGITS = 0.1


def convolution(inputs: int, outputs: int, *, kernel: int = 3, stride: int = 1, slope: float = 0.0) -> nn.Sequential:
    """Convolution (the same size, or halved by a stride of 2), batch norm, leaky ReLU; of slope 0, ReLU.

    The norm carries the bias.
    """
    activation = nn.LeakyReLU(slope, inplace=True) if slope else nn.ReLU(inplace=True)
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride=stride, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(outputs),
        activation,
    )


def first_weights(module: nn.Module, *logits: nn.Conv2d) -> None:
    """Weights after He (fan out); those of `logits` near 0, so that no class is preferred at first."""
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    for layer in logits:
        nn.init.normal_(layer.weight, std=_FIRST_LOGITS)


def check_settings(name: str, largest: Mapping[str, int], values: Mapping[str, object]) -> None:
    """Raise `InputError` where a setting of the network `name` is no whole number from 1 to its `largest`."""
    if all(_is_count(values[setting], limit) for setting, limit in largest.items()):
        return
    told = ", ".join(f"{setting} 1 to {limit}" for setting, limit in largest.items())
    raise InputError(f"These settings make no {name}; whole numbers are needed: {told}.")


def _is_count(value: object, largest: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= largest

"""The optimiser, and its state as named tensors."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn

from CovidQuantLib.training.options import TrainingOptions

_BETAS = (0.9, 0.99)


def make_optimiser(module: nn.Module, options: TrainingOptions) -> torch.optim.Optimizer:
    """AdamW, Adam, or SGD with Nesterov momentum, over all weights. Norms and biases do not decay."""
    decaying = [one for one in module.parameters() if one.ndim > 1]
    free = [one for one in module.parameters() if one.ndim <= 1]
    groups = [{"params": decaying, "weight_decay": options.weight_decay}, {"params": free, "weight_decay": 0.0}]
    groups = [group for group in groups if group["params"]]
    if options.optimiser == "adamw":
        return torch.optim.AdamW(groups, lr=options.rate, betas=_BETAS)
    if options.optimiser == "adam":
        return torch.optim.Adam(groups, lr=options.rate)
    nesterov = options.momentum > 0
    return torch.optim.SGD(groups, lr=options.rate, momentum=options.momentum, nesterov=nesterov)


def set_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Use this learning rate from now on."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def optimiser_tensors(optimiser: torch.optim.Optimizer) -> dict[str, torch.Tensor]:
    """All that the optimiser remembers, as `number of the weight.name`."""
    return {
        f"{number}.{name}": value.detach().clone().cpu()
        for number, state in optimiser.state_dict()["state"].items()
        for name, value in state.items()
        if isinstance(value, torch.Tensor)
    }


def restore_optimiser(optimiser: torch.optim.Optimizer, tensors: Mapping[str, torch.Tensor]) -> None:
    """Bring back what `optimiser_tensors` gave, into a fresh optimiser of the same network."""
    weights = [weight for group in optimiser.param_groups for weight in group["params"]]
    state: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in tensors.items():
        number, name = key.split(".", 1)
        weight = weights[int(number)]
        # In the weight's own memory format, as it was before.
        own = torch.empty_like(weight).copy_(value) if value.shape == weight.shape else value
        state.setdefault(int(number), {})[name] = own.detach()
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})

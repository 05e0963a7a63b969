"""UNet-2 from slabs in memory, as table I of Wu et al. 2020 has it: no data list, no checkpoint, no augmentation."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from CovidQuantLib.training.weak_labels import Prior, em_step, infected_region

_LARGEST_GRADIENT = 5.0


@dataclass(frozen=True)
class WeakPatient:
    """The slabs of a patient as UNet-1 takes them, (n, slices, j, i), and whether there is consolidation anywhere."""

    slabs: torch.Tensor
    has_consolidation: bool


def teach_consolidation(
    unet_1: nn.Module,
    patients: Sequence[WeakPatient],
    prior: Prior,
    *,
    epochs: int,
    batch: int = 16,
    rate: float = 5e-4,
    of_batch: bool = False,
    seed: int = 1,
) -> nn.Module:
    """UNet-2: a copy of `unet_1` that has learnt consolidation from one label for each patient.

    Its output is the probability of consolidation, which counts within UNet-1's region alone. `of_batch`: `em_step`.
    """
    unet_1 = unet_1.eval()
    slabs = torch.cat([one.slabs for one in patients])
    labels = torch.cat([torch.full((len(one.slabs),), float(one.has_consolidation)) for one in patients])
    regions = torch.cat([infected_region(unet_1, part) for part in slabs.split(batch)])
    unet_2 = copy.deepcopy(unet_1).train()
    optimiser = torch.optim.Adam(unet_2.parameters(), lr=rate)
    random = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        for chosen in torch.randperm(len(slabs), generator=random).split(batch):
            loss = em_step(unet_2, slabs[chosen], regions[chosen], labels[chosen], prior, of_batch=of_batch)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(unet_2.parameters(), _LARGEST_GRADIENT)
            optimiser.step()
    return unet_2.eval()

"""Consolidation from one label for each patient: the EM of UNet-2 (Wu et al. 2020, sections II-C to II-E and table I).

UNet-1 gives the infected region of every slab. Which of its pixels are consolidation is latent: it follows in each step
from what the network says, what the pixel's density says, and whether a radiologist saw consolidation in the patient.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from CovidQuantLib.training.losses import segmentation_loss
from CovidQuantLib.training.options import TrainingOptions

Prior = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""phi(x, z): the probability that a pixel of value x, (HU + 1024) / 110, is consolidation in a patient of label z.

Takes values (n, j, i) and labels (n), 1 for patients with consolidation; gives (n, j, i) from 0 to 1.
"""
_FOUND = 0.5


def constant_prior(b: float = 1.0) -> Prior:
    """phi_1 (equation 12): `b` in patients with consolidation, 0 in others."""

    def prior(values: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return b * labels[:, None, None] * torch.ones_like(values)

    return prior


def density_prior(b: float = 9.0, k: float = 0.5) -> Prior:
    """phi_2 (equation 13): min(1, 1 / (1 + exp(-k (x - b))) + 1/2) in patients with consolidation, 0 in others.

    From x = `b` on a pixel is consolidation for certain; 9.0 is -34 HU. Below it at least half so.
    """

    def prior(values: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        return labels[:, None, None] * (torch.sigmoid(k * (values - b)) + 0.5).clamp(max=1.0)

    return prior


def prior_of(options: TrainingOptions) -> Prior:
    """The prior that a training is told to use."""
    if options.prior == "constant":
        return constant_prior(options.b_of_prior)
    return density_prior(options.b_of_prior, options.prior_k)


def latent_labels(found: torch.Tensor, prior: torch.Tensor, region: torch.Tensor) -> torch.Tensor:
    """The E-step (equation 10 and table I, lines 4 to 7): 1 where m f + m phi > 1, else 0.

    `found` is the network's probability of consolidation, `region` the infected region m (bool); all (n, j, i).
    """
    # Not f + phi > 1: where phi is 1, a float32 has no room for a small f beside it.
    return ((found > 1.0 - prior) & region).long()


def em_step(
    unet_2: nn.Module,
    slabs: torch.Tensor,
    region: torch.Tensor,
    labels: torch.Tensor,
    prior: Prior,
    *,
    of_batch: bool = False,
) -> torch.Tensor:
    """The loss of one minibatch (table I, lines 3 to 8): smooth Dice of m f against the latent labels of this step.

    Dice is that of each slab, as the paper writes it, or of all of them as one picture (`of_batch`). Of a slab without
    consolidation the paper's Dice is s / (|f| + s), whose slope falls with the square of what is found: where UNet-1's
    regions are large, UNet-2 learns nothing from such patients and calls all of it consolidation. With `of_batch` they
    count as much as the others.
    """
    logits = unet_2(slabs).float()
    middle = slabs[:, slabs.shape[1] // 2]
    with torch.no_grad():
        latent = latent_labels(torch.softmax(logits, 1)[:, 1], prior(middle, labels), region)
    # Outside of the region f counts as 0, which the logits of a certain background say.
    background = torch.tensor((0.0, -torch.inf), device=logits.device)[None, :, None, None]
    masked = torch.where(region[:, None], logits, background)
    if of_batch:
        masked, latent = masked.transpose(0, 1).flatten(1, 2)[None], latent.flatten(0, 1)[None]
    return segmentation_loss(masked, latent, "smooth_dice", lambda values: values)


def infected_region(unet_1: nn.Module, slabs: torch.Tensor) -> torch.Tensor:
    """Where UNet-1 finds infection, f > 0.5, on the middle slices of `slabs`: bool (n, j, i)."""
    with torch.no_grad():
        return torch.softmax(unet_1(slabs), 1)[:, 1] > _FOUND

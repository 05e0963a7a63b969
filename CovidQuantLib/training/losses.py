"""The losses: Dice of each patch, and cross entropy, over the voxels that count; and those of the papers."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional

from CovidQuantLib.training.cases import IGNORED
from CovidQuantLib.training.options import Loss
from CovidQuantLib.training.region_loss import region_mutual_information

_FOCUS = 2.0
_SMOOTH = 1.0
"""Voxels: keeps the Dice of an absent label defined, and its gradient small."""
Sum = Callable[[torch.Tensor], torch.Tensor]


def segmentation_loss(logits: torch.Tensor, labels: torch.Tensor, kind: Loss, add_up: Sum) -> torch.Tensor:
    """The loss `kind` of a batch.

    `logits` (n, classes, ...) float, `labels` (n, ...) with 255 where a voxel does not count; the further axes are
    those of volumes (k, j, i) or of slices (j, i). `add_up` sums over the processes of a distributed training, such
    that all have the loss of the whole batch.

        dice_ce       soft Dice loss plus cross entropy: see `_compound`
        dice_focal    with focal loss in place of cross entropy (Lin et al. 2017, gamma 2)
        smooth_dice   see `_smooth_dice` (Wu et al. 2020)
        rmi           see `region_loss` (Zhao et al. 2019, for Grodecki et al. 2021)
    """
    logits = logits.float()
    counted = labels != IGNORED
    known = torch.where(counted, labels, 0)
    if kind == "rmi":
        return region_mutual_information(logits, known, counted, add_up)
    log_likelihood = torch.log_softmax(logits, dim=1)
    inside = counted[:, None].float()
    found = log_likelihood.exp()[:, 1:] * inside
    wanted = functional.one_hot(known, logits.shape[1]).movedim(-1, 1)[:, 1:] * inside
    if kind == "smooth_dice":
        return _smooth_dice(found, wanted, add_up)
    of_label = log_likelihood.gather(1, known[:, None])[:, 0]
    entropy = -of_label if kind == "dice_ce" else -((1 - of_label.exp()) ** _FOCUS) * of_label
    return _compound(found, wanted, entropy, counted, add_up)


def _compound(
    found: torch.Tensor, wanted: torch.Tensor, entropy: torch.Tensor, counted: torch.Tensor, add_up: Sum
) -> torch.Tensor:
    """Soft Dice loss (Milletari et al. 2016) plus the mean of `entropy`.

    Dice is the mean over the patches and the labels 1, 2 ... that each holds, so that a small lesion weighs as much as
    a large one; what is found in a patch without a label costs entropy alone.
    """
    shared, held, total = _overlap(found, wanted)
    present = (held > 0).float()
    terms = (((1 - _dice(shared, total)) * present).sum(), present.sum(), (entropy * counted).sum(), counted.sum())
    missed, lesions, surprise, voxels = add_up(torch.stack([term.float() for term in terms]))
    return missed / lesions.clamp(min=1.0) + surprise / voxels.clamp(min=1.0)


def _smooth_dice(found: torch.Tensor, wanted: torch.Tensor, add_up: Sum) -> torch.Tensor:
    """1 - (2 l f + s) / (|l| + |f| + s), s = 1, the mean over all patches and labels (Wu et al. 2020, equation 2).

    The paper's own value is this minus 1. A patch without a label costs nothing where nothing is found in it.
    """
    shared, _, total = _overlap(found, wanted)
    missed, number = add_up(torch.stack([(1 - _dice(shared, total)).sum(), total.new_tensor(float(total.numel()))]))
    return missed / number


def _overlap(found: torch.Tensor, wanted: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Of each patch and label (n, labels): the voxels in common, those of `wanted`, and the sum of both masks."""
    space = tuple(range(2, found.ndim))
    shared, held = (found * wanted).sum(space), wanted.sum(space)
    return shared, held, found.sum(space) + held


def _dice(shared: torch.Tensor, total: torch.Tensor) -> torch.Tensor:
    """Dice from the voxels in common and the sum of both masks."""
    return (2 * shared + _SMOOTH) / (total + _SMOOTH)

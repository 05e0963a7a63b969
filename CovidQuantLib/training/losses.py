"""The loss: Dice of each patch, and cross entropy, over the voxels that count."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional

from CovidQuantLib.training.cases import IGNORED
from CovidQuantLib.training.options import Loss

_FOCUS = 2.0
_SMOOTH = 1.0
"""Voxels: keeps the Dice of an absent label defined, and its gradient small."""
Sum = Callable[[torch.Tensor], torch.Tensor]


def segmentation_loss(logits: torch.Tensor, labels: torch.Tensor, kind: Loss, add_up: Sum) -> torch.Tensor:
    """Soft Dice loss plus cross entropy, or focal loss, of a batch.

    `logits` (n, classes, k, j, i) float, `labels` (n, k, j, i) with 255 where a voxel does not count. Dice is the mean
    over the patches and the labels 1, 2 ... that each holds, so that a small lesion weighs as much as a large one; what
    is found in a patch without a label costs cross entropy alone.
    `add_up` sums over the processes of a distributed training, such that all have the loss of the whole batch.
    Sources: Milletari et al. 2016 (Dice), Lin et al. 2017 (focal loss, gamma 2).
    """
    classes = logits.shape[1]
    logits = logits.float()
    counted = labels != IGNORED
    known = torch.where(counted, labels, 0)
    log_likelihood = torch.log_softmax(logits, dim=1)
    of_label = log_likelihood.gather(1, known[:, None])[:, 0]
    entropy = -of_label if kind == "dice_ce" else -((1 - of_label.exp()) ** _FOCUS) * of_label
    inside = counted[:, None].float()
    found = log_likelihood.exp()[:, 1:] * inside
    wanted = functional.one_hot(known, classes).movedim(-1, 1)[:, 1:] * inside
    shared, held = (found * wanted).sum((2, 3, 4)), wanted.sum((2, 3, 4))
    total = found.sum((2, 3, 4)) + held
    present = (held > 0).float()
    terms = (((1 - _dice(shared, total)) * present).sum(), present.sum(), (entropy * counted).sum(), counted.sum())
    missed, lesions, surprise, voxels = add_up(torch.stack([term.float() for term in terms]))
    return missed / lesions.clamp(min=1.0) + surprise / voxels.clamp(min=1.0)


def _dice(shared: torch.Tensor, total: torch.Tensor) -> torch.Tensor:
    """Dice from the voxels in common and the sum of both masks."""
    return (2 * shared + _SMOOTH) / (total + _SMOOTH)

"""The loss: Dice of the whole batch and cross entropy, over the voxels that count."""

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
    """Soft Dice loss (mean over labels 1, 2 ...) plus cross entropy, or focal loss, of a batch.

    `logits` (n, classes, k, j, i) float, `labels` (n, k, j, i) with 255 where a voxel does not count. Dice is that of
    all patches taken as one, so that a patch without a label does not weigh as much as one full of it. `add_up` sums
    over the processes of a distributed training, such that all have the loss of the whole batch.
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
    over = (0, 2, 3, 4)
    sums = add_up(
        torch.cat(
            [
                (found * wanted).sum(over),
                found.sum(over) + wanted.sum(over),
                (entropy * counted).sum()[None],
                counted.sum()[None].float(),
            ]
        )
    )
    shared, total = sums[: classes - 1], sums[classes - 1 : 2 * classes - 2]
    dice = (2 * shared + _SMOOTH) / (total + _SMOOTH)
    return (1 - dice).mean() + sums[-2] / sums[-1].clamp(min=1.0)

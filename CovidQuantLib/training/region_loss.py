"""Region mutual information: a loss of slices that compares small regions instead of single pixels."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional

_SIDE = 3
"""Pixels of a region's side; a region of a slice is a point of side x side numbers."""
_POOLED = 3
_SHARE = 0.5
_REGULAR = 5e-4
_LOWEST = 1e-6


def region_mutual_information(
    logits: torch.Tensor,
    labels: torch.Tensor,
    counted: torch.Tensor,
    add_up: Callable[[torch.Tensor], torch.Tensor],
) -> torch.Tensor:
    """The loss of Zhao et al. 2019, "Region Mutual Information Loss for Semantic Segmentation".

    Half is the binary cross entropy of each label. The other half is a lower bound of the mutual information, with its
    sign turned: the log determinant, over the pixels of a region, of the covariance of the reference that is left once
    the probabilities are known. Regions have 3 x 3 pixels, of slices whose resolution average pooling brought to a
    third, as in their code. It is the mean over patches and labels.

    `logits` (n, classes, ..., j, i), `labels` and `counted` (n, ..., j, i); pixels that do not count are 0 in both.
    Each slice of a volume or a sequence is a slice of its own.
    """
    classes = logits.shape[1]
    inside = counted[:, None].float()
    found = torch.softmax(logits, dim=1) * inside
    wanted = functional.one_hot(labels, classes).movedim(-1, 1).float() * inside
    entropy = functional.binary_cross_entropy(found.clamp(_LOWEST, 1.0 - _LOWEST), wanted, reduction="none") * inside
    left = _left_over(_regions(wanted), _regions(found))
    terms = (entropy.sum() / classes, inside.sum(), left.sum(), left.new_tensor(float(left.numel())))
    surprise, pixels, unknown, number = add_up(torch.stack([term.float() for term in terms]))
    return _SHARE * surprise / pixels.clamp(min=1.0) + (1.0 - _SHARE) * unknown / number


def _regions(maps: torch.Tensor) -> torch.Tensor:
    """The regions of maps (n, classes, ..., j, i): (m, side * side, regions), float64 for the determinants."""
    planes = maps.flatten(0, -3)[:, None] if maps.ndim > 3 else maps[:, None]
    pooled = functional.avg_pool2d(planes, _POOLED, stride=_POOLED)
    return functional.unfold(pooled, _SIDE).double()


def _left_over(wanted: torch.Tensor, found: torch.Tensor) -> torch.Tensor:
    """Half the log determinant of the covariance of `wanted` given `found`, by region's pixel; one for each map."""
    wanted, found = wanted - wanted.mean(2, keepdim=True), found - found.mean(2, keepdim=True)
    regular = _REGULAR * torch.eye(_SIDE * _SIDE, dtype=wanted.dtype, device=wanted.device)
    both = wanted @ found.mT
    left = wanted @ wanted.mT - both @ torch.linalg.inv(found @ found.mT + regular) @ both.mT
    lower = torch.linalg.cholesky(left + regular)
    return lower.diagonal(dim1=1, dim2=2).log().sum(1) / (_SIDE * _SIDE)

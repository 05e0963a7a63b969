"""How far a training is, and the learning rate that follows from it."""

from __future__ import annotations

import math
from collections.abc import Sequence

from CovidQuantLib.training.options import Schedule

_POWER = 0.9
_WARM_UP = 0.02
_LOWEST = 0.01
_DROP = 0.1
PLATEAU_VALIDATIONS = 10
"""Validations without a better one after which the schedule "plateau" lowers the rate (Grodecki et al. 2021)."""
LOWEST_PLATEAU_RATE = 1e-7
"""A training with that schedule ends when the rate comes down to this."""


def share_done(*, step: int, steps: int | None, seconds: float, budget_seconds: float | None) -> float:
    """The share of a training that is over, 0 to 1: of its steps, of its time, or the greater of both."""
    of_steps = step / steps if steps else 0.0
    of_time = seconds / budget_seconds if budget_seconds else 0.0
    return min(1.0, max(of_steps, of_time))


def rate_factor(
    schedule: Schedule, share: float, *, epoch: int = 0, steps: Sequence[int] = (), drops: int = 0
) -> float:
    """The learning rate as a factor of its start.

    poly, cosine: rises in the first 2 % (`share` of the training is over), then falls to 1 % at the end, by
    (1 - share) ** 0.9, as nnU-Net, or in half a wave. steps: falls to a tenth after each number of epochs in `steps`
    (`epoch` are over). plateau: falls to a tenth at each of `drops`. constant: 1.
    """
    if schedule == "constant":
        return 1.0
    if schedule in ("steps", "plateau"):
        return float(_DROP ** (drops if schedule == "plateau" else sum(epoch >= step for step in steps)))
    fallen = (1.0 - share) ** _POWER if schedule == "poly" else 0.5 * (1.0 + math.cos(math.pi * share))
    warm = min(1.0, (share + _WARM_UP / 10) / _WARM_UP)
    return warm * (_LOWEST + (1.0 - _LOWEST) * fallen)

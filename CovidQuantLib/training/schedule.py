"""How far a training is, and the learning rate that follows from it."""

from __future__ import annotations

import math

from CovidQuantLib.training.options import Schedule

_POWER = 0.9
_WARM_UP = 0.02
_LOWEST = 0.01


def share_done(*, step: int, steps: int | None, seconds: float, budget_seconds: float | None) -> float:
    """The share of a training that is over, 0 to 1: of its steps, of its time, or the greater of both."""
    of_steps = step / steps if steps else 0.0
    of_time = seconds / budget_seconds if budget_seconds else 0.0
    return min(1.0, max(of_steps, of_time))


def rate_factor(schedule: Schedule, share: float) -> float:
    """The learning rate as a factor of its start: rises in the first 2 %, then falls to 1 % at the end.

    poly: (1 - share) ** 0.9, as nnU-Net; cosine: half a wave.
    """
    fallen = (1.0 - share) ** _POWER if schedule == "poly" else 0.5 * (1.0 + math.cos(math.pi * share))
    warm = min(1.0, (share + _WARM_UP / 10) / _WARM_UP)
    return warm * (_LOWEST + (1.0 - _LOWEST) * fallen)

"""Progress and cancelling: a long function takes `progress(fraction, message)`; a cancel is raised out of that call."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[float, str], None]
"""`fraction` 0 to 1 of the callee's own work, and the step's name as a user reads it. May raise `Cancelled`."""


def no_progress(fraction: float, message: str) -> None:
    """Report nothing: the default where nobody watches."""


def part_of(progress: Progress, start: float, stop: float) -> Progress:
    """The progress of one step, mapped onto `start` to `stop` of the whole."""

    def step(fraction: float, message: str) -> None:
        progress(start + (stop - start) * min(1.0, max(0.0, fraction)), message)

    return step

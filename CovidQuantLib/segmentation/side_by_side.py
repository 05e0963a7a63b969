"""Independent pieces of one step, such as the two lungs, at the same time: NumPy and SimpleITK let threads run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

from CovidQuantLib.messages import Cancelled
from CovidQuantLib.progress import Progress

R = TypeVar("R")

_REPORT_SECONDS = 0.2


def side_by_side(tasks: Sequence[Callable[[Progress], R]], progress: Progress) -> list[R]:
    """The results of `tasks`, in their order, each run in a thread of its own.

    `progress` is called from the caller's thread alone, with the mean of the tasks' fractions; what it raises ends
    the tasks at their next report, and is raised here. A task's own error is raised when all have ended.
    """
    fractions = [0.0] * len(tasks)
    latest = ""
    ended = threading.Event()

    def report(number: int) -> Progress:
        def step(fraction: float, message: str) -> None:
            nonlocal latest
            if ended.is_set():
                raise Cancelled(message)
            fractions[number], latest = fraction, message

        return step

    with ThreadPoolExecutor(max(1, len(tasks))) as pool:
        running = [pool.submit(task, report(number)) for number, task in enumerate(tasks)]
        try:
            while wait(running, timeout=_REPORT_SECONDS).not_done:
                progress(sum(fractions) / len(fractions), latest)
        except BaseException:
            ended.set()
            raise
    return [one.result() for one in running]

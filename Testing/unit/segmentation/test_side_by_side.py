"""Tasks that run at the same time, and how they end."""

from __future__ import annotations

import threading
import time

import pytest

from CovidQuantLib.messages import Cancelled
from CovidQuantLib.progress import Progress, no_progress
from CovidQuantLib.segmentation.side_by_side import side_by_side


def test_results_come_in_the_order_of_the_tasks() -> None:
    def late(_: Progress) -> str:
        time.sleep(0.05)
        return "late"

    assert side_by_side([late, lambda _: "early"], no_progress) == ["late", "early"]
    assert side_by_side([], no_progress) == []


def test_tasks_run_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=5.0)
    assert sorted(side_by_side([lambda _: both.wait(), lambda _: both.wait()], no_progress)) == [0, 1]


def test_progress_is_reported_from_the_callers_thread_with_the_mean_fraction() -> None:
    seen: list[tuple[float, str, int]] = []

    def task(progress: Progress) -> None:
        progress(0.5, "working")
        time.sleep(0.5)

    side_by_side([task, task], lambda fraction, message: seen.append((fraction, message, threading.get_ident())))
    assert (0.5, "working", threading.get_ident()) in seen


def test_a_cancel_ends_all_tasks_at_their_next_report() -> None:
    ended = []

    def endless(progress: Progress) -> None:
        try:
            for _ in range(1000):
                progress(0.1, "working")
                time.sleep(0.01)
        finally:
            ended.append(True)

    def cancel(fraction: float, message: str) -> None:
        raise Cancelled(f"{message} {fraction}")

    with pytest.raises(Cancelled):
        side_by_side([endless, endless], cancel)
    assert ended == [True, True]


def test_a_tasks_error_is_raised() -> None:
    def wrong(_: Progress) -> None:
        raise ValueError("wrong")

    with pytest.raises(ValueError, match="wrong"):
        side_by_side([wrong, lambda _: None], no_progress)

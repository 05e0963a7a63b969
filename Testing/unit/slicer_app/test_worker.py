"""The worker: whatever becomes of its process, one plain sentence and a module that can start the next one."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest
import slicer

from CovidQuantLib.slicer_app import worker as worker_module
from CovidQuantLib.slicer_app.worker import CANCELLED, ENDED, NOT_INSTALLED, NOT_STARTED, Failure, Worker

Wait = Callable[..., None]
START = "import json, os, sys, time; say = lambda **v: print(json.dumps({'v': 1, **v}), flush=True)\n"
START += "say(type='start', pid=os.getpid())\n"
PYTHON = sys.executable
"""The real Python; while a test runs, `sys.executable` is a launcher that has it as its child, as in Slicer."""


class Outcome:
    """What the worker called, in order."""

    def __init__(self) -> None:
        self.progress: list[tuple[float, str]] = []
        self.results: list[dict[str, Any]] = []
        self.failures: list[Failure] = []

    @property
    def is_over(self) -> bool:
        return bool(self.results or self.failures)

    def start(self, worker: Worker, arguments: Sequence[str] = ()) -> None:
        self.worker = worker  # as a panel holds it: signals alone do not
        worker.start(
            arguments,
            lambda fraction, message: self.progress.append((fraction, message)),
            lambda values: self.results.append(dict(values)),
            self.failures.append,
        )


def running(script: str, *, behind_a_launcher: bool = False) -> Worker:
    """A worker whose process is this script instead of the command line."""
    command = [sys.executable if behind_a_launcher else PYTHON, "-c", script]
    return Worker(command=lambda _: command)


@pytest.fixture(autouse=True)
def no_process_is_left() -> Iterator[None]:
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    yield
    stop = time.monotonic() + 5
    while left := [
        child
        for child in psutil.Process().children(recursive=True)
        if child.pid not in before and child.status() != psutil.STATUS_ZOMBIE
    ]:
        assert time.monotonic() < stop, left
        slicer.app.processEvents()
        time.sleep(0.01)


def test_progress_and_the_result_arrive_in_order(wait_until: Wait) -> None:
    script = START + "say(type='progress', fraction=0.25, message='Reading')\nsay(type='result', poi=12.5)"
    outcome = Outcome()
    worker = running(script)
    outcome.start(worker)
    wait_until(lambda: outcome.is_over)
    assert outcome.progress == [(0.25, "Reading")]
    assert outcome.results == [{"poi": 12.5}]
    assert outcome.failures == []
    assert not worker.running


def test_nothing_is_called_before_start_returns() -> None:
    outcome = Outcome()
    worker = Worker(command=lambda _: ["/there/is/no/such/python"])
    outcome.start(worker)
    assert not outcome.is_over
    assert worker.running
    worker.end_now()


def test_a_missing_interpreter_is_one_plain_sentence(wait_until: Wait) -> None:
    outcome = Outcome()
    worker = Worker(command=lambda _: ["/there/is/no/such/python"])
    outcome.start(worker)
    wait_until(lambda: outcome.is_over)
    assert outcome.failures == [Failure("ended", NOT_STARTED)]
    assert not worker.running


def test_an_error_line_is_shown_as_it_is(wait_until: Wait) -> None:
    sentence = "The disk refuses to write: No space left on device. Nothing half-written is left."
    outcome = Outcome()
    outcome.start(running(START + f"say(type='error', kind='input', message={sentence!r}); sys.exit(2)"))
    wait_until(lambda: outcome.is_over)
    assert outcome.failures == [Failure("input", sentence)]


def test_a_bug_is_told_apart(wait_until: Wait) -> None:
    outcome = Outcome()
    outcome.start(running(START + "say(type='error', kind='bug', message='This is a bug.'); sys.exit(1)"))
    wait_until(lambda: outcome.is_over)
    assert outcome.failures == [Failure("bug", "This is a bug.")]


@pytest.mark.parametrize(
    "rubbish",
    [
        "print('{')",
        "print('[1, 2]')",
        "os.write(1, bytes(range(256)) * 100)",
        'print(\'{"v": 2, "type": "result"}\')',
        'print(\'{"v": 1, "type": ["result"]}\')',
        "print('{' * 100000)",
        "print('x' * 3000000)",
        "say(type='progress', fraction='much', message=7)",
    ],
)
def test_rubbish_is_passed_over(rubbish: str, wait_until: Wait) -> None:
    outcome = Outcome()
    outcome.start(running(START + rubbish + "\nprint()\nsay(type='result', poi=1)"))
    wait_until(lambda: outcome.is_over)
    assert outcome.results == [{"poi": 1}]
    assert outcome.progress == []


def test_a_process_that_says_nothing_is_not_installed(wait_until: Wait) -> None:
    outcome = Outcome()
    outcome.start(running("import no_such_module"))
    wait_until(lambda: outcome.is_over)
    assert outcome.failures == [Failure("ended", NOT_INSTALLED)]


def test_a_process_that_ends_in_the_middle_has_ended(wait_until: Wait) -> None:
    outcome = Outcome()
    outcome.start(running(START + "say(type='progress', fraction=0.5, message='Half'); sys.exit(0)"))
    wait_until(lambda: outcome.is_over)
    assert outcome.failures == [Failure("ended", ENDED)]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_a_worker_that_is_killed_from_outside_has_ended(wait_until: Wait) -> None:
    outcome = Outcome()
    outcome.start(running(START + "say(type='progress', fraction=0, message=str(os.getpid())); time.sleep(60)"))
    wait_until(lambda: bool(outcome.progress))
    os.kill(int(outcome.progress[0][1]), 9)
    wait_until(lambda: outcome.is_over)
    assert outcome.failures == [Failure("ended", ENDED)]


def test_a_worker_that_is_terminated_from_outside_was_not_cancelled_by_the_user(wait_until: Wait) -> None:
    outcome = Outcome()
    outcome.start(running(START + "say(type='error', kind='cancelled', message='Cancelled.'); sys.exit(130)"))
    wait_until(lambda: outcome.is_over)
    assert outcome.failures == [Failure("ended", ENDED)]


STUBBORN = START + "say(type='progress', fraction=0, message='Working')\ntime.sleep(60)"
OBEDIENT = START + "say(type='progress', fraction=0, message='Working')\nsys.stdin.readline()"


@pytest.mark.parametrize("behind_a_launcher", [False, True], ids=["alone", "behind a launcher"])
@pytest.mark.parametrize("script", [STUBBORN, OBEDIENT], ids=["stubborn", "obedient"])
def test_a_cancelled_worker_is_gone_within_a_second(script: str, behind_a_launcher: bool, wait_until: Wait) -> None:  # noqa: FBT001
    outcome = Outcome()
    worker = running(script, behind_a_launcher=behind_a_launcher)
    outcome.start(worker)
    wait_until(lambda: bool(outcome.progress))
    children = psutil.Process().children(recursive=True)
    began = time.monotonic()
    worker.cancel()
    worker.cancel()
    wait_until(lambda: outcome.is_over)
    assert time.monotonic() - began < 1.0 + 0.3  # 0.3 s for a busy machine
    assert outcome.failures == [Failure("cancelled", CANCELLED)]
    assert len(children) == 1 + behind_a_launcher
    psutil.wait_procs(children, 1)
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def test_a_result_that_comes_after_the_cancel_does_not_count(wait_until: Wait) -> None:
    outcome = Outcome()
    worker = running(
        START + "say(type='progress', fraction=0, message='')\nsys.stdin.read()\nsay(type='result', poi=1)"
    )
    outcome.start(worker)
    wait_until(lambda: bool(outcome.progress))
    worker.cancel()
    wait_until(lambda: outcome.is_over)
    assert outcome.results == []
    assert outcome.failures == [Failure("cancelled", CANCELLED)]


def test_a_worker_that_hangs_after_its_result_keeps_nobody_waiting(
    wait_until: Wait, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "_LAST_WORDS_MS", 200)
    outcome = Outcome()
    outcome.start(running(START + "say(type='result', poi=3)\ntime.sleep(60)", behind_a_launcher=True))
    wait_until(lambda: outcome.is_over, 10)
    assert outcome.results == [{"poi": 3}]


def test_ending_at_once_calls_nobody_and_leaves_no_process(wait_until: Wait) -> None:
    outcome = Outcome()
    worker = running(STUBBORN, behind_a_launcher=True)
    outcome.start(worker)
    wait_until(lambda: bool(outcome.progress))
    worker.end_now()
    assert not worker.running
    for _ in range(20):
        slicer.app.processEvents()
    assert not outcome.is_over


def test_a_second_computation_waits_for_the_first(wait_until: Wait) -> None:
    outcome = Outcome()
    worker = running(OBEDIENT)
    outcome.start(worker)
    with pytest.raises(RuntimeError, match="one computation"):
        outcome.start(worker)
    worker.cancel()
    wait_until(lambda: outcome.is_over)
    again = Outcome()
    again.start(worker)
    wait_until(lambda: bool(again.progress))
    worker.cancel()
    wait_until(lambda: again.is_over)
    assert again.failures == [Failure("cancelled", CANCELLED)]


def test_a_process_that_names_a_stranger_harms_nobody(wait_until: Wait) -> None:
    stranger = psutil.Popen([PYTHON, "-c", "import time; time.sleep(60)"])
    try:
        script = START.replace("os.getpid()", str(stranger.pid)) + "say(type='progress', fraction=0, message='')\n"
        script += "time.sleep(60)"
        outcome = Outcome()
        worker = running(script)
        outcome.start(worker)
        wait_until(lambda: bool(outcome.progress))
        worker.cancel()
        wait_until(lambda: outcome.is_over)
        assert stranger.is_running()
    finally:
        stranger.kill()
        stranger.wait()


def test_the_real_command_line_answers_and_stops_when_it_is_cancelled(wait_until: Wait, tmp_path: Path) -> None:
    outcome = Outcome()
    worker = Worker()
    outcome.start(worker, ["demo", "--output", str(tmp_path / "results")])
    wait_until(lambda: bool(outcome.progress) or outcome.is_over, 60)
    worker.cancel()
    wait_until(lambda: outcome.is_over)
    assert outcome.failures == [Failure("cancelled", CANCELLED)]
    assert not (tmp_path / "results").exists()


def test_a_refusal_of_the_real_command_line_is_its_own_sentence(wait_until: Wait, tmp_path: Path) -> None:
    outcome = Outcome()
    outcome.start(Worker(), ["quantify", str(tmp_path / "none"), "--output", str(tmp_path / "results")])
    wait_until(lambda: outcome.is_over, 60)
    assert outcome.failures == [Failure("input", "The CT does not exist. Check the path.")]

"""One computation in a process of its own: started, followed, cancelled, and outlived whatever becomes of it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import qt

from CovidQuantLib.progress import Progress
from CovidQuantLib.slicer_app.process_tree import ProcessTree
from CovidQuantLib.slicer_app.worker_environment import worker_command, worker_variables, working_folder
from CovidQuantLib.slicer_app.worker_lines import LineReader, WorkerLine

CANCEL_MS = 800
"""How long a worker may take to stop by itself once it was asked to."""
_GIVE_UP_MS = 150
_LAST_WORDS_MS = 3000
_END_NOW_MS = 500

NOT_STARTED = (
    "The computation cannot be started: the Python of 3D Slicer was not found or cannot be run. Install Slicer again."
)
NOT_INSTALLED = "The computation did not start: CovidQuant or a package that it needs is not installed whole."
ENDED = (
    "The computation ended before it was done: it was stopped from outside, or memory ran out. Nothing was kept; close "
    "other programs and start it again."
)
CANCELLED = "Cancelled. Nothing was kept."

Kind = Literal["input", "cancelled", "bug", "ended"]


@dataclass(frozen=True)
class Failure:
    """Why a computation gave no result: one sentence to show, and its kind.

    `input`: what was given cannot be used; `cancelled`: the user asked for it; `bug`: the log has it; `ended`: the
    process could not be started, or went without a word.
    """

    kind: Kind
    sentence: str


@dataclass(frozen=True)
class _Receivers:
    progress: Progress
    result: Callable[[Mapping[str, Any]], None]
    error: Callable[[Failure], None]


def new_process() -> Any:
    """A QProcess with the worker's environment. What libraries print to standard error is dropped."""
    process = qt.QProcess()
    environment = qt.QProcessEnvironment.systemEnvironment()
    for name, value in worker_variables().items():
        environment.insert(name, value)
    process.setProcessEnvironment(environment)
    process.setWorkingDirectory(str(working_folder()))
    process.setStandardErrorFile(os.devnull)
    return process


class Worker:
    """Runs one `covidquant` command at a time.

        worker = Worker()
        worker.start(["quantify", ct, "--output", folder], on_progress, on_result, on_error)
        worker.cancel()

    `on_progress(fraction, message)` comes any number of times, then exactly one of `on_result(values)` and
    `on_error(failure)`, and the process has ended by then. All are called from the event loop, never from `start`.
    A cancelled worker is gone within a second. A process that ends without a result, prints rubbish or cannot be
    started ends in one plain sentence. Processes and timers can be replaced for tests.
    """

    def __init__(
        self,
        process_factory: Callable[[], Any] = new_process,
        single_shot: Callable[[int, Callable[[], None]], None] = qt.QTimer.singleShot,
        process_tree: Callable[[int], ProcessTree] = ProcessTree,
        command: Callable[[Sequence[str]], list[str]] = worker_command,
    ) -> None:
        self._new_process = process_factory
        self._single_shot = single_shot
        self._new_tree = process_tree
        self._command = command
        self._job = 0
        self._process: Any = None
        self._tree: ProcessTree | None = None
        self._lines = LineReader()
        self._receivers: _Receivers | None = None
        self._cancelled = self._spoke = False
        self._last: WorkerLine | None = None

    @property
    def running(self) -> bool:
        """Whether a computation is under way."""
        return self._receivers is not None

    def start(
        self,
        arguments: Sequence[str],
        on_progress: Progress,
        on_result: Callable[[Mapping[str, Any]], None],
        on_error: Callable[[Failure], None],
    ) -> None:
        """Start `covidquant ARGUMENTS`. Raises `RuntimeError` while another one runs."""
        if self.running:
            raise RuntimeError("a worker runs one computation at a time")
        self._job += 1
        self._receivers = _Receivers(on_progress, on_result, on_error)
        self._lines, self._last, self._tree = LineReader(), None, None
        self._cancelled = self._spoke = False
        process = self._process = self._new_process()
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._on_finished)
        process.errorOccurred.connect(self._on_process_error)
        program, *rest = self._command(arguments)
        process.start(program, rest)

    def cancel(self) -> None:
        """Ask the computation to stop; it is ended after 0.8 seconds. Nothing happens where none runs."""
        if not self.running or self._cancelled:
            return
        self._cancelled = True
        self._ask_to_stop()
        self._later(CANCEL_MS, self._kill)

    def end_now(self) -> None:
        """End the computation without waiting and without a word to anybody: the scene or the program is closing."""
        if not self.running:
            return
        self._ask_to_stop()
        tree, process = self._family(), self._forget()
        tree.kill()
        process.kill()
        process.waitForFinished(_END_NOW_MS)

    def _ask_to_stop(self) -> None:
        # Both say the same to the worker; a process that is just starting or ending refuses them.
        with contextlib.suppress(RuntimeError, ValueError):
            self._process.write(b"cancel\n")
            self._process.closeWriteChannel()

    def _read(self) -> None:
        if not self.running:
            return
        for line in self._lines.feed(bytes(self._process.readAllStandardOutput().data())):
            self._take(line)

    def _take(self, line: WorkerLine) -> None:
        if not self._spoke:
            self._spoke = True
            self._family().look()
        if line.type in ("result", "error") and self._last is None:
            self._last = line
            self._later(_LAST_WORDS_MS, self._kill)
        elif line.type == "progress" and self._last is None and not self._cancelled and self._receivers is not None:
            fraction = line.number("fraction")
            if fraction is not None:
                self._receivers.progress(min(1.0, max(0.0, fraction)), line.text("message"))

    def _kill(self) -> None:
        self._family().kill()
        self._process.kill()
        self._later(_GIVE_UP_MS, self._end)

    def _family(self) -> ProcessTree:
        """The process with all that it has started."""
        if self._tree is None:
            self._tree = self._new_tree(int(self._process.processId()))
        return self._tree

    def _on_finished(self, *_: object) -> None:
        if self.running:
            self._read()
            self._end()

    def _on_process_error(self, *_: object) -> None:
        # A process that did run gives `finished` before the event loop comes round; one that could not start, nothing.
        if self.running and self._process.state() == qt.QProcess.NotRunning:
            self._later(0, self._end_unstarted)

    def _end_unstarted(self) -> None:
        self._end(NOT_STARTED)

    def _end(self, why_none: str = "") -> None:
        receivers, last = self._receivers, self._last
        self._forget()
        if receivers is None:
            return
        if last is not None and last.type == "result" and not self._cancelled:
            receivers.result(last.values)
        else:
            # A launcher that was killed from outside leaves the Python behind it at work. Windows would find no family
            # of a process that has ended, or that of a stranger who has its number now.
            if self._tree is not None and os.name != "nt":
                self._tree.kill()
            receivers.error(self._failure(last, why_none or (ENDED if self._spoke else NOT_INSTALLED)))

    def _failure(self, last: WorkerLine | None, why_none: str) -> Failure:
        if self._cancelled:
            return Failure("cancelled", CANCELLED)
        sentence = last.text("message") if last is not None else ""
        if last is None or not sentence or last.text("kind") == "cancelled":
            # A worker that says that it was cancelled, while nobody here did so, was ended from outside.
            return Failure("ended", why_none)
        return Failure("bug" if last.text("kind") == "bug" else "input", sentence)

    def _forget(self) -> Any:
        process, self._receivers = self._process, None
        for signal, slot in (
            (process.readyReadStandardOutput, self._read),
            (process.finished, self._on_finished),
            (process.errorOccurred, self._on_process_error),
        ):
            with contextlib.suppress(RuntimeError, ValueError, TypeError):
                signal.disconnect(slot)
        return process

    def _later(self, milliseconds: int, action: Callable[[], None]) -> None:
        """Do `action` after a while, unless this computation is over by then."""
        job = self._job

        def act() -> None:
            if self.running and self._job == job:
                action()

        self._single_shot(milliseconds, act)

"""Who works on a round: one process at a time, known by a folder that only one can make and a heartbeat.

Every process that works on round NNN makes the next folder `runs/001`, `runs/002` ... in it: `mkdir` succeeds for one
alone. While it works a heartbeat in there grows. Whoever wants to take the round over watches that counter with the own
monotonic clock: where it grows, somebody works; where it stands still or says that it ended, the next run may begin. A
process that wakes up after it was taken over sees the next folder, and stops.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from CovidQuantLib.hitl.pool.durable import refuse
from CovidQuantLib.hitl.pool.opening import Pool
from CovidQuantLib.hitl.rounds.places import RUNS_FOLDER, ensure_folders, read_record, round_folder, write_record
from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import Progress

_HEARTBEAT_FILE = "heartbeat.json"
_KIND = "heartbeat"
_ELSEWHERE = "Another process is working on this round. Wait until it has ended; two cannot work on one round."


@dataclass(frozen=True)
class Timing:
    """Seconds between two beats, and after how long without one a run counts as dead; `clock` never runs back."""

    beat_s: float = 5.0
    dead_after_s: float = 30.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass
class Run:
    """This process's turn at a round."""

    pool: Pool
    number: int
    turn: int
    _stop: threading.Event = field(default_factory=threading.Event, repr=False)
    _beats: int = 0

    @property
    def folder(self) -> Path:
        """The folder of the round."""
        return round_folder(self.pool, self.number)

    def check(self) -> None:
        """Raise `InputError` where another process has taken the round over."""
        if _turn_folder(self.folder, self.turn + 1).is_dir():
            raise InputError("Another process has taken this round over while this one stood still. It goes on there.")

    def watched(self, progress: Progress) -> Progress:
        """`progress` that also looks, now and then, whether the round is still this process's."""
        last = -1.0

        def report(fraction: float, message: str) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last > 1.0:
                last = now
                self.check()
            progress(fraction, message)

        return report

    def beat(self, *, ended: bool = False) -> None:
        """Tell others that this process works on, or has ended."""
        self._beats += 1
        path = _turn_folder(self.folder, self.turn) / _HEARTBEAT_FILE
        write_record(self.pool, path, _KIND, {"beats": self._beats, "ended": ended})

    def keep_beating(self, every_s: float) -> None:
        """Beat until the turn ends; for a thread of its own."""
        while not self._stop.wait(every_s):
            with contextlib.suppress(InputError):
                self.beat()

    def end(self, thread: threading.Thread) -> None:
        """Stop beating, and tell others."""
        self._stop.set()
        thread.join()
        with contextlib.suppress(InputError):
            self.beat(ended=True)


def claim_number(pool: Pool, number: int) -> None:
    """Make the folder of a new round. Raises `InputError` where another process has just done so."""
    try:
        ensure_folders(pool, round_folder(pool, number).parent)
        pool.disk.make_folder(round_folder(pool, number))
        pool.disk.sync_folder(round_folder(pool, number).parent)
    except FileExistsError as error:
        raise InputError("Another round has just been started. Two rounds at once are not possible.") from error
    except OSError as error:
        refuse(error, "No round was started.")


@contextlib.contextmanager
def working_on(pool: Pool, number: int, timing: Timing, progress: Progress) -> Iterator[Run]:
    """This process's turn at a round, until the block ends.

    Raises `InputError` where another process works on it, or cannot be told from one that does.
    """
    folder = round_folder(pool, number)
    before = _last_turn(folder)
    if before and not _has_ended(folder, before):
        _watch(folder, before, timing, progress)
    run = Run(pool, number, before + 1)
    try:
        ensure_folders(pool, folder / RUNS_FOLDER)
        pool.disk.make_folder(_turn_folder(folder, run.turn))
    except FileExistsError as error:
        raise InputError(_ELSEWHERE) from error
    except OSError as error:
        refuse(error, "The round stays as it is.")
    run.beat()
    thread = threading.Thread(target=run.keep_beating, args=(timing.beat_s,), daemon=True)
    thread.start()
    try:
        yield run
    finally:
        run.end(thread)


def _turn_folder(folder: Path, turn: int) -> Path:
    return folder / RUNS_FOLDER / f"{turn:03d}"


def _last_turn(folder: Path) -> int:
    runs = folder / RUNS_FOLDER
    found = runs.iterdir() if runs.is_dir() else ()
    return max((int(path.name) for path in found if path.name.isdigit()), default=0)


def _heartbeat(folder: Path, turn: int) -> tuple[int, bool]:
    """The counter of a run, and whether it has ended."""
    try:
        values = read_record(_turn_folder(folder, turn) / _HEARTBEAT_FILE, _KIND)
    except InputError:
        return -1, False
    return int(values["beats"]), values["ended"] is True


def _has_ended(folder: Path, turn: int) -> bool:
    return _heartbeat(folder, turn)[1]


def _watch(folder: Path, turn: int, timing: Timing, progress: Progress) -> None:
    """Return once the run is known to be dead or to have ended. Raises `InputError` where it lives."""
    started, first = timing.clock(), _heartbeat(folder, turn)[0]
    while (passed := timing.clock() - started) < timing.dead_after_s:
        progress(0.0, f"Watching whether another process still works on this round: {passed:.0f} s")
        timing.sleep(min(1.0, timing.dead_after_s))
        beats, ended = _heartbeat(folder, turn)
        if ended:
            return
        if beats != first:
            raise InputError(_ELSEWHERE)

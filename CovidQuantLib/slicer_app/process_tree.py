"""Ending a process together with everything that it has started."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable

_QUICKLY_S = 0.5
Known = tuple[int, str]
"""A process: its number, and when it began, as the system writes that. Numbers are given again, the two never."""


class ProcessTree:
    """The process `root` and its descendants, for ending them.

    PythonSlicer is a launcher: killing it leaves the real Python running. A broken worker may name any process as its
    own, so that only what is seen to descend from `root` is ever killed. A process that has ended has the number 0 for
    Qt, from which every process of the computer descends: that family is empty. `table` gives all processes that run,
    each with its parent's number; the system's own command lists them.
    """

    def __init__(self, root: int, table: Callable[[], dict[Known, int]] | None = None) -> None:
        self._root = root
        self._table = table or process_table
        self._known: set[Known] = set()

    def look(self) -> None:
        """Take note of what has been started by now, so that it is found also when its parent has gone."""
        self._known |= self._family(self._table())

    def kill(self) -> None:
        """End all of them at once; what has ended already is passed over."""
        if sys.platform == "win32":
            if self._root <= 0:
                return
            command = ["taskkill", "/T", "/F", "/PID", str(self._root)]
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                subprocess.run(command, check=False, capture_output=True, timeout=_QUICKLY_S)
            return
        running = self._table()
        for number, _ in (self._known | self._family(running)) & running.keys():
            with contextlib.suppress(OSError):
                os.kill(number, signal.SIGKILL)

    def _family(self, running: dict[Known, int]) -> set[Known]:
        """The root and all that descends from it or from what is known."""
        numbers = {number for number, _ in self._known & running.keys()}
        if self._root > 0 and all(number != self._root for number, _ in self._known):
            numbers.add(self._root)
        family: set[Known] = set()
        while more := {
            process
            for process, parent in running.items()
            if process not in family and (process[0] in numbers or parent in numbers)
        }:
            family |= more
            numbers |= {number for number, _ in more}
        return family


def process_table() -> dict[Known, int]:
    """All processes that run, with their parents' numbers; empty where the system has no `ps`, as Windows."""
    command = ["ps", "-A", "-o", "pid=,ppid=,lstart="]
    try:
        run = subprocess.run(
            command, check=False, capture_output=True, timeout=_QUICKLY_S, env={**os.environ, "LC_ALL": "C"}
        )
    except (OSError, subprocess.SubprocessError):
        return {}
    table: dict[Known, int] = {}
    for line in run.stdout.decode("ascii", "replace").splitlines():
        fields = line.split(None, 2)
        if len(fields) == 3 and fields[0].isdigit() and fields[1].isdigit():
            table[int(fields[0]), fields[2].strip()] = int(fields[1])
    return table

"""Ending a process together with everything that it has started."""

from __future__ import annotations

import contextlib

import psutil


class ProcessTree:
    """The process `root` and its descendants, for ending them.

    PythonSlicer is a launcher: killing it leaves the real Python running. A process id may be used again by another
    process, and a broken worker may name any: only what is seen to descend from `root` is ever killed.
    """

    def __init__(self, root: int) -> None:
        self._known: dict[int, psutil.Process] = {}
        with contextlib.suppress(psutil.Error):
            self._known[root] = psutil.Process(root)

    def look(self) -> None:
        """Take note of what has been started by now, so that it is found also when its parent has gone."""
        for process in list(self._known.values()):
            with contextlib.suppress(psutil.Error):
                for child in process.children(recursive=True):
                    self._known.setdefault(child.pid, child)

    def kill(self) -> None:
        """End all of them at once; what has ended already is passed over."""
        self.look()
        for process in reversed(list(self._known.values())):
            # psutil compares the time of creation: a number that somebody else has now is left alone.
            with contextlib.suppress(psutil.Error):
                process.kill()

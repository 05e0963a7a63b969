"""Connections that speak up when they are mistyped, and that can all be taken back together."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

Slot = Callable[..., Any]


def connect(sender: Any, signal: str, slot: Slot) -> None:
    """Connect `signal` of a Qt object, written with its argument types (`"clicked(bool)"`), to `slot`.

    Raises `RuntimeError` where `sender` has no such signal: PythonQt itself returns False and stays silent.
    """
    if sender.connect(signal, slot) is False:
        raise RuntimeError(f"{sender.className()} has no signal {signal}")


class Observations:
    """What one part of the screen listens to: Qt signals, VTK and MRML events, event filters.

        self._observations = Observations()
        self._observations.connect(button, "clicked(bool)", self._on_clicked)
        self._observations.observe(node, vtk.vtkCommand.ModifiedEvent, self._on_node)
        self._observations.filter_events(slicer.app, InputWatch(...))
        self._observations.clear()

    What is listened to is held until `clear` or `forget`, which are to be called on leaving, cleaning up and at the
    scene's close. Both stand it that the other side is gone already.
    """

    def __init__(self) -> None:
        self._undo: list[tuple[Any, Callable[[], object]]] = []

    def __len__(self) -> int:
        return len(self._undo)

    def connect(self, sender: Any, signal: str, slot: Slot) -> None:
        """`connect`, until it is cleared."""
        connect(sender, signal, slot)
        self._undo.append((sender, lambda: sender.disconnect(signal, slot)))

    def observe(self, caller: Any, event: int | str, callback: Slot) -> None:
        """Call `callback(caller, event)` at a VTK or MRML event, until it is cleared."""
        tag = caller.AddObserver(event, callback)
        self._undo.append((caller, lambda: caller.RemoveObserver(tag)))

    def filter_events(self, watched: Any, event_filter: Any) -> None:
        """Let the Qt object `event_filter` see the events of `watched`, until it is cleared."""
        watched.installEventFilter(event_filter)
        self._undo.append((watched, lambda: watched.removeEventFilter(event_filter)))

    def forget(self, sender: Any) -> None:
        """Stop listening to `sender`."""
        own = [undo for watched, undo in self._undo if watched is sender]
        self._undo = [(watched, undo) for watched, undo in self._undo if watched is not sender]
        _all(own)

    def clear(self) -> None:
        """Stop listening to everything."""
        undo, self._undo = [undo for _, undo in reversed(self._undo)], []
        _all(undo)


def _all(undo: list[Callable[[], object]]) -> None:
    for one in undo:
        # Both facades of Qt raise one of these for a widget whose C++ half is gone.
        with contextlib.suppress(RuntimeError, ValueError):
            one()

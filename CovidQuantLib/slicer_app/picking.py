"""One click in a slice view, as a point of the world."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer

_BEFORE_ALL_OTHERS = 20.0

Ras = tuple[float, float, float]


class Picking:
    """Waits for the next left click in any slice view; the views and the Segment Editor do not see that click."""

    def __init__(self, picked: Callable[[Ras], None]) -> None:
        self._picked = picked
        self._observed: list[tuple[Any, int]] = []

    @property
    def is_waiting(self) -> bool:
        """Whether a click is waited for."""
        return bool(self._observed)

    def start(self) -> None:
        """Wait for a click."""
        self.stop()
        layout = slicer.app.layoutManager()
        for name in layout.sliceViewNames() if layout is not None else ():
            widget = layout.sliceWidget(name)
            self._observe(widget.sliceView().interactor(), widget.mrmlSliceNode())

    def stop(self) -> None:
        """Wait no more."""
        observed, self._observed = self._observed, []
        for interactor, tag in observed:
            interactor.RemoveObserver(tag)

    def _observe(self, interactor: Any, slice_node: Any) -> None:
        def clicked(_caller: Any, _event: str) -> None:
            x, y = interactor.GetEventPosition()
            point = slice_node.GetXYToRAS().MultiplyPoint((x, y, 0.0, 1.0))
            command = interactor.GetCommand(tag)
            if command is not None:
                command.SetAbortFlag(True)
            self.stop()
            self._picked((point[0], point[1], point[2]))

        tag = interactor.AddObserver("LeftButtonPressEvent", clicked, _BEFORE_ALL_OTHERS)
        self._observed.append((interactor, tag))


def cursor_place() -> Ras | None:
    """Where the mouse points in a slice view; None where it points at none."""
    node = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLCrosshairNode")
    place = [0.0, 0.0, 0.0]
    if node is None or not node.GetCursorPositionRAS(place):
        return None
    return (place[0], place[1], place[2])

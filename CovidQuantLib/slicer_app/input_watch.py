"""Whether somebody works: mouse and keyboard, and whether this application has the focus."""

from __future__ import annotations

from typing import Any

import qt

from CovidQuantLib.hitl.edit_log import EditLogRecorder
from CovidQuantLib.messages import InputError

_INPUT = (
    qt.QEvent.MouseMove,
    qt.QEvent.MouseButtonPress,
    qt.QEvent.MouseButtonRelease,
    qt.QEvent.MouseButtonDblClick,
    qt.QEvent.Wheel,
    qt.QEvent.KeyPress,
    qt.QEvent.TabletMove,
    qt.QEvent.TabletPress,
    qt.QEvent.TouchUpdate,
)


class InputWatch(qt.QObject):
    """An event filter for the application (`slicer.app`) that tells the edit log of input and of the focus.

    It keeps nothing of an event but that there was one, and stops none. A disk that refuses the log is no reason to
    disturb whoever works: the log's own tick says it.
    """

    def __init__(self, recorder: EditLogRecorder) -> None:
        super().__init__()
        self._recorder = recorder

    def eventFilter(self, watched: Any, event: Any) -> bool:  # noqa: ARG002 - the signature of Qt
        """Look at an event; it always goes on."""
        kind = event.type()
        try:
            if kind in _INPUT:
                self._recorder.input_used()
            elif kind == qt.QEvent.ApplicationDeactivate:
                self._recorder.focus_lost()
            elif kind == qt.QEvent.ApplicationActivate:
                self._recorder.focus_gained()
        except InputError:
            pass
        return False

"""Input and focus reach the log, and every event goes on."""

from __future__ import annotations

from typing import Any

import pytest
import qt
import slicer

from CovidQuantLib.hitl.edit_log import EditLogRecorder
from CovidQuantLib.messages import InputError
from CovidQuantLib.slicer_app.connections import Observations
from CovidQuantLib.slicer_app.input_watch import InputWatch


class Log:
    """What the recorder was told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return lambda: self.said.append(name)


class RefusingLog:
    def input_used(self) -> None:
        raise InputError("The edit log cannot be written.")


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (qt.QEvent.MouseMove, ["input_used"]),
        (qt.QEvent.KeyPress, ["input_used"]),
        (qt.QEvent.Wheel, ["input_used"]),
        (qt.QEvent.ApplicationDeactivate, ["focus_lost"]),
        (qt.QEvent.ApplicationActivate, ["focus_gained"]),
        (qt.QEvent.Paint, []),
    ],
)
def test_an_event_is_told_by_its_kind_and_goes_on(event: Any, said: list[str]) -> None:
    log: Any = Log()
    watch = InputWatch(log)
    assert watch.eventFilter(slicer.app, qt.QEvent(event)) is False
    assert log.said == said


def test_it_sees_what_the_application_sees_until_it_is_taken_away() -> None:
    log: Any = Log()
    observations = Observations()
    widget = qt.QLineEdit()
    observations.filter_events(slicer.app, InputWatch(log))
    slicer.app.sendEvent(widget, qt.QKeyEvent(qt.QEvent.KeyPress, qt.Qt.Key_A, qt.Qt.NoModifier, "a"))
    assert "input_used" in log.said
    assert widget.text == "a"
    observations.clear()
    log.said.clear()
    slicer.app.sendEvent(widget, qt.QKeyEvent(qt.QEvent.KeyPress, qt.Qt.Key_B, qt.Qt.NoModifier, "b"))
    assert log.said == []


def test_a_disk_that_refuses_the_log_disturbs_nobody() -> None:
    log: Any = RefusingLog()
    assert InputWatch(log).eventFilter(slicer.app, qt.QEvent(qt.QEvent.MouseMove)) is False


def test_the_recorder_has_what_the_watch_calls() -> None:
    assert all(callable(getattr(EditLogRecorder, name)) for name in ("input_used", "focus_lost", "focus_gained"))

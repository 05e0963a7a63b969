"""Connections: a mistyped one speaks up, and all of them can be taken back."""

from __future__ import annotations

from typing import Any

import pytest
import slicer
import vtk

from CovidQuantLib.slicer_app.connections import Observations, connect


class Sender:
    """As PythonQt's objects are: an unknown signal gives False."""

    def __init__(self) -> None:
        self.slots: list[tuple[str, Any]] = []
        self.filters: list[Any] = []

    def connect(self, signal: str, slot: Any) -> bool:
        if signal != "clicked(bool)":
            return False
        self.slots.append((signal, slot))
        return True

    def disconnect(self, signal: str, slot: Any) -> bool:
        self.slots.remove((signal, slot))
        return True

    def className(self) -> str:
        return "QPushButton"

    def installEventFilter(self, event_filter: Any) -> None:
        self.filters.append(event_filter)

    def removeEventFilter(self, event_filter: Any) -> None:
        self.filters.remove(event_filter)


class Gone(Sender):
    def disconnect(self, signal: str, slot: Any) -> bool:
        raise ValueError(f"Trying to access a destroyed object ({signal}, {slot})")


def nothing() -> None:
    pass


def test_a_signal_that_does_not_exist_raises_and_names_it() -> None:
    with pytest.raises(RuntimeError, match=r"QPushButton has no signal clicked\(int\)"):
        connect(Sender(), "clicked(int)", nothing)


def test_all_that_was_connected_observed_and_filtered_is_taken_back() -> None:
    sender, seen, observations = Sender(), [], Observations()
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    observations.connect(sender, "clicked(bool)", nothing)
    observations.filter_events(sender, object())
    observations.observe(node, vtk.vtkCommand.ModifiedEvent, lambda caller, event: seen.append((caller, event)))
    node.Modified()
    assert seen == [(node, "ModifiedEvent")]
    assert len(observations) == 3
    observations.clear()
    node.Modified()
    assert len(seen) == 1
    assert (sender.slots, sender.filters, len(observations)) == ([], [], 0)


def test_one_sender_can_be_forgotten() -> None:
    one, other, observations = Sender(), Sender(), Observations()
    for sender in (one, other):
        observations.connect(sender, "clicked(bool)", nothing)
    observations.forget(one)
    assert (len(one.slots), len(other.slots)) == (0, 1)


def test_a_widget_that_is_gone_stops_nothing() -> None:
    gone, other, observations = Gone(), Sender(), Observations()
    for sender in (other, gone):
        observations.connect(sender, "clicked(bool)", nothing)
    observations.clear()
    assert other.slots == []

"""Whom an edit session tells what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from CovidQuantLib.slicer_app.infection_edits import Drawing
from CovidQuantLib.slicer_app.live_numbers import Numbers


def say_nothing(*_: object) -> None:
    """Where nobody listens."""


@dataclass(frozen=True)
class Listeners:
    """Whom a session tells, from the event loop.

    `numbers`: the numbers after the first count and after each edit. `outside_ml`: how much of the strokes lies outside
    of the lungs and waits to be added to them (0: nothing any more). `problem`: a sentence to show. `closed`: the
    session has ended by itself, since its nodes or the scene have gone. `drawing`: another class is drawn, since the
    reader chose its segment in the editor.
    """

    numbers: Callable[[Numbers], None] = say_nothing
    outside_ml: Callable[[float], None] = say_nothing
    problem: Callable[[str], None] = say_nothing
    closed: Callable[[], None] = say_nothing
    drawing: Callable[[Drawing], None] = say_nothing

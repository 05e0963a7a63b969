"""A reader made by chance: what they do in each quarter of a second, and the times that must follow, counted apart."""

from __future__ import annotations

import random
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from CovidQuantLib.hitl.edit_log import TICK_S, EditLogRecorder

QUARTER_MS = int(TICK_S * 1000)
MODEL = "abcdefghijklmnopqrstuvwxyz"
Action = tuple[str, tuple[str | int | None, ...]]


class HandClock:
    """A clock that stands still until it is moved; it begins somewhere, as monotonic clocks do."""

    def __init__(self, start: float = 86_399.5) -> None:
        self.seconds = start

    def __call__(self) -> float:
        return self.seconds


SWITCH = "switch"
SOMETIMES: tuple[tuple[float, str, tuple[str | None, ...]], ...] = (
    (0.03, SWITCH, ("focus_lost", "focus_gained", "off_screen", "on_screen", "pause", "resume")),
    (0.02, "segmentation_modified", ()),
    (0.02, "effect_chosen", ("Paint", "Erase", "My effect", None)),
    (0.02, "segment_chosen", ("ggo", "consolidation", "Miller, Anna", None)),
    (0.01, "images_shown", ("blank", "threshold", MODEL)),
    (0.01, "job_started", ()),
)
"""How often (per quarter of a second) something is done, and one of which arguments it has."""


def random_actions(seed: int, quarters: int = 1200) -> list[list[Action]]:
    """What a reader does at the start of each quarter of a second; every state is entered and left."""
    chance = random.Random(seed)
    actions: list[list[Action]] = []
    busy, jobs = True, 0
    for quarter in range(quarters):
        now: list[Action] = [("images_shown", ("blank",))] if quarter == 7 else []
        busy = busy != (chance.random() < 0.01)
        if busy and chance.random() < 0.5:
            now += [("input_used", ())] * chance.randrange(1, 4)
        if chance.random() < 0.2:
            now.append(("slice_shown", (chance.choice(["axial", "coronal"]), chance.randrange(-1, 40))))
        if jobs and chance.random() < 0.1:
            now.append(("job_ended", (chance.randrange(max(1, jobs - 3), jobs + 1),)))
        for often, name, choices in SOMETIMES:
            if chance.random() < often:
                choice = [chance.choice(choices)] if choices else []
                now.append((str(choice[0]), ()) if name == SWITCH else (name, tuple(choice)))
                jobs += name == "job_started"
        chance.shuffle(now)
        actions.append(now)
    actions[-1] = [("submit", ())]
    return actions


def play(
    recorder: EditLogRecorder,
    clock: HandClock,
    actions: list[list[Action]],
    before: Callable[[int], None] | None = None,
) -> None:
    """Let the reader work: the actions of each quarter, the tick, and the clock moves on."""
    for quarter, now in enumerate(actions):
        if before:
            before(quarter)
        for name, arguments in now:
            getattr(recorder, name)(*arguments)
        recorder.tick()
        clock.seconds += TICK_S


def recorded(path: Path, actions: list[list[Action]]) -> bytes:
    """The bytes of the log of a reader who does all this."""
    clock = HandClock()
    play(EditLogRecorder(path, clock=clock), clock, actions)
    return path.read_bytes()


@dataclass
class Truth:
    """The times of a stream of actions in milliseconds, counted quarter by quarter and without the log."""

    idle_s: float
    shown: bool = False
    on: dict[str, bool] = field(default_factory=lambda: {"focus": True, "screen": True, "pause": False})
    jobs: set[int] = field(default_factory=set)
    begun: int = 0
    quarters: Counter[str] = field(default_factory=Counter)
    reading: list[str] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    effect: str = "none"

    def see(self, actions: list[list[Action]]) -> Truth:
        for now in actions:
            for action in now:
                self._act(*action)
            state = self.state()
            self.quarters[state] += 1
            if state == "reading":
                self.reading.append(self.effect)
        return self

    def state(self) -> str:
        if not (self.shown and self.on["screen"]):
            return "off" if self.shown else "closed"
        if self.on["pause"]:
            return "paused"
        return "waiting" if self.jobs else "reading" if self.on["focus"] else "away"

    def ms(self, *states: str) -> int:
        return QUARTER_MS * sum(self.quarters[state] for state in states)

    def active(self) -> Counter[str]:
        """Active milliseconds by effect: from an input to the next one, where it is near enough."""
        found: Counter[str] = Counter()
        for position, effect in enumerate(self.reading):
            at = bisect_right(self.inputs, position)
            end = self.inputs[at] if at < len(self.inputs) else len(self.reading)
            if at and (end - self.inputs[at - 1]) * TICK_S < self.idle_s:
                found[effect] += QUARTER_MS
        return found

    def _act(self, name: str, arguments: tuple[str | int | None, ...]) -> None:
        if name in ("images_shown", "submit"):
            self.shown = name == "images_shown"
        elif name == "input_used":
            if self.state() == "reading":
                self.inputs.append(len(self.reading))
        elif name == "job_started":
            self.begun += 1
            self.jobs.add(self.begun)
        elif name == "job_ended":
            self.jobs -= {int(number) for number in arguments if number is not None}
        elif name == "effect_chosen":
            self.effect = {"None": "none", "My effect": "other"}.get(effect := str(arguments[0]), effect)
        else:
            self._switch(name)

    def _switch(self, name: str) -> None:
        switches = {
            "focus_lost": ("focus", False),
            "focus_gained": ("focus", True),
            "off_screen": ("screen", False),
            "on_screen": ("screen", True),
            "pause": ("pause", True),
            "resume": ("pause", False),
        }
        if name in switches:
            self.on[switches[name][0]] = switches[name][1]

"""The events of an edit log as times and counts: a pure function, so that any threshold can be tried afterwards.

Every counted millisecond between two events is in one state, the first of this list that fits: paused; waiting (a job
runs that the reader has to wait for); away (another application has focus, which is idle); reading. Times that are not
counted (no images shown yet, the case off screen, the computer asleep, the program not running) are cut out, and what
remains is joined. Reading time is active where it lies between two inputs less than `idle_s` apart on the reading time
alone, or less than that after the last one; all other reading time is idle, from the last input on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from CovidQuantLib.hitl.edit_log.events import NONE, EditEvent

IDLE_S = 30.0
GAP_S = 60.0


@dataclass(frozen=True, kw_only=True)
class EditSummary:
    """Times in whole milliseconds; `open_ms` = `active_ms` + `idle_ms` + `waiting_ms` + `paused_ms`, exactly.

    `open_ms` runs from the images being shown to the submission (or to the log's end). Not in it: `off_screen_ms`
    (another case was on screen) and `suspended_ms` (the program gave no sign of life for more than `gap_s`).
    `by_effect_ms`, `by_segment_ms` and `by_slice_ms` part the active time; the first two sum to it (`"none"` where none
    was chosen), the third by the axial slice k that was shown, without what lay outside of the CT.
    `slices_seen` are the axial slices that were shown at any time while the case was open and not paused, in order.
    `started_from` are the starts that were shown, each once. `edits` counts modifications, a stroke as one.
    """

    idle_s: float
    gap_s: float
    sessions: int
    started_from: tuple[str, ...]
    submitted: bool
    open_ms: int
    active_ms: int
    idle_ms: int
    waiting_ms: int
    paused_ms: int
    off_screen_ms: int
    suspended_ms: int
    by_effect_ms: dict[str, int]
    by_segment_ms: dict[str, int]
    by_slice_ms: dict[int, int]
    slices_seen: tuple[int, ...]
    edits: int

    @property
    def correction_minutes(self) -> float:
        """Open time minus waiting, in minutes: what compares with the contouring time of Shan et al. 2020, table 3.

        Idle and paused time is in it, since nobody stopped a clock for those minutes either.
        """
        return (self.open_ms - self.waiting_ms) / 60_000

    @property
    def accepted_unchanged(self) -> bool | None:
        """Whether the start was submitted without an edit; None where nothing was submitted."""
        return self.edits == 0 if self.submitted else None


@dataclass(frozen=True)
class _Desk:
    """What the reader has before them between two events."""

    shown: bool = False
    on_screen: bool = True
    focused: bool = True
    paused: bool = False
    jobs: frozenset[int | None] = frozenset()
    effect: str = NONE
    segment: str = NONE
    slice_k: int | None = None

    @property
    def state(self) -> str:
        if not self.shown:
            return "closed"
        if not self.on_screen:
            return "off_screen"
        if self.paused:
            return "paused"
        if self.jobs:
            return "waiting"
        return "reading" if self.focused else "away"


_CHANGES: dict[str, Callable[[_Desk, EditEvent], _Desk]] = {
    # A session begins with an empty desk.
    "session": lambda _, __: _Desk(),
    "images_shown": lambda desk, _: replace(desk, shown=True),
    "submitted": lambda desk, _: replace(desk, shown=False),
    "focus_lost": lambda desk, _: replace(desk, focused=False),
    "focus_gained": lambda desk, _: replace(desk, focused=True),
    "off_screen": lambda desk, _: replace(desk, on_screen=False),
    "on_screen": lambda desk, _: replace(desk, on_screen=True),
    "paused": lambda desk, _: replace(desk, paused=True),
    "resumed": lambda desk, _: replace(desk, paused=False),
    "effect": lambda desk, event: replace(desk, effect=event.name or NONE),
    "segment": lambda desk, event: replace(desk, segment=event.name or NONE),
    "slice": lambda desk, event: replace(desk, slice_k=event.number) if event.name == "axial" else desk,
    "job_started": lambda desk, event: replace(desk, jobs=desk.jobs | {event.number}),
    "job_ended": lambda desk, event: replace(desk, jobs=desk.jobs - {event.number}),
}
"""How an event changes the desk; the others (input, modified, alive) leave it."""


@dataclass
class _Reading:
    """Parts reading time into active and idle. `since` is what was read since the last input, by what was chosen."""

    idle_ms_after: float
    active: Counter[tuple[str, str, int | None]] = field(default_factory=Counter)
    idle_ms: int = 0
    since: Counter[tuple[str, str, int | None]] = field(default_factory=Counter)
    any_input: bool = False

    def input(self) -> None:
        self.settle()
        self.any_input = True

    def settle(self) -> None:
        if self.any_input and self.since.total() < self.idle_ms_after:
            self.active += self.since
        else:
            self.idle_ms += self.since.total()
        self.since = Counter()

    def active_by(self, position: int) -> dict[str, int]:
        parts: Counter[str] = Counter()
        for key, ms in self.active.items():
            parts[str(key[position])] += ms
        return dict(sorted(parts.items()))

    def active_by_slice(self) -> dict[int, int]:
        parts: Counter[int] = Counter()
        for (_, _, k), ms in self.active.items():
            if k is not None:
                parts[k] += ms
        return dict(sorted(parts.items()))


def summarise_edit_log(events: Iterable[EditEvent], *, idle_s: float = IDLE_S, gap_s: float = GAP_S) -> EditSummary:
    """The summary of the events of a log, in their order (`EditLog.events`).

    The reader is idle after `idle_s` seconds without input, counted from the last one. Two events more than `gap_s`
    seconds apart, where a sign of life is due every second, mean that the computer slept: nothing between them counts.
    Raises `ValueError` where `idle_s` is under 2 (inputs are logged once a second) or `gap_s` not positive.
    """
    if not idle_s >= 2 or not gap_s > 0:
        raise ValueError("idle_s is at least 2 seconds, and gap_s more than 0")
    events = tuple(events)
    spans: Counter[str] = Counter()
    reading = _Reading(idle_s * 1000)
    seen: set[int] = set()
    desk, before = _Desk(), 0
    for event in events:
        span = 0 if event.kind == "session" else event.at_ms - before
        state = desk.state
        if span > gap_s * 1000 and state not in ("closed", "off_screen"):
            spans["suspended"] += span
        else:
            spans[state] += span
            if state == "reading" and span:
                reading.since[desk.effect, desk.segment, desk.slice_k] += span
        if event.kind == "input" and state == "reading":
            reading.input()
        if event.kind in _CHANGES:
            desk = _CHANGES[event.kind](desk, event)
        before = event.at_ms
        if desk.slice_k is not None and desk.state in ("reading", "away", "waiting"):
            seen.add(desk.slice_k)
    reading.settle()
    kinds = Counter(event.kind for event in events)
    return EditSummary(
        idle_s=idle_s,
        gap_s=gap_s,
        sessions=kinds["session"],
        started_from=tuple(dict.fromkeys(str(event.name) for event in events if event.kind == "images_shown")),
        submitted=kinds["submitted"] > 0,
        open_ms=spans["reading"] + spans["away"] + spans["waiting"] + spans["paused"],
        active_ms=reading.active.total(),
        idle_ms=reading.idle_ms + spans["away"],
        waiting_ms=spans["waiting"],
        paused_ms=spans["paused"],
        off_screen_ms=spans["off_screen"],
        suspended_ms=spans["suspended"],
        by_effect_ms=reading.active_by(0),
        by_segment_ms=reading.active_by(1),
        by_slice_ms=reading.active_by_slice(),
        slices_seen=tuple(sorted(seen)),
        edits=kinds["modified"],
    )

"""The laws of the edit log, on readers made by chance."""

from __future__ import annotations

import itertools
import os
import random
import time
from pathlib import Path

import pytest

from CovidQuantLib.hitl.edit_log import (
    TICK_S,
    EditEvent,
    EditLogRecorder,
    EditSummary,
    awake_seconds,
    parse_edit_log,
    read_edit_log,
    summarise_edit_log,
)
from Testing.unit.hitl.readers import QUARTER_MS, Action, HandClock, Truth, play, random_actions, recorded

SEEDS = range(20)
NIGHT_S = 8 * 3600.0


@pytest.fixture(autouse=True)
def _quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand logs are written here; no test but the one of the power cut asks what is on the disk."""
    monkeypatch.setattr(os, "fsync", lambda _: None)


def summary_of(content: bytes, idle_s: float = 30.0) -> EditSummary:
    return summarise_edit_log(parse_edit_log(content).events, idle_s=idle_s)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("idle_s", [2.0, 5.0, 30.0])
def test_every_time_is_what_counting_quarters_of_a_second_gives(tmp_path: Path, seed: int, idle_s: float) -> None:
    actions = random_actions(seed)
    summary = summary_of(recorded(tmp_path / "log", actions), idle_s)
    truth = Truth(idle_s).see(actions)
    assert summary.open_ms == truth.ms("reading", "away", "paused", "waiting")
    assert summary.waiting_ms == truth.ms("waiting")
    assert summary.paused_ms == truth.ms("paused")
    assert summary.off_screen_ms == truth.ms("off")
    assert summary.suspended_ms == 0
    assert summary.active_ms == truth.active().total()
    assert summary.idle_ms == truth.ms("reading", "away") - truth.active().total()
    assert summary.by_effect_ms == dict(truth.active())


@pytest.mark.parametrize("seed", SEEDS)
def test_parts_sum_to_the_whole(tmp_path: Path, seed: int) -> None:
    summary = summary_of(recorded(tmp_path / "log", random_actions(seed)), 10.0)
    assert summary.open_ms == summary.active_ms + summary.idle_ms + summary.waiting_ms + summary.paused_ms
    assert summary.correction_minutes == (summary.active_ms + summary.idle_ms + summary.paused_ms) / 60_000
    assert sum(summary.by_effect_ms.values()) == sum(summary.by_segment_ms.values()) == summary.active_ms
    assert sum(summary.by_slice_ms.values()) <= summary.active_ms
    assert set(summary.by_slice_ms) <= set(summary.slices_seen)


def test_events_of_any_kind_in_any_order_keep_the_law() -> None:
    for seed in range(200):
        chance = random.Random(seed)
        kinds = ["images_shown", "input", "focus_lost", "focus_gained", "off_screen", "on_screen", "paused", "resumed"]
        kinds += ["alive", "modified", "job_started", "job_ended", "session", "submitted"]
        events, at = [EditEvent(0, "session", number=1)], 0
        for _ in range(chance.randrange(60)):
            kind = chance.choice(kinds)
            at = 0 if kind == "session" else at + int(chance.expovariate(1 / 20_000))
            events.append(EditEvent(at, kind, number=chance.randrange(3)))
        summary = summarise_edit_log(events)
        assert summary.open_ms == summary.active_ms + summary.idle_ms + summary.waiting_ms + summary.paused_ms
        assert min(summary.active_ms, summary.idle_ms, summary.waiting_ms, summary.paused_ms) >= 0


@pytest.mark.parametrize("seed", SEEDS)
def test_a_longer_threshold_never_makes_a_reader_less_active(tmp_path: Path, seed: int) -> None:
    events = parse_edit_log(recorded(tmp_path / "log", random_actions(seed))).events
    summaries = [summarise_edit_log(events, idle_s=idle_s) for idle_s in (2, 5, 15, 30, 300)]
    assert all(one.active_ms <= other.active_ms for one, other in itertools.pairwise(summaries))
    assert len({summary.open_ms for summary in summaries}) == 1


def test_a_reader_who_only_looks_is_open_and_idle(tmp_path: Path) -> None:
    actions: list[list[Action]] = [[("images_shown", ("blank",))], *[[] for _ in range(2400)], [("submit", ())]]
    summary = summary_of(recorded(tmp_path / "log", actions))
    assert summary.open_ms == summary.idle_ms == 2401 * QUARTER_MS
    assert summary.active_ms == summary.suspended_ms == 0
    assert summary.accepted_unchanged is True


def test_idle_time_is_counted_from_the_last_input(tmp_path: Path) -> None:
    def one(name: str, *arguments: str) -> list[Action]:
        return [(name, arguments)]

    def still(seconds: int) -> list[list[Action]]:
        return [[] for _ in range(seconds * 4 - 1)]

    shown, used = one("images_shown", "blank"), one("input_used")
    actions = [shown + used, *still(29), used, *still(31), used, *still(10), one("submit")]
    summary = summary_of(recorded(tmp_path / "log", actions))
    assert (summary.active_ms, summary.idle_ms) == (39_000, 31_000)
    assert summary_of(recorded(tmp_path / "again", actions), 32.0).active_ms == 70_000


@pytest.mark.parametrize("seed", SEEDS)
def test_input_to_another_application_counts_nothing(tmp_path: Path, seed: int) -> None:
    actions = random_actions(seed)
    focused, extra = True, []
    for now in actions:
        for name, _ in now:
            focused = focused if name not in ("focus_lost", "focus_gained") else name == "focus_gained"
        extra.append(now if focused else [*now, *[("input_used", ())] * 3])
    assert extra != actions
    assert recorded(tmp_path / "with", extra) == recorded(tmp_path / "without", actions)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_suspended_laptop_does_not_count_even_where_the_clock_runs_on(tmp_path: Path, seed: int) -> None:
    actions, clock = random_actions(seed), HandClock()
    night = random.Random(seed).randrange(10, len(actions) - 10)

    def sleep(quarter: int) -> None:
        clock.seconds += NIGHT_S if quarter == night else 0.0

    play(EditLogRecorder(tmp_path / "slept", clock=clock), clock, actions, sleep)
    slept, awake = read_edit_log(tmp_path / "slept").events, read_edit_log_of(tmp_path / "awake", actions)
    one, other = summarise_edit_log(slept), summarise_edit_log(awake)
    night_ms = round(NIGHT_S * 1000)
    assert 0 <= other.open_ms - one.open_ms <= 1000
    assert one.suspended_ms + one.off_screen_ms - other.off_screen_ms in range(night_ms, night_ms + 1001)
    assert 0 <= other.waiting_ms - one.waiting_ms <= 1000
    assert 0 <= other.paused_ms - one.paused_ms <= 1000


def read_edit_log_of(path: Path, actions: list[list[Action]]) -> tuple[EditEvent, ...]:
    return parse_edit_log(recorded(path, actions)).events


def test_a_clock_that_runs_backwards_stands_still(tmp_path: Path) -> None:
    clock = HandClock()
    recorder = EditLogRecorder(tmp_path / "log", clock=clock)
    recorder.images_shown("blank")
    for seconds in (10.0, -500.0, 495.0):
        clock.seconds += seconds
        recorder.input_used()
        recorder.tick()
    recorder.submit()
    assert summarise_edit_log(read_edit_log(tmp_path / "log").events).open_ms == 10_000


def test_changing_the_wall_clock_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    actions = random_actions(3)
    before = recorded(tmp_path / "before", actions)
    for name in ("time", "time_ns", "localtime", "gmtime"):
        monkeypatch.setattr(time, name, lambda *_: pytest.fail("the wall clock was asked"))
    assert recorded(tmp_path / "after", actions) == before
    assert awake_seconds() <= awake_seconds()


@pytest.mark.parametrize("seed", SEEDS)
def test_replaying_a_log_gives_the_same_summary(tmp_path: Path, seed: int) -> None:
    content = recorded(tmp_path / "log", random_actions(seed))
    clock = HandClock(0.0)
    recorder = EditLogRecorder(tmp_path / "replayed", clock=clock)
    calls = {"effect": "effect_chosen", "segment": "segment_chosen", "slice": "slice_shown", "submitted": "submit"}
    calls |= {"modified": "segmentation_modified", "input": "input_used", "paused": "pause", "resumed": "resume"}
    for event in parse_edit_log(content).events[1:]:
        clock.seconds = event.at_ms / 1000
        if event.kind == "alive":
            recorder.tick()
        elif event.kind == "slice":
            recorder.slice_shown(str(event.name), event.number)
        elif event.kind == "job_started":
            assert recorder.job_started() == event.number
        else:
            arguments = [value for value in (event.name, event.number) if value is not None]
            getattr(recorder, calls.get(event.kind, event.kind))(*(None if a == "none" else a for a in arguments))
    assert summary_of((tmp_path / "replayed").read_bytes()) == summary_of(content) == summary_of(content)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("cut", [False, True])
def test_a_crash_of_the_program_loses_at_most_the_last_second(tmp_path: Path, seed: int, *, cut: bool) -> None:
    actions, chance = random_actions(seed), random.Random(seed)
    crash = chance.randrange(20, len(actions) - 5)
    path, clock = tmp_path / "log", HandClock()
    play(EditLogRecorder(path, clock=clock), clock, actions[:crash])
    if cut:
        content = path.read_bytes()
        last = content.rstrip(b"\n").rindex(b"\n") + 1
        path.write_bytes(content[: chance.randrange(last, len(content) - 1)])
    resume(path, actions, crash)
    whole = summary_of(recorded(tmp_path / "whole", actions))
    split = summary_of(path.read_bytes())
    # A line that was cut takes with it the time from the line before: another tick.
    lost_ms = 1000 + QUARTER_MS * cut
    for times in ("open_ms", "waiting_ms", "paused_ms", "off_screen_ms"):
        assert 0 <= getattr(whole, times) - getattr(split, times) <= lost_ms, times
    assert abs(split.active_ms - whole.active_ms) <= 30_000 + lost_ms
    assert split.sessions == 2
    assert split.submitted


@pytest.mark.parametrize("seed", range(5))
def test_a_power_cut_loses_at_most_the_last_second_and_a_tick(
    tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    actions = random_actions(seed)
    path, clock, synced = tmp_path / "log", HandClock(), 0
    times: list[float] = []

    def watched(_: int) -> None:
        nonlocal synced
        synced = path.stat().st_size
        times.append(clock.seconds)

    recorder = EditLogRecorder(path, clock=clock)
    monkeypatch.setattr(os, "fsync", watched)
    whole_ms: list[int] = []
    kept_ms: list[int] = []

    def power_cut(_: int) -> None:
        whole_ms.append(round((clock.seconds - HandClock().seconds) * 1000))
        kept_ms.append(parse_edit_log(path.read_bytes()[:synced]).events[-1].at_ms if synced else 0)

    play(recorder, clock, actions[:200], power_cut)
    assert max(whole - kept for whole, kept in zip(whole_ms, kept_ms, strict=True)) <= 1000 + QUARTER_MS
    assert min(after - before for before, after in itertools.pairwise(times)) >= 1.0


def resume(path: Path, actions: list[list[Action]], crash: int) -> None:
    """What the program does when it is started again: show the case, say how things stand, and go on."""
    clock = HandClock(17.0)
    recorder = EditLogRecorder(path, clock=clock)
    truth = Truth(30.0).see(actions[:crash])
    again: list[Action] = [("images_shown", ("blank",))] if truth.shown else []
    again += [] if truth.on["focus"] else [("focus_lost", ())]
    again += [] if truth.on["screen"] else [("off_screen", ())]
    again += [("pause", ())] if truth.on["pause"] else []
    # Jobs are numbered anew in each session; those that the crash has ended end at once.
    again += [("job_started", ())] * truth.begun
    again += [("job_ended", (job,)) for job in range(1, truth.begun + 1) if job not in truth.jobs]
    play(recorder, clock, [[*again, *actions[crash]], *actions[crash + 1 :]])
    assert clock.seconds == 17.0 + TICK_S * (len(actions) - crash)

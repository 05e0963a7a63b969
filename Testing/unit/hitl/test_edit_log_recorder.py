"""What stands in the file of an edit log, and what happens to it in a crash."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from CovidQuantLib.hitl.edit_log import (
    EditEvent,
    EditLogRecorder,
    parse_edit_log,
    read_edit_log,
    summarise_edit_log,
)
from CovidQuantLib.messages import InputError
from Testing.unit.hitl.readers import MODEL, HandClock, play, random_actions

SESSION = b'{"at":0,"event":"session","format":"covidquant-edit-log","version":1,"number":1}\n'


def test_each_event_is_a_line_in_the_file_at_once(tmp_path: Path) -> None:
    clock = HandClock()
    recorder = EditLogRecorder(tmp_path / "log", clock=clock)
    recorder.images_shown(MODEL)
    clock.seconds += 1.5
    recorder.effect_chosen("Paint")
    recorder.segment_chosen("consolidation")
    recorder.slice_shown("axial", 42)
    recorder.input_used()
    recorder.segmentation_modified()
    job = recorder.job_started()
    recorder.job_ended(job)
    lines = (tmp_path / "log").read_bytes().splitlines(keepends=True)
    assert lines[0] == SESSION
    assert lines[1] == b'{"at":0,"event":"images_shown","name":"%s"}\n' % MODEL.encode()
    assert lines[4] == b'{"at":1500,"event":"slice","name":"axial","number":42}\n'
    kinds = ["session", "images_shown", "effect", "segment", "slice", "input", "modified", "job_started", "job_ended"]
    assert [event.kind for event in read_edit_log(tmp_path / "log").events] == kinds


def test_what_changes_nothing_is_not_written_again(tmp_path: Path) -> None:
    recorder = EditLogRecorder(tmp_path / "log", clock=HandClock())
    for _ in range(3):
        recorder.effect_chosen("Paint")
        recorder.slice_shown("axial", 3)
        recorder.focus_lost()
        recorder.pause()
    assert len(read_edit_log(tmp_path / "log").events) == 5


def test_a_stroke_with_many_modified_events_is_one_edit(tmp_path: Path) -> None:
    clock = HandClock()
    recorder = EditLogRecorder(tmp_path / "log", clock=clock)
    recorder.images_shown("blank")
    for _ in range(2):
        for _ in range(25):
            recorder.segmentation_modified()
            clock.seconds += 0.1
        clock.seconds += 0.6
    recorder.submit()
    summary = summarise_edit_log(read_edit_log(tmp_path / "log").events)
    assert summary.edits == 2
    assert summary.accepted_unchanged is False


def test_a_thousand_mouse_moves_are_a_few_lines_and_keep_the_last(tmp_path: Path) -> None:
    clock = HandClock()
    recorder = EditLogRecorder(tmp_path / "log", clock=clock)
    recorder.images_shown("blank")
    for _ in range(1000):
        recorder.input_used()
        clock.seconds += 0.01
    recorder.close()
    inputs = [event.at_ms for event in read_edit_log(tmp_path / "log").events if event.kind == "input"]
    assert len(inputs) <= 12
    assert inputs[-1] == 9990


def test_no_word_that_a_person_typed_reaches_the_log(tmp_path: Path) -> None:
    recorder = EditLogRecorder(tmp_path / "Miller_Anna_19610203.jsonl", clock=HandClock())
    recorder.images_shown("blank")
    recorder.effect_chosen("Miller Anna")
    recorder.segment_chosen("Miller^Anna 1961-02-03")
    recorder.slice_shown("Anna's view", 7)
    recorder.submit()
    content = (tmp_path / "Miller_Anna_19610203.jsonl").read_bytes()
    assert b"Anna" not in content
    assert b"1961" not in content
    names = [event.name for event in parse_edit_log(content).events]
    assert names == [None, "blank", "other", "other", "other", None]
    with pytest.raises(ValueError, match="id of a model"):
        EditLogRecorder(tmp_path / "log", clock=HandClock()).images_shown("Miller")


@pytest.mark.parametrize(
    "line",
    [
        b'{"at":5,"event":"effect","name":"Miller"}\n',
        b'{"at":5,"event":"images_shown","name":"2020-02-03"}\n',
        b'{"at":5,"event":"slice","name":"axial","number":-1}\n',
        b'{"at":-5,"event":"input"}\n',
        b'{"at":5,"event":"input","note":"Miller"}\n',
        b'{"at":5,"event":"input","number":1}\n',
        b'{"at":5,"event":"sneezed"}\n',
        b'{"at":5.5,"event":"input"}\n',
        b'{"at":5,"event":"job_started"}\n',
        b"Miller\n",
        b'{"at":5,"event":"input"}\n{"at":4,"event":"input"}\n',
        b'{"at":5,"event":"submitted"}\n{"at":6,"event":"input"}\n',
        SESSION,
    ],
)
def test_a_line_that_was_not_written_by_the_recorder_is_refused(line: bytes) -> None:
    with pytest.raises(InputError) as refused:
        parse_edit_log(SESSION + line + b'{"at":9,"event":"alive"}\n')
    assert "Miller" not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"hello", b"hello\n", b'{"at":0,"event":"input"}\n', b"\x93NUMPY\x00\n\xff"])
def test_another_file_is_no_edit_log(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(InputError):
        read_edit_log(tmp_path / "other")
    if content:
        with pytest.raises(InputError):
            EditLogRecorder(tmp_path / "other", clock=HandClock())
        assert (tmp_path / "other").read_bytes() == content


def test_a_log_of_a_later_version_is_refused_by_its_version() -> None:
    with pytest.raises(InputError, match="format version 2"):
        parse_edit_log(SESSION.replace(b'"version":1', b'"version":2'))


def test_a_cut_last_line_is_left_out_and_said() -> None:
    whole = SESSION + b'{"at":5,"event":"input"}\n'
    for cut in range(len(SESSION) + 1, len(whole) - 2):
        log = parse_edit_log(whole[:cut])
        assert log.events == (EditEvent(0, "session", number=1),)
        assert log.cut_lines == 1
        assert [warning.code for warning in log.warnings] == ["cut_edit_log"]
    assert parse_edit_log(whole[:-1]) == parse_edit_log(whole)
    assert parse_edit_log(whole).warnings == ()
    assert parse_edit_log(whole + b"\0" * 40).cut_lines == 1


def test_a_log_is_resumed_wherever_a_crash_has_cut_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)
    path, clock = tmp_path / "log", HandClock()
    play(EditLogRecorder(path, clock=clock), clock, random_actions(1, quarters=16)[:-1])
    content = path.read_bytes()
    for cut in range(len(content) + 1):
        path.write_bytes(content[:cut])
        recorder = EditLogRecorder(path, clock=HandClock())
        recorder.images_shown("blank")
        recorder.close()
        log = read_edit_log(path)
        assert log.sessions == (1 if cut < len(SESSION) - 1 else 2), cut
        assert log.cut_lines == (content[:cut].count(b"}") == content[:cut].count(b"{") - 1)


def test_the_time_between_two_sessions_is_not_counted(tmp_path: Path) -> None:
    path, clock = tmp_path / "log", HandClock()
    for _ in range(2):
        recorder = EditLogRecorder(path, clock=clock)
        clock.seconds += 5
        recorder.images_shown("blank")
        recorder.tick()
        clock.seconds += 10
        recorder.tick()
        recorder.close()
        clock.seconds += 3600
    summary = summarise_edit_log(read_edit_log(path).events)
    assert (summary.open_ms, summary.sessions, summary.accepted_unchanged) == (20_000, 2, None)


def test_a_submitted_log_is_not_resumed_and_takes_nothing_more(tmp_path: Path) -> None:
    recorder = EditLogRecorder(tmp_path / "log", clock=HandClock())
    recorder.images_shown("blank")
    recorder.submit()
    content = (tmp_path / "log").read_bytes()
    recorder.input_used()
    recorder.focus_lost()
    recorder.segmentation_modified()
    recorder.tick()
    recorder.submit()
    recorder.close()
    assert (tmp_path / "log").read_bytes() == content
    with pytest.raises(InputError, match="submitted already"):
        EditLogRecorder(tmp_path / "log", clock=HandClock())


def test_a_full_disk_is_said_and_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, clock = tmp_path / "log", HandClock()
    recorder = EditLogRecorder(path, clock=clock)
    recorder.images_shown("blank")
    before, write = path.read_bytes(), os.write

    def full(descriptor: int, data: bytes) -> int:
        if len(data) < 10:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(descriptor, data[:9])

    with monkeypatch.context() as disk:
        disk.setattr(os, "write", full)
        with pytest.raises(InputError, match="No space left on device") as refused:
            recorder.pause()
    assert str(tmp_path) not in str(refused.value)
    assert path.read_bytes() == before
    recorder.pause()
    recorder.submit()
    assert [event.kind for event in read_edit_log(path).events][-2:] == ["paused", "submitted"]


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        EditLogRecorder(tmp_path / "no" / "log", clock=HandClock())
    with pytest.raises(InputError, match="cannot be read"):
        EditLogRecorder(tmp_path, clock=HandClock())


def test_a_killed_program_leaves_a_log_that_is_whole_and_resumed(tmp_path: Path) -> None:
    code = """
import sys, time
from pathlib import Path
from CovidQuantLib.hitl.edit_log import EditLogRecorder
recorder = EditLogRecorder(Path(sys.argv[1]))
recorder.images_shown("blank")
for k in range(10**9):
    recorder.slice_shown("axial", k % 300)
    recorder.tick()
    if k == 300:
        print("ready", flush=True)
"""
    path = tmp_path / "log"
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == b"ready\n"
        time.sleep(0.1)
        program.send_signal(signal.SIGKILL)
    seen = summarise_edit_log(read_edit_log(path).events)
    assert len(seen.slices_seen) == 300
    EditLogRecorder(path).close()
    again = summarise_edit_log(read_edit_log(path).events)
    assert (again.sessions, again.open_ms) == (2, seen.open_ms)


@pytest.mark.parametrize(("idle_s", "gap_s"), [(1.0, 60.0), (30.0, 0.0), (float("nan"), 60.0)])
def test_thresholds_that_the_log_cannot_tell_are_refused(idle_s: float, gap_s: float) -> None:
    with pytest.raises(ValueError, match="idle_s"):
        summarise_edit_log([], idle_s=idle_s, gap_s=gap_s)


def test_minutes_go_to_the_slice_and_the_segment_on_screen(tmp_path: Path) -> None:
    path, clock = tmp_path / "log", HandClock()
    recorder = EditLogRecorder(path, clock=clock)
    recorder.images_shown("blank")
    recorder.slice_shown("axial", 10)
    recorder.segment_chosen("ggo")
    recorder.input_used()
    clock.seconds += 3
    recorder.slice_shown("axial", 11)
    recorder.slice_shown("coronal", 99)
    clock.seconds += 4
    recorder.segment_chosen("consolidation")
    recorder.slice_shown("axial", None)
    clock.seconds += 5
    recorder.submit()
    summary = summarise_edit_log(read_edit_log(path).events)
    assert summary.by_slice_ms == {10: 3000, 11: 4000}
    assert summary.by_segment_ms == {"consolidation": 5000, "ggo": 7000}
    assert summary.slices_seen == (10, 11)
    assert summary.started_from == ("blank",)

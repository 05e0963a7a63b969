"""Writing an edit log as things happen."""

from __future__ import annotations

import re
from pathlib import Path

from CovidQuantLib.hitl.edit_log.clock import Clock, awake_seconds
from CovidQuantLib.hitl.edit_log.events import EFFECTS, NONE, OTHER, SEGMENT_KEYS, START, VIEWS, EditEvent, format_event
from CovidQuantLib.hitl.edit_log.line_file import LineFile
from CovidQuantLib.hitl.edit_log.reading import parse_edit_log, read_bytes
from CovidQuantLib.messages import InputError

TICK_S = 0.25
"""How often `EditLogRecorder.tick` is to be called."""
_ALIVE_MS = 750
_SYNC_MS = 1000
_INPUT_MS = 1000
_SAME_EDIT_MS = 500
_WHILE_READING = {"effect", "segment", "slice", "modified"}


class EditLogRecorder:
    """Records one reader's correction of one case into the file `path`, a line for each event.

    A new file begins session 1. A file that a crash or `close` has left is resumed: a new session is appended, and
    nothing between is counted. At the start of a session the application is taken to have focus, the case to be on
    screen, no effect and no segment to be chosen, nothing to run or be paused, and no images to be shown yet.

    The owner calls `tick` every `TICK_S` seconds from first to last, so that a reader who only looks leaves a trace,
    and `submit` or `close` at the end; what is called after that does nothing. Lines are with the operating system at
    once (a crash of the program loses a second of time at most) and on the disk once a second (a power cut loses
    1.25 seconds at most). `clock` gives seconds, by default while the computer is awake.

    The constructor raises `InputError` where the file is no edit log, is damaged or was submitted; every method where
    the disk refuses the line: the event is lost then, and later ones are tried again.
    Not for use from several threads or processes at once.
    """

    def __init__(self, path: Path, *, clock: Clock = awake_seconds) -> None:
        session, cut = _resumed(path)
        self._clock = clock
        self._origin = clock()
        self._now = self._written = self._synced = 0
        self._input_written: int | None = None
        self._input_waiting: int | None = None
        self._modified: int | None = None
        self._jobs = 0
        self._state: dict[str, str | int | None] = {
            "focus": "focus_gained",
            "screen": "on_screen",
            "pause": "resumed",
            "effect": NONE,
            "segment": NONE,
        }
        self._open = True
        self._file = LineFile(path)
        if cut:
            self._file.write(b"\n")
        self._append(EditEvent(0, "session", number=session))
        self._file.sync()

    def images_shown(self, start: str) -> None:
        """The images are on screen, with the mask that the correction starts from: the case is open from here.

        `start` is `"blank"`, `"threshold"`, the id of the model whose proposal it is, or of the revision that was
        reopened. Raises `ValueError` for others.
        """
        if not re.fullmatch(START, start):
            raise ValueError("a correction starts from 'blank', 'threshold' or the id of a model or revision")
        self._record("images_shown", start)

    def effect_chosen(self, effect: str | None) -> None:
        """The effect of the Segment Editor by its English name, or None; names not in `EFFECTS` become `OTHER`."""
        name = NONE if effect is None else effect if effect in EFFECTS else OTHER
        if self._state["effect"] != name:
            self._record("effect", name)
            self._state["effect"] = name

    def segment_chosen(self, key: str | None) -> None:
        """The chosen segment by its key in `anatomy`, or None; other names (a person may type any) become `OTHER`."""
        name = NONE if key is None else key if key in SEGMENT_KEYS else OTHER
        if self._state["segment"] != name:
            self._record("segment", name)
            self._state["segment"] = name

    def slice_shown(self, view: str, position: int | None) -> None:
        """A view shows another slice.

        `view` is one of `VIEWS` (others, oblique ones too, become `OTHER`); `position` the index of the CT's slice
        nearest to it: k in an axial view, j in a coronal, i in a sagittal one; None or a negative one outside the CT.
        """
        name = view if view in VIEWS else OTHER
        number = None if position is None or position < 0 else int(position)
        if self._state.get(f"slice {name}", -1) != number:
            self._record("slice", name, number)
            self._state[f"slice {name}"] = number

    def segmentation_modified(self) -> None:
        """The segmentation has changed. Changes within half a second of the last are one edit (a stroke has many)."""
        now = self._time()
        if self._modified is None or now - self._modified >= _SAME_EDIT_MS:
            self._record("modified")
        self._modified = now

    def input_used(self) -> None:
        """Mouse or keyboard was used. Does not count while another application has focus or the case is off screen.

        Cheap enough for every mouse move: about one line a second, with the time of the last input kept.
        """
        here = self._state["focus"] == "focus_gained" and self._state["screen"] == "on_screen"
        if not (self._open and here):
            return
        self._input_waiting = self._time()
        if self._input_written is None or self._input_waiting - self._input_written >= _INPUT_MS:
            self._write_input()

    def focus_lost(self) -> None:
        """Another application has the focus."""
        self._switch("focus", "focus_lost")

    def focus_gained(self) -> None:
        """This application has the focus again."""
        self._switch("focus", "focus_gained")

    def off_screen(self) -> None:
        """Another case, or no case, is on screen."""
        self._switch("screen", "off_screen")

    def on_screen(self) -> None:
        """This case is on screen again."""
        self._switch("screen", "on_screen")

    def pause(self) -> None:
        """The reader pauses."""
        self._switch("pause", "paused")

    def resume(self) -> None:
        """The reader goes on."""
        self._switch("pause", "resumed")

    def job_started(self) -> int:
        """A computation that the reader has to wait for begins; gives its number. Others are not to be recorded."""
        self._record("job_started", number=self._jobs + 1)
        self._jobs += 1
        return self._jobs

    def job_ended(self, job: int) -> None:
        """The computation with this number has ended: done, failed or cancelled."""
        self._record("job_ended", number=job)

    def tick(self) -> None:
        """Write what waits, a sign of life where nothing else was written, and bring it onto the disk when due."""
        if not self._open:
            return
        now = self._time()
        if now - self._written >= _ALIVE_MS or now - self._synced >= _SYNC_MS:
            self._write_input()
            if now > self._written:
                self._append(EditEvent(now, "alive"))
        self._sync_when_due()

    def submit(self) -> None:
        """The correction is submitted: the last event. The file is whole on the disk, and closed, after this."""
        self._record("submitted")
        self.close()

    def close(self) -> None:
        """End this session without submitting; the log can be resumed."""
        if not self._open:
            return
        try:
            self._write_input()
        finally:
            self._open = False
            self._file.close()

    def _switch(self, state: str, kind: str) -> None:
        if self._state[state] != kind:
            self._record(kind)
            # Last, so that an event that the disk refused is tried again.
            self._state[state] = kind

    def _record(self, kind: str, name: str | None = None, number: int | None = None) -> None:
        if not self._open:
            return
        now = self._time()
        self._write_input()
        self._append(EditEvent(now, kind, name, number))
        if kind not in _WHILE_READING:
            # An input that did not count before (during a pause) must not stand for one that does after.
            self._input_written = None
        self._sync_when_due()

    def _write_input(self) -> None:
        if self._input_waiting is not None:
            self._input_written, self._input_waiting = self._input_waiting, None
            self._append(EditEvent(self._input_written, "input"))

    def _append(self, event: EditEvent) -> None:
        self._file.write(format_event(event))
        self._written = event.at_ms

    def _sync_when_due(self) -> None:
        if self._written > self._synced and self._now - self._synced >= _SYNC_MS:
            self._file.sync()
            self._synced = self._now

    def _time(self) -> int:
        """Milliseconds since the session began; a clock that runs backwards stands still here."""
        self._now = max(self._now, round((self._clock() - self._origin) * 1000))
        return self._now


def _resumed(path: Path) -> tuple[int, bool]:
    """The number of the session to begin, and whether a line has to be ended first."""
    content = read_bytes(path) if path.exists() else b""
    if b"}" not in content and format_event(EditEvent(0, "session", number=1)).startswith(content):
        # New, or cut within its very first line.
        return 1, bool(content)
    log = parse_edit_log(content)
    if log.submitted:
        raise InputError("This correction was submitted already. Reopen the case to correct it again.")
    return log.sessions + 1, not content.endswith(b"\n")

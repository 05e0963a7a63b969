"""How a command talks: to a person at a terminal, or as JSON lines to the program that started it.

The JSON lines (`--json-progress`, version 1) are UTF-8, one object a line on standard output: first `start` with the
process id, then any number of `progress`, then exactly one `result` or `error`. Whatever libraries print goes to
standard error. The starting program writes `cancel` to standard input to stop the work; when standard input closes, it
stops too.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
import threading
from collections.abc import Mapping
from typing import Any, Protocol, TextIO

from tqdm import tqdm

from CovidQuantLib.messages import Cancelled, InputError

PROTOCOL_VERSION = 1
_LONGEST_COMMAND = 64


class Channel(Protocol):
    """What a command reports to."""

    def progress(self, fraction: float, message: str) -> None:
        """Show how far the work is. Raises `Cancelled` once the user has asked to stop."""

    def result(self, summary: str, values: Mapping[str, Any]) -> None:
        """Give the outcome: `summary` for a person, `values` for a program."""

    def error(self, kind: str, sentence: str) -> None:
        """Give the one sentence about what went wrong; `kind` is `input`, `cancelled` or `bug`."""


class TerminalChannel:
    """A progress bar and plain text; the summary on standard output, the rest on standard error.

    What cannot be shown stops no work: letters that the terminal lacks are spelt out, and a bar that nobody can see is
    left away.
    """

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")

    def progress(self, fraction: float, message: str) -> None:
        """Move the bar and name the step."""
        if self._bar is None:
            form = "{percentage:3.0f}% |{bar:30}| {desc} [{elapsed}]"
            self._bar = tqdm(total=100, bar_format=form, file=_Patient(sys.stderr))
        self._bar.set_description_str(message, refresh=False)
        self._bar.n = round(100 * fraction)
        self._bar.refresh()

    def result(self, summary: str, values: Mapping[str, Any]) -> None:  # noqa: ARG002 - for programs
        """Close the bar and print the summary. Raises `InputError` where it cannot be written."""
        self._close()
        try:
            sys.stdout.write(summary + "\n")
            sys.stdout.flush()
        except OSError as error:
            _drop_standard_output()
            # A program that has read enough goes: that is its right.
            if not isinstance(error, BrokenPipeError):
                raise InputError(
                    "The summary cannot be written to standard output. What was written to a folder is complete."
                ) from error

    def error(self, kind: str, sentence: str) -> None:  # noqa: ARG002 - for programs
        """Close the bar and print the sentence."""
        self._close()
        _Patient(sys.stderr).write(sentence + "\n")

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class _Patient:
    """A stream whose failures are nobody's concern."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write `text`, or nothing."""
        with contextlib.suppress(OSError):
            self._stream.write(text)

    def flush(self) -> None:
        """Let the stream show what was written."""
        with contextlib.suppress(OSError):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class JsonChannel:
    """JSON lines on the real standard output; listens on standard input for `cancel` and for its end."""

    def __init__(self, lines: TextIO, commands: TextIO) -> None:
        self._lines = lines
        self._cancelled = threading.Event()
        self._write("start", pid=os.getpid())
        threading.Thread(target=self._listen, args=(commands,), daemon=True).start()

    def progress(self, fraction: float, message: str) -> None:
        """Write a progress line. Raises `Cancelled` once `cancel` has come or the starting program is gone."""
        if self._cancelled.is_set():
            raise Cancelled
        self._write("progress", fraction=round(fraction, 4), message=message)

    def result(self, summary: str, values: Mapping[str, Any]) -> None:  # noqa: ARG002 - for persons
        """Write the result line."""
        self._write("result", **values)

    def error(self, kind: str, sentence: str) -> None:
        """Write the error line, where the starting program is still there."""
        with contextlib.suppress(Cancelled):
            self._write("error", kind=kind, message=sentence)

    def _listen(self, commands: TextIO) -> None:
        with contextlib.suppress(OSError, UnicodeDecodeError):
            while line := commands.readline(_LONGEST_COMMAND):
                if line.strip() == "cancel":
                    break
        self._cancelled.set()

    def _write(self, line_type: str, /, **values: object) -> None:
        line = {"v": PROTOCOL_VERSION, "type": line_type, **values}
        try:
            self._lines.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
            self._lines.flush()
        except OSError as error:
            # The starting program is gone. The line must not wait in the buffer: it would fail again at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._lines.fileno())
            raise Cancelled from error


def open_standard_streams() -> None:
    """Give a process that was started without standard streams empty ones.

    Else the first files that it opens take their numbers, and what libraries print would be written into results.
    """
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number: this one
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)


def _drop_standard_output() -> None:
    """Let what still waits to be printed go nowhere, so that it does not fail again when the process ends."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def json_channel() -> JsonChannel:
    """A JSON channel on this process's own streams; from now on file descriptor 1 is standard error.

    Raises `Cancelled` where nobody listens any more.
    """
    sys.stdout.flush()
    private = os.dup(1)
    os.dup2(2, 1)
    lines = os.fdopen(private, "w", encoding="utf-8", newline="\n")
    return JsonChannel(lines, sys.stdin)

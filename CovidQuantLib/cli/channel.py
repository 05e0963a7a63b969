"""How a command talks: to a person at a terminal, or as JSON lines to the program that started it.

The JSON lines (`--json-progress`, version 1) are UTF-8, one object a line on standard output: first `start` with the
process id, then any number of `progress`, then exactly one `result` or `error`. Whatever libraries print goes to
standard error. The starting program writes `cancel` to standard input to stop the work; when standard input closes, it
stops too.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Mapping
from typing import Any, Protocol, TextIO

from tqdm import tqdm

from CovidQuantLib.messages import Cancelled

PROTOCOL_VERSION = 1


class Channel(Protocol):
    """What a command reports to."""

    def progress(self, fraction: float, message: str) -> None:
        """Show how far the work is. Raises `Cancelled` once the user has asked to stop."""

    def result(self, summary: str, values: Mapping[str, Any]) -> None:
        """Give the outcome: `summary` for a person, `values` for a program."""

    def error(self, kind: str, sentence: str) -> None:
        """Give the one sentence about what went wrong; `kind` is `input`, `cancelled` or `bug`."""


class TerminalChannel:
    """A progress bar and plain text; the summary on standard output, the rest on standard error."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None

    def progress(self, fraction: float, message: str) -> None:
        """Move the bar and name the step."""
        if self._bar is None:
            self._bar = tqdm(total=100, bar_format="{percentage:3.0f}% |{bar:30}| {desc} [{elapsed}]", file=sys.stderr)
        self._bar.set_description_str(message, refresh=False)
        self._bar.n = round(100 * fraction)
        self._bar.refresh()

    def result(self, summary: str, values: Mapping[str, Any]) -> None:  # noqa: ARG002 - for programs
        """Close the bar and print the summary."""
        self._close()
        sys.stdout.write(summary + "\n")

    def error(self, kind: str, sentence: str) -> None:  # noqa: ARG002 - for programs
        """Close the bar and print the sentence."""
        self._close()
        sys.stderr.write(sentence + "\n")

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


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
        """Write the error line."""
        self._write("error", kind=kind, message=sentence)

    def _listen(self, commands: TextIO) -> None:
        for line in commands:
            if line.strip() == "cancel":
                break
        self._cancelled.set()

    def _write(self, line_type: str, /, **values: object) -> None:
        line = {"v": PROTOCOL_VERSION, "type": line_type, **values}
        try:
            self._lines.write(json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
            self._lines.flush()
        except BrokenPipeError as error:
            raise Cancelled from error


def json_channel() -> JsonChannel:
    """A JSON channel on this process's own streams; from now on file descriptor 1 is standard error."""
    sys.stdout.flush()
    private = os.dup(1)
    os.dup2(2, 1)
    lines = os.fdopen(private, "w", encoding="utf-8", newline="\n")
    return JsonChannel(lines, sys.stdin)

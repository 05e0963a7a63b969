"""What the worker says: JSON lines of `--json-progress`, version 1, among whatever else a process may print."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

PROTOCOL_VERSION = 1
_LONGEST_LINE = 1 << 20
_TYPES = ("start", "progress", "result", "error")


@dataclass(frozen=True)
class WorkerLine:
    """One line: its `type` (`start`, `progress`, `result` or `error`) and the fields beside it."""

    type: str
    values: dict[str, Any]

    def text(self, key: str) -> str:
        """The text in a field, empty where there is none."""
        value = self.values.get(key)
        return value if isinstance(value, str) else ""

    def number(self, key: str) -> float | None:
        """The number in a field, None where there is none."""
        value = self.values.get(key)
        return None if isinstance(value, bool) or not isinstance(value, (int, float)) else value


class LineReader:
    """Bytes in, as they come; whole lines of the protocol out. Everything else is passed over."""

    def __init__(self) -> None:
        self._waiting = b""

    def feed(self, content: bytes) -> Iterator[WorkerLine]:
        """The lines that `content` completes."""
        *whole, self._waiting = (self._waiting + content).split(b"\n")
        if len(self._waiting) > _LONGEST_LINE:
            self._waiting = b""
        for line in whole:
            if (read := read_line(line)) is not None:
                yield read


def read_line(line: bytes) -> WorkerLine | None:
    """The line of the protocol that `line` is; None for anything else."""
    if not line.lstrip().startswith(b"{"):
        return None
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict) or values.get("v") != PROTOCOL_VERSION or values.get("type") not in _TYPES:
        return None
    return WorkerLine(values["type"], {key: value for key, value in values.items() if key not in ("v", "type")})

"""Reading an edit log back, also one that a crash has cut."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from CovidQuantLib.hitl.edit_log.events import WHAT, EditEvent, parse_event
from CovidQuantLib.messages import CaseWarning, InputError

_LARGEST_LOG = 64 << 20
_DAMAGED = f"{WHAT} is damaged: {{}}. Nothing was measured from it; the mask itself is not affected."


@dataclass(frozen=True)
class EditLog:
    """The events of one correction in their order, session after session (one for each start of the program).

    `cut_lines` counts the lines that a crash has cut, at most one for each session.
    """

    events: tuple[EditEvent, ...]
    cut_lines: int = 0

    @property
    def sessions(self) -> int:
        """How often the log was begun or resumed."""
        return sum(event.kind == "session" for event in self.events)

    @property
    def submitted(self) -> bool:
        """Whether the correction was submitted; nothing follows that."""
        return any(event.kind == "submitted" for event in self.events)

    @property
    def warnings(self) -> tuple[CaseWarning, ...]:
        """What a person should know of this log beside its numbers."""
        if not self.cut_lines:
            return ()
        sentence = "The program ended while the edit log was written; up to its last second is missing."
        return (CaseWarning("cut_edit_log", sentence),)


def read_edit_log(path: Path) -> EditLog:
    """The edit log in `path`. Raises `InputError` where it cannot be read, is none, or is damaged other than by a cut.

    A last line that was not written whole is left out and counted in `EditLog.cut_lines`.
    """
    return parse_edit_log(read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """The bytes of the log in `path`. Raises `InputError` where it cannot be read or is too large."""
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_LOG + 1)
    except FileNotFoundError as error:
        raise InputError("There is no edit log in this place.") from error
    except OSError as error:
        raise InputError(f"{WHAT} cannot be read: {error.strerror or type(error).__name__}.") from error
    if len(content) > _LARGEST_LOG:
        raise InputError(f"{WHAT} is larger than {_LARGEST_LOG >> 20} MB. Nothing was read.")
    return content


def parse_edit_log(content: bytes) -> EditLog:
    """The edit log in the bytes of its file; as `read_edit_log`."""
    # What follows the last newline is empty, or a line without its end. Empty lines end a cut line when resuming.
    *lines, unended = content.split(b"\n")
    lines = [line for line in lines if line]
    events: list[EditEvent] = []
    cut = 0
    for line, following in zip(lines, [*lines[1:], b""], strict=False):
        event = _event_or_cut(line, may_be_cut=_is_session(following))
        cut += event is None
        events += [event] if event else []
    if unended:
        event = _event_or_cut(unended, may_be_cut=True)
        cut += event is None
        events += [event] if event else []
    _check_order(events)
    return EditLog(tuple(events), cut)


def _event_or_cut(line: bytes, *, may_be_cut: bool) -> EditEvent | None:
    """The event, or None for a line that was cut; nothing but its end makes a line of the log a JSON object."""
    if may_be_cut and not line.endswith(b"}"):
        return None
    return parse_event(line)


def _is_session(line: bytes) -> bool:
    return b'"event":"session"' in line


def _check_order(events: list[EditEvent]) -> None:
    """Raise `InputError` where events cannot have been written in this order by one reader's program."""
    if not events or events[0].kind != "session":
        raise InputError("This file is no edit log of CovidQuant. Choose another one.")
    if any(event.kind == "submitted" for event in events[:-1]):
        raise InputError(_DAMAGED.format("something follows the submission"))
    sessions = [event.number for event in events if event.kind == "session"]
    if sessions != list(range(1, len(sessions) + 1)):
        raise InputError(_DAMAGED.format("its sessions are not in order"))
    for before, after in pairwise(events):
        if after.kind != "session" and after.at_ms < before.at_ms:
            raise InputError(_DAMAGED.format("its times run backwards"))

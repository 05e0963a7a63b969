"""The events of an edit log, and a line of the file for each.

Every text in a line is a word of this file, a key of the anatomy or a random id: names that a person has typed (of a
segment, a file, a patient) cannot reach the log.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from CovidQuantLib.anatomy import INFECTION, LOBES, LUNGS, SEGMENTS
from CovidQuantLib.messages import InputError
from CovidQuantLib.models.fields import Fields
from CovidQuantLib.strict_json import parse_json

FORMAT, FORMAT_VERSION = "covidquant-edit-log", 1
WHAT = "The edit log"
LONGEST_LINE = 1000

OTHER, NONE = "other", "none"
"""What stands for a name that the log does not know, and for no effect or no segment."""

EFFECTS = frozenset(
    {
        # Slicer's own.
        "Paint",
        "Draw",
        "Erase",
        "Level tracing",
        "Grow from seeds",
        "Fill between slices",
        "Threshold",
        "Margin",
        "Hollow",
        "Smoothing",
        "Scissors",
        "Islands",
        "Logical operators",
        "Mask volume",
        # Of the extension SegmentEditorExtraEffects.
        "Draw tube",
        "Engrave",
        "Fast Marching",
        "Flood filling",
        "Local Threshold",
        "Split volume",
        "Surface cut",
        "Watershed",
    }
)
SEGMENT_KEYS = frozenset(structure.key for structure in (*LUNGS, *LOBES, *SEGMENTS, *INFECTION))
VIEWS = frozenset({"axial", "coronal", "sagittal"})
START = r"blank|threshold|[a-z2-7]{26}"
"""What a correction starts from: nothing, the threshold's proposal, the proposal of a model or a revision (its id)."""

_HIGHEST_NUMBER = 1_000_000
_LATEST_MS = 10**10


@dataclass(frozen=True)
class EditEvent:
    """One event, `at_ms` milliseconds after its session began.

    `kind` is one of `KINDS`. `name` is the start of `images_shown`, the effect, the segment's key or the view; `number`
    the session's, the job's, or the slice's index along the view's axis (k for axial; None outside of the CT).
    """

    at_ms: int
    kind: str
    name: str | None = None
    number: int | None = None


def _one_of(*words: str) -> str:
    return "|".join(re.escape(word) for word in words)


_NAMES = {
    "images_shown": START,
    "effect": _one_of(*sorted(EFFECTS), OTHER, NONE),
    "segment": _one_of(*sorted(SEGMENT_KEYS), OTHER, NONE),
    "slice": _one_of(*sorted(VIEWS), OTHER),
}
_NUMBERED = {"session", "job_started", "job_ended"}
_MAY_BE_NUMBERED = {"slice"}
KINDS = frozenset(
    {
        "session",
        "images_shown",
        "effect",
        "segment",
        "slice",
        "modified",
        "input",
        "focus_lost",
        "focus_gained",
        "off_screen",
        "on_screen",
        "job_started",
        "job_ended",
        "paused",
        "resumed",
        "alive",
        "submitted",
    }
)


def format_event(event: EditEvent) -> bytes:
    """The line of `event`, ASCII, with its newline."""
    values: dict[str, Any] = {"at": event.at_ms, "event": event.kind}
    if event.kind == "session":
        values |= {"format": FORMAT, "version": FORMAT_VERSION}
    if event.name is not None:
        values["name"] = event.name
    if event.number is not None:
        values["number"] = event.number
    return json.dumps(values, separators=(",", ":")).encode("ascii") + b"\n"


def parse_event(line: bytes) -> EditEvent:
    """The event in a line. Raises `InputError` for any other line, and for one of another format version."""
    fields = Fields(WHAT, parse_json(line, WHAT, largest=LONGEST_LINE))
    kind = fields.text("event", "[a-z_]{1,20}")
    if kind == "session":
        _check_format(fields)
    if kind not in KINDS:
        fields.refuse("event", "a known event")
    fields.only("at", "event", "format", "version", *_own_fields(kind))
    name = fields.text("name", _NAMES[kind]) if kind in _NAMES else None
    numbered = kind in _NUMBERED or (kind in _MAY_BE_NUMBERED and "number" in fields.values)
    number = _whole(fields, "number", _HIGHEST_NUMBER) if numbered else None
    return EditEvent(_whole(fields, "at", _LATEST_MS), kind, name, number)


def _own_fields(kind: str) -> list[str]:
    numbered = ["number"] if kind in _NUMBERED | _MAY_BE_NUMBERED else []
    return numbered + (["name"] if kind in _NAMES else [])


def _check_format(fields: Fields) -> None:
    if fields.text("format", ".{1,40}") != FORMAT:
        raise InputError("This file is no edit log of CovidQuant. Choose another one.")
    if (version := fields.whole("version")) != FORMAT_VERSION:
        raise InputError(
            f"This edit log has format version {version}, and this CovidQuant reads version {FORMAT_VERSION}. "
            "Use the CovidQuant that wrote it."
        )


def _whole(fields: Fields, key: str, highest: int) -> int:
    value = fields.whole(key)
    if not 0 <= value <= highest:
        fields.refuse(key, f"a whole number from 0 to {highest}")
    return value

"""Events of a patient: facts that are only ever added, each a file of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

from CovidQuantLib.hitl.pool.clinical import checked_facts
from CovidQuantLib.hitl.pool.durable import ensure_folder, refuse, write_file
from CovidQuantLib.hitl.pool.layout import coded_entries, events_folder, is_code, new_code
from CovidQuantLib.hitl.pool.opening import FORMAT, Pool
from CovidQuantLib.hitl.pool.own_words import check_own_words
from CovidQuantLib.hitl.pool.revisions import check_reader
from CovidQuantLib.hitl.pool.sealed import read_sealed, seal
from CovidQuantLib.messages import InputError

EventKind = Literal["approval", "return", "consensus", "reopening", "reference", "quality", "clinical", "labels"]
Value = str | int | bool

HIGHEST_QUALITY = 5
_ENDING = ".json"
_LABEL = re.compile(r"[a-z][a-z0-9_]{0,31}")
_TEXT = re.compile(r"[A-Za-z0-9 .+<>=_-]{1,32}")
_OF_REVISION = ("approval", "return", "consensus", "reference", "quality")


@dataclass(frozen=True)
class Event:
    """One fact, said by `reader`.

    `approval` and `return`: somebody other than its reader has looked at a revision, and takes it or gives it back.
    `consensus`: a revision that several readers agreed on. `reopening`: work on the scan begins again. `reference`:
    this revision is the scan's reference from now on. `quality`: `values["score"]`, 0 (useless) to 5, of the
    proposal that a revision began with (`quality.ANCHORS`).
    `clinical`: facts of the scan by name (`clinical.Clinical`), the last one counts for each; None takes one back.
    `labels`: facts of the patient (`values`: text, whole number or truth by name), the last one counts for each name.
    `scan` is None for labels, `revision` for labels, clinical facts and reopenings.
    """

    id: str
    kind: EventKind
    patient: str
    sequence: int
    reader: str
    scan: str | None = None
    revision: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def order(self) -> tuple[int, str]:
        """Sorts revisions and events of one patient; of two made at once the id decides, the same everywhere."""
        return (self.sequence, self.id)


def events(pool: Pool, patient: str) -> tuple[Event, ...]:
    """All whole events of a patient in order."""
    found = []
    for path in coded_entries(events_folder(pool.folder, patient)):
        try:
            found.append(read_event(path))
        except InputError:
            continue
    return tuple(sorted(found, key=lambda one: one.order))


def read_event(path: Path) -> Event:
    """The event in a file. Raises `InputError` where it is damaged or says nothing that is known."""
    values = read_sealed(path, "An event")
    patient = path.parent.parent.name
    if values.get("v") != FORMAT or f"{values.get('id')}{_ENDING}" != path.name or values.get("patient") != patient:
        raise InputError("An event belongs to another patient or format. Restore it from a backup of the pool.")
    try:
        event = Event(
            id=values["id"],
            kind=values["kind"],
            patient=patient,
            sequence=values["sequence"],
            reader=check_reader(values["reader"]),
            scan=values["scan"],
            revision=values["revision"],
            values=dict(values["values"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError("An event is not whole. Restore it from a backup of the pool.") from error
    _check(event)
    return event


def write_event(
    pool: Pool,
    kind: EventKind,
    *,
    patient: str,
    sequence: int,
    reader: str,
    scan: str | None = None,
    revision: str | None = None,
    values: Mapping[str, Any] | None = None,
) -> Event:
    """Add an event. Raises `InputError` where it says nothing lawful, or where the pool cannot be written."""
    event = Event(new_code(), kind, patient, sequence, check_reader(reader), scan, revision, dict(values or {}))
    _check(event)
    for name, value in event.values.items():
        check_own_words("A label or a note", f"{name} {value}" if isinstance(value, str | int) else name)
    record: dict[str, Any] = {
        "v": FORMAT,
        "kind": kind,
        "id": event.id,
        "patient": patient,
        "sequence": sequence,
        "reader": reader,
        "scan": scan,
        "revision": revision,
        "values": dict(event.values),
    }
    folder = events_folder(pool.folder, patient)
    try:
        ensure_folder(pool.disk, folder, pool.folder)
        write_file(pool.disk, folder / f"{event.id}{_ENDING}", seal(record), _is_whole)
    except OSError as error:
        refuse(error, "Nothing was recorded; do it again.")
    return event


def labels_of(found: tuple[Event, ...]) -> dict[str, Value]:
    """The patient-level labels that events say, the last one for each name."""
    return {name: value for event in found if event.kind == "labels" for name, value in event.values.items()}


def _check(event: Event) -> None:
    if event.kind not in get_args(EventKind) or not isinstance(event.sequence, int):
        raise InputError("The pool knows no such event.")
    codes = (event.scan, event.revision)
    if not all(code is None or (isinstance(code, str) and is_code(code)) for code in codes):
        raise InputError("An event names a scan or revision by something that is no code.")
    if (event.scan is None) != (event.kind == "labels") or (event.revision is None) == (event.kind in _OF_REVISION):
        raise InputError("An event does not say which scan and revision it is about.")
    if event.kind == "quality":
        _check_quality(event.values)
    elif event.kind == "labels":
        _check_labels(event.values)
    elif event.kind == "clinical":
        checked_facts(event.values)
    elif event.values:
        raise InputError("An event of this kind has no values.")


def _check_quality(values: Mapping[str, Any]) -> None:
    score = values.get("score")
    if set(values) != {"score"} or type(score) is not int or not 0 <= score <= HIGHEST_QUALITY:
        raise InputError(f"A quality score is a whole number from 0 to {HIGHEST_QUALITY}.")


def _check_labels(values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        is_plain = isinstance(value, bool | int) or (isinstance(value, str) and _TEXT.fullmatch(value) is not None)
        if _LABEL.fullmatch(name) is None or not is_plain:
            raise InputError(
                "A label is a name of small letters, digits and _, and a short word or a whole number: icu=yes."
            )
    if not values:
        raise InputError("Name at least one label: icu=yes.")


def _is_whole(path: Path) -> bool:
    try:
        read_event(path)
    except InputError:
        return False
    return True

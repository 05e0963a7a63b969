"""Revisions of a scan: readings (an infection mask that a reader drew or corrected) and anatomies (lungs and parts).

A revision is a folder that counts only if its `record.json`, written last, lists every file and all hashes match. An
anatomy comes from a segmenter. A reading may hold lungs, lobes and segments of its own, since a reader adds to the
lungs what a proposal left out; else it stands on the anatomy that it names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from CovidQuantLib.hitl.pool.durable import FileFact
from CovidQuantLib.hitl.pool.file_facts import facts_from, is_whole
from CovidQuantLib.hitl.pool.layout import (
    EDIT_LOG_FILE,
    INFECTION_FILE,
    LOBES_FILE,
    LUNGS_FILE,
    RECORD_FILE,
    SEGMENTS_FILE,
    START_FILE,
    coded_entries,
    is_code,
    revisions_folder,
)
from CovidQuantLib.hitl.pool.opening import FORMAT, Pool
from CovidQuantLib.hitl.pool.scans import Scan
from CovidQuantLib.hitl.pool.sealed import read_sealed
from CovidQuantLib.messages import InputError

Kind = Literal["reading", "anatomy"]
StartKind = Literal["blank", "proposal", "revision", "unknown"]
Classes = Literal["ground glass and consolidation", "infection"]

ANATOMY_FILES = (LUNGS_FILE, LOBES_FILE, SEGMENTS_FILE)
FILES = frozenset({INFECTION_FILE, START_FILE, *ANATOMY_FILES, EDIT_LOG_FILE})
_READER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,15}")
_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .+()/:_-]{0,79}")
_SHORTEST_NAME = 4


@dataclass(frozen=True)
class Start:
    """What a reading started from.

    `blank`: nothing; `proposal`: a model's or another program's (`source` is the model's id or the program's name);
    `revision`: another reading, whose id is `source`; `unknown`: a mask made elsewhere.
    """

    kind: StartKind
    source: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(StartKind):
            raise InputError(f"A reading starts from one of: {', '.join(get_args(StartKind))}.")
        if (self.source is None) != (self.kind in ("blank", "unknown")):
            raise InputError("A start from a proposal or a revision says which one; another start says nothing.")
        if self.source is not None:
            check_source(self.source)


BLANK = Start("blank")
UNKNOWN = Start("unknown")


@dataclass(frozen=True)
class Revision:
    """One whole revision. `sequence` and `parent` give the order; no clock is asked.

    `reader` is a code, None for an anatomy. `classes` says what the labels 1 and 2 mean; with "infection" 1 is
    infection that nobody has divided. `anatomy` is the id of the revision whose lungs a reading without its own stands
    on. `sources` says where each map of the anatomy in this revision came from, by file name.
    """

    id: str
    kind: Kind
    patient: str
    scan: str
    folder: Path
    sequence: int
    parent: str | None
    reader: str | None
    start: Start
    classes: Classes
    anatomy: str | None
    sources: dict[str, str]
    files: dict[str, FileFact]

    @property
    def order(self) -> tuple[int, str]:
        """Sorts revisions and events of one patient; of two made at once the id decides, the same everywhere."""
        return (self.sequence, self.id)

    @property
    def has_lungs(self) -> bool:
        """Whether lungs are stored in this revision itself."""
        return LUNGS_FILE in self.files


def check_reader(reader: str) -> str:
    """`reader`, where it is a code. Raises `InputError` else: a name, with its spaces and letters, is none."""
    if _READER.fullmatch(reader) is None:
        raise InputError("A reader is named by a code of 1 to 16 letters, digits, - and _, such as R1.")
    return reader


def check_source(source: str) -> str:
    """`source`, where it can be the name of a model, a program or a revision. Raises `InputError` else."""
    if _SOURCE.fullmatch(source) is None:
        raise InputError("A source is a model's id or a program's name: letters, digits and spaces, 80 at most.")
    return source


def revisions(pool: Pool, scan: Scan) -> tuple[Revision, ...]:
    """All whole revisions of `scan` in order. What is unfinished, damaged or incomplete is not there."""
    found = []
    for folder in coded_entries(revisions_folder(pool.folder, scan.patient, scan.code)):
        try:
            revision = read_revision(folder)
        except InputError:
            continue
        if is_whole(folder, revision.files):
            found.append(revision)
    return tuple(sorted(found, key=lambda one: one.order))


def readings(found: tuple[Revision, ...]) -> tuple[Revision, ...]:
    """The readings among revisions."""
    return tuple(one for one in found if one.kind == "reading")


def newest_anatomy(found: tuple[Revision, ...]) -> Revision | None:
    """The last anatomy among revisions in order; None where there is none."""
    return next((one for one in reversed(found) if one.kind == "anatomy"), None)


def find_revision(found: tuple[Revision, ...], name: str) -> Revision:
    """The revision whose id begins with `name` (4 letters or more). Raises `InputError` where none or several do."""
    name = name.strip().lower()
    matches = [one for one in found if len(name) >= _SHORTEST_NAME and one.id.startswith(name)]
    if len(matches) != 1:
        raise InputError(
            "There is no such revision of this scan, or several begin like that. Give the letters of its id as "
            "'covidquant pool status POOL --list' shows it."
        )
    return matches[0]


def read_revision(folder: Path) -> Revision:
    """What the record of a revision says; its files are not looked at. Raises `InputError` where it is damaged."""
    values = read_sealed(folder / RECORD_FILE, "A revision's record")
    scan, patient = folder.parent.parent.name, folder.parents[3].name
    place = (values.get("id"), values.get("scan"), values.get("patient"))
    if values.get("v") != FORMAT or place != (folder.name, scan, patient):
        raise InputError("A revision's record belongs to another scan, patient or format. Restore it from a backup.")
    try:
        return _revision(folder, values)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError("A revision's record is not whole. Restore it from a backup of the pool.") from error


def _revision(folder: Path, values: dict[str, Any]) -> Revision:
    """Raises `KeyError`, `TypeError`, `ValueError` or `InputError` where a value is missing or none."""
    kind, classes, sequence = values["kind"], values["classes"], values["sequence"]
    known = kind in get_args(Kind) and classes in get_args(Classes) and isinstance(sequence, int)
    if not known or not all(code is None or is_code(code) for code in (values["parent"], values["anatomy"])):
        raise ValueError
    files = facts_from(values["files"], FILES)
    if (INFECTION_FILE in files) != (kind == "reading"):
        raise ValueError
    return Revision(
        id=folder.name,
        kind=kind,
        patient=values["patient"],
        scan=values["scan"],
        folder=folder,
        sequence=sequence,
        parent=values["parent"],
        reader=None if values["reader"] is None else check_reader(values["reader"]),
        start=Start(values["start"]["kind"], values["start"]["source"]),
        classes=classes,
        anatomy=values["anatomy"],
        sources={str(name): check_source(source) for name, source in values["sources"].items()},
        files=files,
    )

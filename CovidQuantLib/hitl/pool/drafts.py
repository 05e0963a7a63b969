"""Drafts: unfinished readings in the user's local data folder, never in the pool.

One folder for each pool, scan and reader: `draft.bits`, and beside it `edit-log.jsonl`, the running edit log.
Submitting copies from here into the pool; the draft is removed only after that.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from CovidQuantLib.ct import LabelArray
from CovidQuantLib.hitl.pool.draft_files import draft_parts, parse_draft
from CovidQuantLib.hitl.pool.durable import Disk, write_file_in_steps
from CovidQuantLib.hitl.pool.layout import EDIT_LOG_FILE, is_code
from CovidQuantLib.hitl.pool.opening import Pool
from CovidQuantLib.hitl.pool.reading_maps import AnatomyMaps, Outside, Reading
from CovidQuantLib.hitl.pool.revisions import Start, check_reader
from CovidQuantLib.hitl.pool.scans import Scan
from CovidQuantLib.identity import local_data_folder
from CovidQuantLib.messages import InputError

DRAFT_FILE = "draft.bits"
_FOLDER = "drafts"
INFECTION, LUNGS, LOBES, SEGMENTS, START = "infection", "lungs", "lobes", "segments", "start"
_MAPS = {INFECTION, LUNGS, LOBES, SEGMENTS, START}


@dataclass(frozen=True)
class DraftName:
    """Which draft: one reader's of one scan of one pool."""

    pool: str
    scan: str
    reader: str

    def __post_init__(self) -> None:
        check_reader(self.reader)
        if not (is_code(self.pool) and is_code(self.scan)):
            raise InputError("A draft belongs to a scan of a pool.")

    @property
    def folder(self) -> Path:
        """Where the draft and its running edit log lie; it need not exist."""
        # Readers R1 and r1 are two, also where case does not count in file names.
        return local_data_folder() / _FOLDER / self.pool / self.scan / f"r-{self.reader.encode('ascii').hex()}"

    @property
    def edit_log(self) -> Path:
        """The running edit log."""
        return self.folder / EDIT_LOG_FILE


@dataclass(frozen=True)
class Draft:
    """What a draft holds.

    `maps` by `"infection"`, `"lungs"`, `"lobes"`, `"segments"`, `"start"` (what the reader was shown first): uint8,
    axes (k, j, i), on the scan's grid; at least the infection. `start` says what that was.
    """

    maps: Mapping[str, LabelArray]
    start: Start


def draft_name(pool: Pool, scan: Scan, reader: str) -> DraftName:
    """The name of a reader's draft of a scan. Raises `InputError` where the reader's code is none."""
    return DraftName(pool.id, scan.code, reader)


def save_draft(name: DraftName, draft: Draft) -> None:
    """Write the draft over its last version; a crash leaves the one or the other.

    Raises `InputError` where the disk refuses: the last version is then still there.
    """
    for _ in saving_draft(name, draft):
        pass


def saving_draft(name: DraftName, draft: Draft) -> Generator[None, None, None]:
    """`save_draft` in steps of some ten milliseconds, for an interface that must not stall.

    The maps must not change meanwhile. Closed before its end, it leaves the last version. Raises as `save_draft`.
    """
    if INFECTION not in draft.maps or not set(draft.maps) <= _MAPS:
        raise ValueError("a draft holds the infection, and no other maps than those of a reading")
    values: dict[str, Any] = {
        "scan": name.scan,
        "pool": name.pool,
        "reader": name.reader,
        "start": {"kind": draft.start.kind, "source": draft.start.source},
    }
    try:
        name.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        parts = draft_parts(values, draft.maps)
        yield from write_file_in_steps(Disk(), name.folder / DRAFT_FILE, parts, _is_whole)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"The draft cannot be kept on this computer: {reason}. Submit it before you close.") from error


def _is_whole(path: Path) -> bool:
    try:
        parse_draft(path.read_bytes())
    except InputError:
        return False
    return True


def has_draft(name: DraftName) -> bool:
    """Whether there is such a draft; it is not read."""
    return (name.folder / DRAFT_FILE).is_file()


def load_draft(name: DraftName) -> Draft | None:
    """The draft; None where there is none. Raises `InputError` where it is damaged."""
    try:
        content = (name.folder / DRAFT_FILE).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise InputError(f"The draft cannot be read: {error.strerror or type(error).__name__}.") from error
    values, maps = parse_draft(content)
    return Draft(maps, Start(values["start"]["kind"], values["start"]["source"]))


def drafts(pool: Pool) -> tuple[DraftName, ...]:
    """This user's drafts of scans of `pool`, by scan and reader."""
    folder = local_data_folder() / _FOLDER / pool.id
    found = []
    for path in sorted(folder.glob(f"*/r-*/{DRAFT_FILE}")):
        with contextlib.suppress(ValueError, InputError):
            reader = bytes.fromhex(path.parent.name.removeprefix("r-")).decode("ascii")
            found.append(DraftName(pool.id, path.parent.parent.name, reader))
    return tuple(found)


def reading_of(name: DraftName, draft: Draft, *, outside: Outside = "refuse") -> Reading:
    """The draft as it is submitted, with its running edit log where there is one."""
    lungs = draft.maps.get(LUNGS)
    return Reading(
        infection=draft.maps[INFECTION],
        reader=name.reader,
        start=draft.start,
        start_mask=draft.maps.get(START),
        anatomy=None if lungs is None else AnatomyMaps(lungs, draft.maps.get(LOBES), draft.maps.get(SEGMENTS)),
        edit_log=name.edit_log if name.edit_log.is_file() else None,
        outside=outside,
    )


def remove_draft(name: DraftName) -> None:
    """Remove the draft and its running edit log, once they are in the pool or not wanted any more."""
    shutil.rmtree(name.folder, ignore_errors=True)

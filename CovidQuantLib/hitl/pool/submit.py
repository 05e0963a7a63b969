"""Submitting: a reading or an anatomy becomes a revision of its scan, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from CovidQuantLib.ct import LabelArray
from CovidQuantLib.hitl.edit_log import read_edit_log
from CovidQuantLib.hitl.edit_log.events import format_event
from CovidQuantLib.hitl.pool.durable import Content, FileFact, ensure_folder, refuse, write_folder
from CovidQuantLib.hitl.pool.file_facts import fact_values, is_whole
from CovidQuantLib.hitl.pool.grids import written_maps
from CovidQuantLib.hitl.pool.history import History, history
from CovidQuantLib.hitl.pool.layout import (
    EDIT_LOG_FILE,
    RECORD_FILE,
    new_code,
    revision_folder,
    revisions_folder,
)
from CovidQuantLib.hitl.pool.opening import FORMAT, Pool
from CovidQuantLib.hitl.pool.reading_maps import AnatomyMaps, Reading, anatomy_files, maps_to_store, sources_of
from CovidQuantLib.hitl.pool.revisions import (
    Revision,
    check_reader,
    find_revision,
    read_revision,
)
from CovidQuantLib.hitl.pool.scans import Scan
from CovidQuantLib.hitl.pool.sealed import seal
from CovidQuantLib.messages import InputError


def submit_reading(pool: Pool, scan: Scan, reading: Reading) -> Revision:
    """Make `reading` a revision of `scan`. When this returns, the revision survives any crash.

    Raises `InputError` where the masks do not stand on the scan's grid, hold labels that do not exist or leave the
    lungs (with `outside` "refuse"), where the reader's code or the edit log is none, or where the pool cannot be
    written. The reading is then not in the pool: the draft stays, and it can be submitted again.
    """
    check_reader(reading.reader)
    _check_start(reading)
    past = history(pool, scan)
    parent = _parent(reading, past)
    stored = maps_to_store(reading, scan, past, parent)
    values = {
        "kind": "reading",
        "parent": parent.id if parent else None,
        "reader": reading.reader,
        "start": {"kind": reading.start.kind, "source": reading.start.source},
        "classes": reading.classes,
        "anatomy": stored.anatomy,
        "sources": stored.sources,
    }
    return _write(pool, scan, past, values, stored.maps, reading.edit_log)


def submit_anatomy(pool: Pool, scan: Scan, anatomy: AnatomyMaps) -> Revision:
    """Make lungs (and lobes, segments) from a segmenter a revision of `scan`; errors as `submit_reading`."""
    past = history(pool, scan)
    maps = anatomy_files(anatomy, scan)
    values = {
        "kind": "anatomy",
        "parent": past.anatomy.id if past.anatomy else None,
        "reader": None,
        "start": {"kind": "blank", "source": None},
        "classes": "ground glass and consolidation",
        "anatomy": None,
        "sources": sources_of(anatomy, maps),
    }
    return _write(pool, scan, past, values, maps, None)


def _check_start(reading: Reading) -> None:
    if (reading.start_mask is not None) != (reading.start.kind in ("proposal", "revision")):
        raise InputError(
            "A reading that started from a proposal or another reading comes with that mask, a blank start with none."
        )
    if reading.classes == "infection" and reading.infection.max(initial=0) > 1:
        raise InputError("A mask of infection alone holds 0 and 1. Give 1 ground glass and 2 consolidation as classes.")


def _parent(reading: Reading, past: History) -> Revision | None:
    if reading.parent is not None:
        return find_revision(past.readings, reading.parent)
    if reading.start.kind == "revision" and reading.start.source is not None:
        return find_revision(past.readings, reading.start.source)
    return past.newest_by(reading.reader)


def _write(
    pool: Pool,
    scan: Scan,
    past: History,
    values: Mapping[str, object],
    maps: dict[str, LabelArray],
    edit_log: Path | None,
) -> Revision:
    revision = new_code()
    target = revision_folder(pool.folder, scan.patient, scan.code, revision)
    place = {"v": FORMAT, "id": revision, "scan": scan.code, "patient": scan.patient, "sequence": past.next_sequence}

    def record(facts: Mapping[str, FileFact]) -> tuple[str, bytes]:
        return RECORD_FILE, seal({**place, **values, "files": fact_values(facts)})

    with written_maps(maps, scan.grid) as files:
        contents: dict[str, Content] = {**files, **_log(edit_log)}
        try:
            ensure_folder(pool.disk, revisions_folder(pool.folder, scan.patient, scan.code), pool.folder)
            write_folder(pool.disk, target, contents, record, _is_whole)
        except OSError as error:
            refuse(error, "The reading was not submitted; nothing is lost: submit it again.")
    return read_revision(target)


def _log(path: Path | None) -> dict[str, Content]:
    """The edit log as its events say it: any other file could carry a name into the pool."""
    if path is None:
        return {}
    try:
        log = read_edit_log(path)
    except InputError as error:
        raise InputError(
            f"{error} The reading can be submitted without its edit log; it has no minutes then."
        ) from error
    return {EDIT_LOG_FILE: b"".join(map(format_event, log.events))}


def _is_whole(folder: Path) -> bool:
    try:
        return is_whole(folder, read_revision(folder).files)
    except InputError:
        return False

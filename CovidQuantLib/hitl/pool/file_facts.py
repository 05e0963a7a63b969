"""The files that a record lists, compared with those that are there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from CovidQuantLib.hitl.pool.durable import FileFact, file_fact
from CovidQuantLib.messages import InputError

Facts = Mapping[str, FileFact]


def fact_values(facts: Facts) -> dict[str, Any]:
    """Facts as they stand in a record."""
    return {name: {"bytes": fact.length, "sha256": fact.sha256} for name, fact in facts.items()}


def facts_from(values: Any, allowed: frozenset[str]) -> dict[str, FileFact]:
    """The facts in a record. Raises `InputError` where it lists none, or a file that does not belong there."""
    try:
        facts = {str(name): FileFact(int(one["bytes"]), str(one["sha256"])) for name, one in values.items()}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError("A record does not list its files. Restore it from a backup of the pool.") from error
    # A name from a record becomes a path: only known ones do.
    if not facts or not set(facts) <= allowed:
        raise InputError("A record lists files that do not belong there. Restore it from a backup of the pool.")
    return facts


def missing_files(folder: Path, facts: Facts) -> tuple[str, ...]:
    """Names of listed files that are not there, or not of their length."""
    return tuple(name for name, fact in facts.items() if _length(folder / name) != fact.length)


def changed_files(folder: Path, facts: Facts) -> tuple[str, ...]:
    """Names of listed files that are there in their length, but whose content is not what was written."""
    return tuple(
        name for name, fact in facts.items() if _length(folder / name) == fact.length and not _same(folder / name, fact)
    )


def is_whole(folder: Path, facts: Facts) -> bool:
    """Whether every listed file is there, with the hash that the record says."""
    return not missing_files(folder, facts) and not changed_files(folder, facts)


def _length(path: Path) -> int | None:
    try:
        return path.stat().st_size if path.is_file() and not path.is_symlink() else None
    except OSError:
        return None


def _same(path: Path, fact: FileFact) -> bool:
    try:
        return file_fact(path) == fact
    except OSError:
        return False

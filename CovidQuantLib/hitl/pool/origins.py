"""Where a reading comes from in the end: the first reading of its line, and what that one started from."""

from __future__ import annotations

from CovidQuantLib.hitl.pool.revisions import Revision, Start


def line_of(revision: Revision, found: tuple[Revision, ...]) -> tuple[Revision, ...]:
    """The readings that led to `revision` by one starting from the other, whoever read them; the first one first."""
    by_id = {one.id: one for one in found}
    line = [revision]
    while revision.start.kind == "revision" and (before := by_id.get(revision.start.source or "")) is not None:
        if before in line:
            break
        line.append(before)
        revision = before
    return tuple(reversed(line))


def origin(revision: Revision, found: tuple[Revision, ...]) -> Start:
    """What the first reading of the line of `revision` started from."""
    return line_of(revision, found)[0].start

"""What became of a scan: revisions and events in one order, the state they lead to, and the reference."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from CovidQuantLib.hitl.pool.clinical import Clinical
from CovidQuantLib.hitl.pool.events import Event, events
from CovidQuantLib.hitl.pool.opening import Pool
from CovidQuantLib.hitl.pool.revisions import Revision, newest_anatomy, readings, revisions
from CovidQuantLib.hitl.pool.scans import Scan, scans

State = Literal["new", "submitted", "reviewed", "consensus", "reopened"]
"""Of a scan in the pool. A draft lies on one computer: whoever holds one sees the scan as a draft beside this."""

_STATE_AFTER: dict[str, State] = {
    "approval": "reviewed",
    "return": "reopened",
    "consensus": "consensus",
    "reopening": "reopened",
}


@dataclass(frozen=True)
class History:
    """A scan's revisions and its patient's events, each in order."""

    scan: Scan
    revisions: tuple[Revision, ...]
    events: tuple[Event, ...]

    @property
    def readings(self) -> tuple[Revision, ...]:
        """The readings, in order."""
        return readings(self.revisions)

    @property
    def anatomy(self) -> Revision | None:
        """The newest anatomy; None where none is stored."""
        return newest_anatomy(self.revisions)

    @property
    def clinical(self) -> Clinical:
        """What is known of the scan: what was said when it was added, and what was said since; the last one counts."""
        known = self.scan.details.clinical
        for event in self._own:
            if event.kind == "clinical":
                known = replace(known, **event.values)
        return known

    @property
    def state(self) -> State:
        """Where the scan stands: what was done last counts."""
        steps: list[tuple[tuple[int, str], State]] = [(one.order, "submitted") for one in self.readings]
        steps += [(event.order, _STATE_AFTER[event.kind]) for event in self._own if event.kind in _STATE_AFTER]
        return max(steps)[1] if steps else "new"

    @property
    def heads(self) -> tuple[Revision, ...]:
        """The readings that no other reading continues."""
        continued = {one.parent for one in self.readings}
        return tuple(one for one in self.readings if one.id not in continued)

    @property
    def reference(self) -> Revision | None:
        """The reading that counts: the one chosen last; without a choice the only one that nobody continued.

        None where there is no reading, or where several stand side by side and nobody has chosen.
        """
        by_id = {one.id: one for one in self.readings}
        for event in reversed(self._own):
            if event.kind == "reference" and event.revision in by_id:
                return by_id[event.revision]
        return self.heads[0] if len(self.heads) == 1 else None

    @property
    def next_sequence(self) -> int:
        """The number of the next revision or event."""
        numbers = [one.sequence for one in self.revisions] + [one.sequence for one in self.events]
        return 1 + max(numbers, default=0)

    def newest_by(self, reader: str) -> Revision | None:
        """The last reading of one reader; None where there is none."""
        return next((one for one in reversed(self.readings) if one.reader == reader), None)

    @property
    def _own(self) -> tuple[Event, ...]:
        return tuple(event for event in self.events if event.scan == self.scan.code)


def history(pool: Pool, scan: Scan) -> History:
    """The history of `scan` as the pool tells it now."""
    return History(scan, revisions(pool, scan), events(pool, scan.patient))


def clinical_facts(pool: Pool, scan: Scan) -> Clinical:
    """`History.clinical`, without reading the revisions, whose every file is hashed: for who cannot wait for that."""
    return History(scan, (), events(pool, scan.patient)).clinical


def histories(pool: Pool) -> tuple[History, ...]:
    """The histories of all scans."""
    return tuple(history(pool, scan) for scan in scans(pool))

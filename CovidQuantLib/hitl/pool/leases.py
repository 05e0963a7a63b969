"""Leases: who is working on which scan. They advise and lock nothing: two submissions are two revisions.

A lease is a file that its holder rewrites from time to time with a higher counter. Whoever looks at it decides by the
own monotonic clock: it has expired where the counter has not changed for a while. Clocks of two computers never meet.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from CovidQuantLib.hitl.pool.durable import ensure_folder, refuse, write_file
from CovidQuantLib.hitl.pool.layout import coded_entries, is_code, leases_folder, new_code
from CovidQuantLib.hitl.pool.opening import FORMAT, Pool
from CovidQuantLib.hitl.pool.revisions import check_reader
from CovidQuantLib.hitl.pool.scans import Scan
from CovidQuantLib.hitl.pool.sealed import read_sealed, seal
from CovidQuantLib.messages import InputError

EXPIRES_AFTER_S = 600.0
"""A lease whose counter stood still for this long, as the observer saw it, counts for nothing."""

_ENDING = ".json"


@dataclass(frozen=True)
class Lease:
    """One lease: `reader` works on `scan`; `heartbeat` grows while that is so."""

    id: str
    scan: str
    reader: str
    heartbeat: int


def take_lease(pool: Pool, scan: Scan, reader: str) -> Lease:
    """Tell others that `reader` begins to work on `scan`. Raises `InputError` where the pool cannot be written."""
    lease = Lease(new_code(), scan.code, check_reader(reader), 0)
    _write(pool, lease)
    return lease


def beat(pool: Pool, lease: Lease) -> Lease:
    """Tell others that the work goes on; gives the lease as it is now. Call it once a minute or so.

    Raises `InputError` where the pool cannot be written: the work itself is not in danger.
    """
    next_one = Lease(lease.id, lease.scan, lease.reader, lease.heartbeat + 1)
    _write(pool, next_one)
    return next_one


def release(pool: Pool, lease: Lease) -> None:
    """Tell others that the work has ended."""
    with contextlib.suppress(OSError):
        _path(pool, lease.id).unlink(missing_ok=True)


def leases(pool: Pool) -> tuple[Lease, ...]:
    """All leases that are there, expired ones included."""
    found = []
    for path in coded_entries(leases_folder(pool.folder)):
        try:
            found.append(_read(path))
        except InputError:
            continue
    return tuple(found)


@dataclass
class LeaseWatch:
    """An observer of the leases, who knows when each counter last changed before his eyes.

    `clock` gives seconds and never runs back (`time.monotonic`).
    """

    pool: Pool
    clock: Callable[[], float] = time.monotonic
    expires_after_s: float = EXPIRES_AFTER_S
    _seen: dict[str, tuple[int, float]] = field(default_factory=dict, repr=False)

    def active(self) -> tuple[Lease, ...]:
        """The leases that have not expired for this observer; one that was never seen before is active."""
        now = self.clock()
        current = leases(self.pool)
        last = {lease.id: self._seen.get(lease.id) for lease in current}
        self._seen = {
            lease.id: seen if (seen := last[lease.id]) and seen[0] == lease.heartbeat else (lease.heartbeat, now)
            for lease in current
        }
        return tuple(lease for lease in current if now - self._seen[lease.id][1] < self.expires_after_s)


def _path(pool: Pool, lease: str) -> Path:
    return leases_folder(pool.folder) / f"{lease}{_ENDING}"


def _write(pool: Pool, lease: Lease) -> None:
    values: dict[str, Any] = {
        "v": FORMAT,
        "kind": "lease",
        "id": lease.id,
        "scan": lease.scan,
        "reader": lease.reader,
        "heartbeat": lease.heartbeat,
    }
    try:
        ensure_folder(pool.disk, leases_folder(pool.folder), pool.folder)
        target = _path(pool, lease.id)
        write_file(pool.disk, target, seal(values), lambda path: _says(path, lease))
    except OSError as error:
        refuse(error, "Others cannot see who works on this scan; the work itself is not in danger.")


def _says(path: Path, lease: Lease) -> bool:
    try:
        return _read(path) == lease
    except InputError:
        return False


def _read(path: Path) -> Lease:
    values = read_sealed(path, "A lease")
    scan, heartbeat = values.get("scan"), values.get("heartbeat")
    is_whole = f"{values.get('id')}{_ENDING}" == path.name and isinstance(heartbeat, int)
    if not is_whole or not isinstance(scan, str) or not is_code(scan):
        raise InputError("A lease is damaged.")
    return Lease(str(values["id"]), scan, check_reader(str(values.get("reader"))), int(values["heartbeat"]))

"""Small CTs and readings for pools in tests: a few thousand voxels, made in no time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from CovidQuantLib.ct import CtVolume, Geometry, LabelArray, ScanFacts, StoredOrder
from CovidQuantLib.hitl.pool import BLANK, AnatomyMaps, Pool, Reading, Scan, Subject, add_scan, init_pool
from CovidQuantLib.hitl.pool.durable import Disk

GRID = Geometry(
    shape=(12, 16, 20),
    spacing=(2.0, 2.0, 3.0),
    origin=(-20.0, -16.0, 40.0),
    direction=(1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0),
)


class HastyDisk(Disk):
    """A disk that is not waited for: most tests cut no power."""

    def sync_file(self, path: Path) -> None:
        """Nothing is synced."""

    def sync_folder(self, path: Path) -> None:
        """Nothing is synced."""


def tiny_ct(number: int = 0, *, series: bytes = b"") -> CtVolume:
    """A CT of 12 slices: soft tissue with two lungs; each number gives other voxels."""
    hu = np.full(GRID.shape, 40, np.int16)
    hu[tiny_lungs() > 0] = -850
    hu[:, :2] = -1000
    hu += np.random.default_rng(number).integers(-9, 10, GRID.shape).astype(np.int16)
    source = series or f"series {number}".encode()
    return CtVolume(hu, GRID, StoredOrder(), GRID, ScanFacts(content_code_source=source))


def tiny_lungs() -> LabelArray:
    """Two lungs: right 1, left 2."""
    lungs = np.zeros(GRID.shape, np.uint8)
    lungs[2:10, 4:12, 2:8] = 1
    lungs[2:10, 4:12, 12:18] = 2
    return lungs


def tiny_infection(number: int = 0) -> LabelArray:
    """A lesion in the right lung with a core of consolidation; each number gives another one."""
    infection = np.zeros(GRID.shape, np.uint8)
    infection[4:7, 5:9, 3 : 5 + number % 3] = 1
    infection[5, 6 + number % 2, 4] = 2
    return infection


def tiny_anatomy() -> AnatomyMaps:
    """The lungs, and lobes that part them: upper and lower halves of both, no middle lobe."""
    lungs = tiny_lungs()
    lobes = np.zeros_like(lungs)
    upper = np.arange(GRID.shape[0])[:, None, None] >= 6
    for label, lung in ((1, 1), (4, 2)):
        lobes[(lungs == lung) & upper] = label
    for label, lung in ((3, 1), (5, 2)):
        lobes[(lungs == lung) & ~upper] = label
    return AnatomyMaps(lungs, lobes, sources={"lungs": "threshold", "lobes": "estimated"})


def tiny_reading(reader: str = "R1", number: int = 0) -> Reading:
    """A reading from a blank start."""
    return Reading(tiny_infection(number), reader, BLANK)


def tiny_pool(folder: Path, *, scans: int = 1, fraction: float = 0.0) -> tuple[Pool, list[Scan]]:
    """A pool with that many scans of as many patients; nobody is held out unless a fraction says so."""
    pool = replace(init_pool(folder, fraction=fraction), disk=HastyDisk())
    return pool, [add_scan(pool, tiny_ct(n), Subject(f"patient {n}")).scan for n in range(scans)]

"""The stacks of images in a DICOM folder: found, grouped and sorted by their headers alone."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from CovidQuantLib.ct.dicom_headers import Placement, SliceHeader, read_header
from CovidQuantLib.ct.native import silence
from CovidQuantLib.ct.volume import Geometry
from CovidQuantLib.progress import Progress, no_progress

SAME_LEVEL_MM = 0.01
"""Images closer than this along the normal stand at the same level."""

_HEADERS_AT_A_TIME = 32
_SPLITS: tuple[Callable[[SliceHeader], Hashable], ...] = (
    lambda header: header.acquisition,
    lambda header: header.temporal_position,
    lambda header: header.image_type,
)


@dataclass(frozen=True)
class DicomSeries:
    """Images of one series that form one stack: same size, orientation and kernel, sorted along their normal.

    `placement` is that of the first one, None where the headers give no position. `heights` are the positions along
    the normal in mm, one for each image; several images may stand at one level.
    """

    slices: tuple[SliceHeader, ...]
    placement: Placement | None
    heights: tuple[float, ...]

    @property
    def first(self) -> SliceHeader:
        """The first image; what is the same within a stack is read from it."""
        return self.slices[0]

    @property
    def by_level(self) -> tuple[tuple[SliceHeader, ...], ...]:
        """The images level by level; more than one where images share a position."""
        groups: list[list[SliceHeader]] = []
        last = -np.inf
        for header, height in zip(self.slices, self.heights, strict=True):
            if height - last > SAME_LEVEL_MM:
                groups.append([])
                last = height
            groups[-1].append(header)
        return tuple(tuple(group) for group in groups)

    @property
    def distances_mm(self) -> npt.NDArray[np.float64]:
        """Distances between neighbouring levels in mm."""
        steps = np.diff(self.heights)
        return np.asarray(steps[steps > SAME_LEVEL_MM], dtype=np.float64)

    @property
    def spacing_mm(self) -> float:
        """Mean distance of the levels in mm; 0 for a single one."""
        return float(self.distances_mm.mean()) if self.distances_mm.size else 0.0

    @property
    def thickness_mm(self) -> float:
        """What one slice stands for, in mm: the larger of slice thickness and distance."""
        return max(self.spacing_mm, self.first.thickness_mm or 0.0)

    def geometry(self, placement: Placement) -> Geometry:
        """The stack's grid as ITK has it, axes (k, j, i) = (slice, row, column)."""
        normal = placement.normal
        # A header's cosines are rounded; made from the normal the three directions are exactly perpendicular.
        columns = np.stack([np.asarray(placement.row), np.cross(normal, placement.row), normal], axis=1)
        return Geometry(
            shape=(len(self.by_level), self.first.rows, self.first.columns),
            spacing=(*placement.spacing, self.spacing_mm),
            origin=placement.position,
            direction=tuple(float(cosine) for cosine in columns.ravel()),
        )


def find_series(folder: Path, progress: Progress = no_progress) -> list[DicomSeries]:
    """All stacks of images in `folder` and the folders in it. File names and extensions do not matter."""
    paths = [Path(root) / name for root, _, names in os.walk(folder) for name in sorted(names)]
    headers: list[SliceHeader] = []
    for start in range(0, len(paths), _HEADERS_AT_A_TIME):
        progress(start / len(paths), "Reading the headers")
        with silence():
            found = [read_header(path) for path in paths[start : start + _HEADERS_AT_A_TIME]]
        headers += [header for header in found if header is not None]
    return [series for group in _grouped(headers, _stack_key) for series in _stacks(group)]


def _stack_key(header: SliceHeader) -> Hashable:
    placed = header.placement
    lies = (tuple(round(c, 2) for c in (*placed.row, *placed.column)), placed.spacing) if placed else None
    return (header.series_uid, header.rows, header.columns, lies, header.kernel, "LOCALIZER" in header.image_type)


def _grouped(headers: Iterable[SliceHeader], key: Callable[[SliceHeader], Hashable]) -> list[list[SliceHeader]]:
    groups: dict[Hashable, list[SliceHeader]] = defaultdict(list)
    for header in headers:
        groups[key(header)].append(header)
    return list(groups.values())


def _stacks(headers: list[SliceHeader]) -> list[DicomSeries]:
    """One stack, or several where the images at one position tell apart by acquisition, phase or image type."""
    whole = _stack(headers)
    if len(whole.by_level) == len(headers):
        return [whole]
    for split in _SPLITS:
        parts = [_stack(part) for part in _grouped(headers, split)]
        if len(parts) > 1 and all(len(part.by_level) == len(part.slices) for part in parts):
            return parts
    return [whole]


def _stack(headers: list[SliceHeader]) -> DicomSeries:
    placement = headers[0].placement
    if placement is None:
        return DicomSeries(tuple(headers), None, tuple(float(n) for n in range(len(headers))))
    normal = placement.normal
    heights = [float(normal @ header.placement.position) if header.placement else 0.0 for header in headers]
    order = np.argsort(heights, kind="stable")
    slices = tuple(headers[n] for n in order)
    return DicomSeries(slices, slices[0].placement, tuple(heights[n] for n in order))

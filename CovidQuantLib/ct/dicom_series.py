"""The stacks of images in a DICOM folder: found, grouped and sorted by their headers alone."""

from __future__ import annotations

import itertools
import os
from collections import defaultdict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from CovidQuantLib.ct.dicom_headers import DamagedHeader, Placement, SliceHeader, read_header
from CovidQuantLib.ct.native import silence
from CovidQuantLib.ct.volume import Geometry
from CovidQuantLib.progress import Progress, no_progress

_SAME_LEVEL_MM = 0.01
_DECIMALS = 6
_ROUNDED_MM, _ROUNDED_SHARE = 0.15, 0.1
_SAME_DIRECTION = 0.01
_SAME_PIXEL = 0.001
_HEADERS_AT_A_TIME = 64
_SPLITS: tuple[Callable[[SliceHeader], Hashable], ...] = (
    lambda header: header.acquisition,
    lambda header: header.temporal_position,
    lambda header: header.image_type,
)


@dataclass(frozen=True)
class DicomSeries:
    """Images of one series that form one stack: same size, orientation and kernel, sorted along their normal.

    `placement` is that of the first one, None where the headers give none. `levels` are the images at each position,
    more than one where images share it; `heights` are the levels' positions along the normal in mm.
    """

    levels: tuple[tuple[SliceHeader, ...], ...]
    heights: tuple[float, ...]
    placement: Placement | None

    @property
    def first(self) -> SliceHeader:
        """The first image; what is the same within a stack is read from it."""
        return self.levels[0][0]

    @property
    def slice_count(self) -> int:
        """How many slices the stack has; images that share a position are one."""
        return len(self.levels)

    @property
    def copies(self) -> int:
        """How many images there are beyond one for each position."""
        return sum(len(level) - 1 for level in self.levels)

    @property
    def distances_mm(self) -> npt.NDArray[np.float64]:
        """Distances between neighbouring levels in mm."""
        return np.diff(np.asarray(self.heights, dtype=np.float64))

    @property
    def odd_distances(self) -> npt.NDArray[np.intp]:
        """Which distances are not the usual one: rounded headers may move a slice by a tenth of a millimetre."""
        distances = self.distances_mm
        usual = float(np.median(distances)) if distances.size else 0.0
        return np.flatnonzero(np.abs(distances - usual) > max(_ROUNDED_MM, _ROUNDED_SHARE * usual))

    @property
    def is_even(self) -> bool:
        """Whether one image stands at each level, and the levels are evenly spaced."""
        return self.slice_count > 1 and not self.copies and not self.odd_distances.size

    @property
    def spacing_mm(self) -> float:
        """Mean distance of the levels in mm; 0 for a single one."""
        length = self.heights[-1] - self.heights[0]
        return round(length / (self.slice_count - 1), _DECIMALS) if self.slice_count > 1 else 0.0

    @property
    def thickness_mm(self) -> float:
        """What one slice stands for, in mm: the larger of slice thickness and distance."""
        return max(self.spacing_mm, self.first.thickness_mm or 0.0)

    @property
    def positions(self) -> npt.NDArray[np.float64]:
        """Centre of the first pixel of each level, (levels, 3) in LPS mm; NaN where a header gives none."""
        return np.array([level[0].placement.position if level[0].placement else (np.nan,) * 3 for level in self.levels])

    @property
    def geometry(self) -> Geometry:
        """The stack's grid as ITK has it, axes (k, j, i) = (slice, row, column). `ValueError` without a placement."""
        placement = self.placement
        if placement is None:
            raise ValueError("a stack whose images do not say where they lie has no geometry")
        normal = placement.normal
        # A header's cosines are rounded; made from the normal the three directions are exactly perpendicular.
        columns = np.stack([np.asarray(placement.row), np.cross(normal, placement.row), normal], axis=1)
        return Geometry(
            shape=(self.slice_count, self.first.rows, self.first.columns),
            spacing=(*placement.spacing, self.spacing_mm),
            origin=placement.position,
            direction=tuple(float(cosine) for cosine in columns.ravel()),
        )


@dataclass(frozen=True)
class DicomFolder:
    """The stacks of images that a folder holds, and how many of its DICOM files are damaged."""

    series: tuple[DicomSeries, ...]
    damaged_files: int


def read_folder(folder: Path, progress: Progress = no_progress, *, nested: bool = True) -> DicomFolder:
    """All stacks of images in `folder`, and with `nested` in the folders in it. Names and endings do not matter."""
    everything = sorted(Path(root) / name for root, _, names in os.walk(folder) for name in names)
    paths = [path for path in everything if (nested or path.parent == folder) and path.is_file()]
    headers: list[SliceHeader] = []
    damaged = 0
    for start in range(0, len(paths), _HEADERS_AT_A_TIME):
        progress(start / len(paths), "Reading the headers")
        with silence():
            for path in paths[start : start + _HEADERS_AT_A_TIME]:
                try:
                    header = read_header(path)
                except DamagedHeader:
                    damaged += 1
                else:
                    headers += [header] if header is not None else []
    return DicomFolder(tuple(stack for group in _stack_groups(headers) for stack in _stacks(group)), damaged)


def _stack_groups(headers: list[SliceHeader]) -> list[list[SliceHeader]]:
    """The images that may form one stack, group by group."""
    groups: list[list[SliceHeader]] = []
    for alike in _grouped(headers, _exact_key):
        parts: list[list[SliceHeader]] = []
        for header in alike:
            for part in parts:
                if _parallel(header.placement, part[0].placement):
                    part.append(header)
                    break
            else:
                parts.append([header])
        groups += parts
    return groups


def _exact_key(header: SliceHeader) -> Hashable:
    belongs_to = (header.patient, header.study, header.series_uid)
    return (*belongs_to, header.rows, header.columns, header.kernel, "LOCALIZER" in header.image_type)


def _parallel(one: Placement | None, other: Placement | None) -> bool:
    """Whether two images lie parallel with the same pixel size, as far as rounded headers can say."""
    if one is None or other is None:
        return one is other
    turned = max(abs(a - b) for a, b in zip((*one.row, *one.column), (*other.row, *other.column), strict=True))
    resized = max(abs(a / b - 1.0) for a, b in zip(one.spacing, other.spacing, strict=True))
    return turned <= _SAME_DIRECTION and resized <= _SAME_PIXEL


def _grouped(headers: list[SliceHeader], key: Callable[[SliceHeader], Hashable]) -> list[list[SliceHeader]]:
    groups: dict[Hashable, list[SliceHeader]] = defaultdict(list)
    for header in headers:
        groups[key(header)].append(header)
    return list(groups.values())


def _stacks(headers: list[SliceHeader]) -> list[DicomSeries]:
    """One stack, or several where acquisition, phase or image type parts what stands at the same place."""
    whole = _stack(headers)
    if whole.placement is not None and not whole.is_even:
        for split in _SPLITS:
            parts = [_stack(part) for part in _grouped(headers, split)]
            if len(parts) > 1 and all(part.is_even for part in parts) and _overlap(parts):
                return parts
    return [whole]


def _overlap(parts: list[DicomSeries]) -> bool:
    """Whether two stacks cover the same place; stacks one after the other are a series with a gap."""
    ranges = sorted((part.heights[0], part.heights[-1]) for part in parts)
    return any(below[1] >= above[0] - _SAME_LEVEL_MM for below, above in itertools.pairwise(ranges))


def _stack(headers: list[SliceHeader]) -> DicomSeries:
    placement = headers[0].placement
    if placement is None:
        return DicomSeries(tuple((header,) for header in headers), (0.0,) * len(headers), None)
    height_of = {header.path: float(placement.normal @ _position(header)) for header in headers}
    levels: list[list[SliceHeader]] = []
    heights: list[float] = []
    for header in sorted(headers, key=lambda header: height_of[header.path]):
        height = height_of[header.path]
        if not heights or height - heights[-1] > _SAME_LEVEL_MM:
            levels.append([])
            heights.append(height)
        levels[-1].append(header)
    return DicomSeries(tuple(map(tuple, levels)), tuple(heights), levels[0][0].placement)


def _position(header: SliceHeader) -> npt.NDArray[np.float64]:
    return np.asarray(header.placement.position if header.placement else (0.0, 0.0, 0.0))

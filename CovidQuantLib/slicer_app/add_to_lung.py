"""Lungs that follow the infection: voxels outside are given to the nearest lung, and lobes and segments follow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from CovidQuantLib.ct import Geometry, LabelArray, MaskArray
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.hitl.pool.anatomy_fit import fitted_lobes, fitted_segments, lungs_with
from CovidQuantLib.messages import InputError
from CovidQuantLib.slicer_app.classes import AnatomyPatch
from CovidQuantLib.slicer_app.label_arrays import inside

REACH_MM = 30.0
"""A voxel farther from every lung than this is none of a lung that was cut too small."""


def add_to_lung(anatomy: Mapping[str, LabelArray], box: Box, outside: MaskArray, geometry: Geometry) -> AnatomyPatch:
    """The change of `anatomy` (maps `lungs`, `lobes`, `segments` of the whole grid) that adds `outside` to the lungs.

    `outside` is a mask on `box`. Raises `InputError` where no lung is within 30 mm.
    """
    frame = grown_box(box, geometry, REACH_MM)
    before = {name: labels[frame.slices].copy() for name, labels in anatomy.items()}
    added = np.zeros(frame.shape, np.uint8)
    added[inside(box, frame)] = outside
    if not before["lungs"].any():
        raise InputError("No lung is near what you painted, so that it cannot be added to one. Paint it again.")
    lungs = lungs_with(before["lungs"], added, cut_geometry(geometry, frame))
    return AnatomyPatch(frame, before, follow_lungs({**before, "lungs": lungs}, cut_geometry(geometry, frame)))


def follow_lungs(anatomy: Mapping[str, LabelArray], geometry: Geometry) -> dict[str, LabelArray]:
    """Lobes made to fill the lungs, and segments the lobes, where there are any; all on the grid `geometry`."""
    lungs, lobes, segments = anatomy["lungs"], anatomy["lobes"], anatomy["segments"]
    if lobes.any():
        lobes = fitted_lobes(lobes, lungs, geometry)
    if segments.any():
        segments = fitted_segments(segments, lobes, geometry)
    return {"lungs": lungs, "lobes": lobes, "segments": segments}


def grown_box(box: Box, geometry: Geometry, margin_mm: float) -> Box:
    """`box` with a margin, cut at the grid's border."""
    margin = [int(np.ceil(margin_mm / spacing)) for spacing in geometry.spacing_kji]
    start = [max(0, first - more) for first, more in zip(box.start, margin, strict=True)]
    stop = [min(size, last + more) for last, more, size in zip(box.stop, margin, geometry.shape, strict=True)]
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


def cut_geometry(geometry: Geometry, box: Box) -> Geometry:
    """The grid of a box of the grid `geometry`."""
    origin = geometry.to_lps(box.start)
    return replace(geometry, shape=box.shape, origin=(float(origin[0]), float(origin[1]), float(origin[2])))

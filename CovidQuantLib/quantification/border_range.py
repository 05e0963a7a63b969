"""What the percentage of infection of a lobe or segment becomes when its estimated border moves.

The border against the neighbours in the same lung moves by up to the border's error, outwards and inwards; the lung's
own surface stays. Only the change of the percentage is taken from a coarse sample of the voxels, and added to the exact
value: what the sample gets wrong at both places drops out.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

from CovidQuantLib.anatomy import LOBES, SEGMENTS, Structure
from CovidQuantLib.ct import Geometry, MaskArray
from CovidQuantLib.ct.grid import bounding_box
from CovidQuantLib.progress import Progress, no_progress
from CovidQuantLib.quantification.label_maps import LabelMaps

_SAMPLE_MM = 3.0
_STEPS = 8
"""Positions of the border that are tried on either side, evenly spaced up to its error."""


def poi_ranges(
    labels: LabelMaps,
    geometry: Geometry,
    *,
    border_error_mm: float,
    segment_error_mm: float | None = None,
    poi: Mapping[str, float | None],
    progress: Progress = no_progress,
) -> dict[str, tuple[float, float]]:
    """The lowest and highest percentage of infection of each lobe and segment, by key.

    `border_error_mm` is that of the lobes, `segment_error_mm` that of the segments (None: the same). `poi` are the
    exact percentages; a region whose percentage is None, or that has no neighbour to border on, is left out. A region
    thinner than the error is shrunk until nothing is left of it.
    """
    box = bounding_box(labels.lungs, geometry)
    step = [max(1, round(_SAMPLE_MM / spacing)) for spacing in geometry.spacing_kji]
    lattice = tuple(slice(a + s // 2, b, s) for a, b, s in zip(box.start, box.stop, step, strict=True))
    samples = labels.cut(lattice)
    spacing = tuple(s * mm for s, mm in zip(step, geometry.spacing_kji, strict=True))
    infected = samples.infection > 0
    ranges: dict[str, tuple[float, float]] = {}
    segment_error = border_error_mm if segment_error_mm is None else segment_error_mm
    regions = [(lobe, samples.lobes, border_error_mm) for lobe in LOBES]
    regions += [(segment, samples.segments, segment_error) for segment in SEGMENTS]
    for number, (region, parts, error) in enumerate(regions):
        progress(number / len(regions), "Moving the estimated borders")
        exact = poi.get(region.key)
        changes = None if exact is None else _changes(region, parts, samples.lungs, infected, spacing, error)
        if exact is not None and changes is not None:
            ranges[region.key] = (max(0.0, exact + changes[0]), min(100.0, exact + changes[1]))
    return ranges


def _changes(
    region: Structure,
    parts: npt.NDArray[np.uint8],
    lungs: npt.NDArray[np.uint8],
    infected: MaskArray,
    spacing: tuple[float, ...],
    error_mm: float,
) -> tuple[float, float] | None:
    """By how much the percentage falls and rises (at most 0, at least 0) while the border of `region` moves."""
    inside = parts == region.label
    near = _box_around(inside, spacing, error_mm)
    if near is None:
        return None
    inside, infected = inside[near], infected[near]
    side = int(lungs[near][inside][0])
    others = ~inside & (parts[near] > 0) & (lungs[near] == side)
    if not others.any():
        return None
    # Samples stand in the middle of their cells: the border is half a cell nearer than the next sample beyond it.
    half = sum(spacing) / 6.0
    beyond = np.maximum(distance_transform_edt(~inside, spacing)[others] - half, 0.01)
    within = np.maximum(distance_transform_edt(~others, spacing)[inside] - half, 0.01)
    depth = np.concatenate([-within, beyond]).astype(np.float32)
    ill = np.concatenate([infected[inside], infected[others]])
    places = np.linspace(-error_mm, error_mm, 2 * _STEPS + 1, dtype=np.float32)
    # A sample stands for a cell: the border passes through it, and does not jump over it.
    share = np.clip((places - depth[:, None]) / (2.0 * half) + 0.5, 0.0, 1.0)
    volume, infection = share.sum(axis=0), share[ill].sum(axis=0)
    left = volume > 0
    change = 100.0 * (infection[left] / volume[left] - infection[_STEPS] / volume[_STEPS])
    return float(change.min()), float(change.max())


def _box_around(mask: MaskArray, spacing: tuple[float, ...], margin_mm: float) -> tuple[slice, ...] | None:
    """The index of the box around `mask` with a margin beyond `margin_mm`; None where the mask is empty."""
    index = []
    for axis in range(3):
        hit = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
        if hit.size == 0:
            return None
        margin = int(margin_mm / spacing[axis]) + 2
        index.append(slice(max(0, int(hit[0]) - margin), int(hit[-1]) + 1 + margin))
    return tuple(index)

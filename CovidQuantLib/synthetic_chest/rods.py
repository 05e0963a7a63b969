"""Branches on a grid: the share of each voxel that they fill, exact in volume where they are thinner than a voxel."""

from __future__ import annotations

import numpy as np

from CovidQuantLib.synthetic_chest.space import Field, Space, capsule, cover, rod_box
from CovidQuantLib.synthetic_chest.trees import Branches

_THICK_VOXELS = 0.7
_SAMPLES_PER_VOXEL = 2.0


def rod_share(space: Space, branches: Branches) -> Field:
    """The share of each voxel, 0 to 1, that the branches fill."""
    share = np.zeros(space.shape, np.float32)
    thick = branches.start_radius > _THICK_VOXELS * space.voxel
    _splat(space, branches.chosen(~thick), share)
    np.minimum(share, 1.0, out=share)
    fat = branches.chosen(thick)
    for start, stop, radius, end in zip(fat.start, fat.stop, fat.start_radius, fat.stop_radius, strict=True):
        a = (float(start[0]), float(start[1]), float(start[2]))
        b = (float(stop[0]), float(stop[1]), float(stop[2]))
        box = rod_box(space, a, b, max(radius, end) + space.voxel)
        here = capsule(space.cut(box), a, b, float(radius), float(end))
        np.maximum(share[box], cover(here, space.voxel), out=share[box])
    return share


def _splat(space: Space, branches: Branches, share: Field) -> None:
    """Spread each thin branch's volume over the eight voxels around each of its sample points."""
    length = np.linalg.norm(branches.stop - branches.start, axis=1)
    samples = np.maximum(1, np.ceil(length * _SAMPLES_PER_VOXEL / space.voxel)).astype(np.int64)
    owner = np.repeat(np.arange(len(length)), samples)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(samples) - samples, samples)
    t = ((number + 0.5) / samples[owner])[:, None]
    points = branches.start[owner] * (1.0 - t) + branches.stop[owner] * t
    radius = branches.start_radius[owner] * (1.0 - t[:, 0]) + branches.stop_radius[owner] * t[:, 0]
    volume = np.pi * radius**2 * (length / samples)[owner] / np.prod(space.step)
    index = space.index_of(points)
    low = np.floor(index).astype(np.int64)
    part = index - low
    for corner in np.ndindex(2, 2, 2):
        at = low + corner
        inside = np.all((at >= 0) & (at < space.shape), axis=1)
        weight = np.prod(np.where(np.array(corner) == 1, part, 1.0 - part), axis=1) * volume
        flat = np.ravel_multi_index(tuple(at[inside].T), space.shape)
        share += np.bincount(flat, weight[inside], minlength=share.size).reshape(space.shape).astype(np.float32)

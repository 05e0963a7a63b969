"""Branches on a grid: the share of each voxel that they fill, exact in volume where they are thinner than a voxel."""

from __future__ import annotations

import numpy as np

from CovidQuantLib.synthetic_chest.space import Field, Space, capsule, cover, rod_box
from CovidQuantLib.synthetic_chest.trees import Branches

_THICK_VOXELS = 0.7
_SAMPLES_PER_VOXEL = 2.0


def rod_share(space: Space, branches: Branches) -> Field:
    """The share of each voxel, 0 to 1, that the branches fill."""
    thick = branches.start_radius > _THICK_VOXELS * space.voxel
    share = np.minimum(_spread(space, branches.chosen(~thick)), np.float32(1.0))
    fat = branches.chosen(thick)
    for start, stop, radius, end in zip(fat.start, fat.stop, fat.start_radius, fat.stop_radius, strict=True):
        a = (float(start[0]), float(start[1]), float(start[2]))
        b = (float(stop[0]), float(stop[1]), float(stop[2]))
        box = rod_box(space, a, b, max(radius, end) + space.voxel)
        here = capsule(space.cut(box), a, b, float(radius), float(end))
        np.maximum(share[box], cover(here, space.voxel), out=share[box])
    return share


def _spread(space: Space, branches: Branches) -> Field:
    """Each branch's volume, spread over the eight voxels around each of its sample points."""
    length = np.linalg.norm(branches.stop - branches.start, axis=1)
    samples = np.maximum(1, np.ceil(length * _SAMPLES_PER_VOXEL / space.voxel)).astype(np.int64)
    owner = np.repeat(np.arange(len(length)), samples)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(samples) - samples, samples)
    t = ((number + 0.5) / samples[owner])[:, None]
    index = space.index_of(branches.start[owner] * (1.0 - t) + branches.stop[owner] * t)
    radius = branches.start_radius[owner] * (1.0 - t[:, 0]) + branches.stop_radius[owner] * t[:, 0]
    volume = np.pi * radius**2 * (length / samples)[owner] / np.prod(space.step)
    inside = np.all((index >= 0.0) & (index < np.array(space.shape) - 1.0), axis=1)
    index, volume = index[inside], volume[inside]
    low = np.floor(index).astype(np.int64)
    part = index - low
    flat, weight = [], []
    for corner in np.ndindex(2, 2, 2):
        flat.append(np.ravel_multi_index(tuple((low + corner).T), space.shape))
        weight.append(np.prod(np.where(np.array(corner) == 1, part, 1.0 - part), axis=1) * volume)
    share = np.bincount(np.concatenate(flat), np.concatenate(weight), minlength=int(np.prod(space.shape)))
    return np.asarray(share.reshape(space.shape), np.float32)

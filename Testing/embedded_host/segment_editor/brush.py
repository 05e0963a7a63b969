"""The voxels under a brush that was drawn over a slice."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import vtk
from numpy.typing import NDArray

from Testing.embedded_host.segment_editor.effect import array_of

Point = tuple[float, float, float]


@dataclass(frozen=True)
class Brush:
    """A sphere, or a disc of one slice's thickness across `normal`; radius and thickness in mm."""

    radius: float
    sphere: bool
    normal: Point
    thickness: float

    def holds(self, away: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which offsets from the brush's middle, (..., 3) in mm, lie under it."""
        squared = (away**2).sum(axis=-1)
        if self.sphere:
            return np.asarray(squared <= self.radius**2)
        across = np.abs(away @ np.array(self.normal))
        inside = squared - across**2 <= self.radius**2
        return np.asarray(inside & (across <= self.thickness / 2))


def painted(image: Any, path: list[Point], brush: Brush) -> tuple[NDArray[np.uint8], tuple[int, ...] | None]:
    """The mask of a stroke on the image's grid, axes (k, j, i), and its extent; None where it misses the grid.

    path: where the mouse was, in mm (RAS). Between two places the brush is set down every half radius.
    """
    mask = np.zeros(array_of(image).shape, np.uint8)
    to_world, to_image = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(to_world)
    image.GetWorldToImageMatrix(to_image)
    first = np.array(image.GetExtent()[::2])
    step = np.array([[to_world.GetElement(row, column) for column in range(3)] for row in range(3)])
    reach = np.ceil((brush.radius + brush.thickness) / np.linalg.norm(step, axis=0)).astype(int)
    for place in _filled(path, brush.radius / 2):
        middle = np.array(to_image.MultiplyPoint((*place, 1.0))[:3]) - first
        low = np.maximum(np.rint(middle).astype(int) - reach, 0)
        high = np.minimum(np.rint(middle).astype(int) + reach + 1, mask.shape[::-1])
        if (low >= high).any():
            continue
        k, j, i = np.mgrid[low[2] : high[2], low[1] : high[1], low[0] : high[0]]
        away = (np.stack([i, j, k], axis=-1) - middle) @ step.T
        mask[low[2] : high[2], low[1] : high[1], low[0] : high[0]] |= brush.holds(away).astype(np.uint8)
    where = [np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis}))) for axis in (2, 1, 0)]
    if not where[0].size:
        return mask, None
    return mask, tuple(int(end) for axis in range(3) for end in where[axis][[0, -1]] + first[axis])


def _filled(path: list[Point], spacing: float) -> list[Point]:
    """The path with places set between those that are farther apart than the spacing."""
    places = [path[0]]
    for start, end in pairwise(path):
        count = max(1, int(np.ceil(np.linalg.norm(np.subtract(end, start)) / spacing)))
        between = np.linspace(start, end, count + 1)[1:]
        places += [(float(x), float(y), float(z)) for x, y, z in between]
    return places

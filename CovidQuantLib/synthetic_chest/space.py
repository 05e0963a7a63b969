"""The body's space: where each voxel lies in the reference body, and painting with partial volume.

The reference body's axes are x to the patient's left, y to the back, z to the head, in mm of an adult (`scale` 1).
The origin lies in the midline at the level of the carina.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from CovidQuantLib.ct import Geometry
from CovidQuantLib.synthetic_chest.spec import ChestSpec

Field = npt.NDArray[np.float32]
"""A signed distance in mm of the reference body, negative inside, axes (k, j, i)."""
Point = tuple[float, float, float]
"""x, y, z in mm of the reference body."""
Slices = tuple[slice, slice, slice]

_CENTRE: Point = (0.0, 8.0, -48.0)


@dataclass(frozen=True)
class Space:
    """The voxel centres of a grid in mm of the reference body: `x` (1, 1, i), `y` (1, j, 1), `z` (k, 1, 1)."""

    x: Field
    y: Field
    z: Field

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along k, j, i."""
        return (self.z.size, self.y.size, self.x.size)

    @property
    def step(self) -> tuple[float, float, float]:
        """The voxel's size along k, j, i."""
        axes = (self.z.ravel(), self.y.ravel(), self.x.ravel())
        return tuple(float(axis[-1] - axis[0]) / (axis.size - 1) for axis in axes)  # type: ignore[return-value]

    @property
    def voxel(self) -> float:
        """The mean size of a voxel: the width over which partial volume blurs a surface."""
        return float(np.mean(self.step))

    def box(self, low: Point, high: Point) -> Slices:
        """The voxels from `low` to `high`, grown by one voxel and cut at the grid's border."""
        slices = []
        for axis, start, stop in zip((self.z, self.y, self.x), low[::-1], high[::-1], strict=True):
            values = axis.ravel()
            step = (values[-1] - values[0]) / (values.size - 1)
            first = int(np.floor((start - values[0]) / step)) - 1
            last = int(np.ceil((stop - values[0]) / step)) + 2
            slices.append(slice(min(max(first, 0), values.size), min(max(last, 0), values.size)))
        return (slices[0], slices[1], slices[2])

    def cut(self, box: Slices) -> Space:
        """The part of the space in `box`."""
        return Space(self.x[:, :, box[2]], self.y[:, box[1]], self.z[box[0]])

    def index_of(self, points: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
        """Voxel indices (n, 3) in the order k, j, i, as fractions, of points (n, 3) in the order x, y, z."""
        first = np.array([self.z.flat[0], self.y.flat[0], self.x.flat[0]], np.float64)
        return np.asarray((points[:, ::-1] - first) / np.array(self.step))


def space_of(spec: ChestSpec) -> Space:
    """The space of the chest's grid."""
    axes = []
    for size, spacing, centre in zip(spec.shape, spec.spacing[::-1], _CENTRE[::-1], strict=True):
        axes.append((centre + (np.arange(size) - (size - 1) / 2.0) * spacing / spec.scale).astype(np.float32))
    return Space(axes[2][None, None, :], axes[1][None, :, None], axes[0][:, None, None])


def geometry_of(spec: ChestSpec) -> Geometry:
    """The grid in LPS: the reference body's axes are already those of LPS."""
    origin = tuple(
        spec.scale * centre - (size - 1) / 2.0 * spacing
        for size, spacing, centre in zip(spec.shape[::-1], spec.spacing, _CENTRE, strict=True)
    )
    identity = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
    return Geometry(spec.shape, spec.spacing, (origin[0], origin[1], origin[2]), identity)


def ellipsoid(space: Space, centre: Point, radii: Point, turn: float = 0.0) -> Field:
    """Distance from an ellipsoid, turned by `turn` degrees about the body's axis (x towards y)."""
    cos, sin = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    dx, dy, dz = space.x - centre[0], space.y - centre[1], space.z - centre[2]
    u, v = cos * dx + sin * dy, cos * dy - sin * dx
    squares = (u / radii[0]) ** 2 + (v / radii[1]) ** 2 + (dz / radii[2]) ** 2
    slope = np.sqrt((u / radii[0] ** 2) ** 2 + (v / radii[1] ** 2) ** 2 + (dz / radii[2] ** 2) ** 2)
    length = np.sqrt(squares)
    return np.asarray((length - 1.0) * length / (slope + 1e-6), np.float32)


def capsule(space: Space, start: Point, stop: Point, radius: float, end_radius: float | None = None) -> Field:
    """Distance from a round rod whose radius runs from `radius` to `end_radius`."""
    ax, ay, az = (stop[n] - start[n] for n in range(3))
    dx, dy, dz = space.x - start[0], space.y - start[1], space.z - start[2]
    t = np.clip((dx * ax + dy * ay + dz * az) / (ax * ax + ay * ay + az * az + 1e-9), 0.0, 1.0)
    distance = np.sqrt((dx - t * ax) ** 2 + (dy - t * ay) ** 2 + (dz - t * az) ** 2)
    end = radius if end_radius is None else end_radius
    return np.asarray(distance - (radius + t * (end - radius)), np.float32)


def rod_box(space: Space, start: Point, stop: Point, radius: float) -> Slices:
    """The voxels that a rod of this radius can touch."""
    low = tuple(min(a, b) - radius for a, b in zip(start, stop, strict=True))
    high = tuple(max(a, b) + radius for a, b in zip(start, stop, strict=True))
    return space.box((low[0], low[1], low[2]), (high[0], high[1], high[2]))


def cover(distance: Field, voxel: float) -> Field:
    """The share of each voxel, 0 to 1, that lies inside a surface at this distance (partial volume)."""
    return np.clip(0.5 - distance / np.float32(voxel), 0.0, 1.0)


def paint(hu: Field, share: Field, value: Field | float) -> None:
    """Fill a share of each voxel with a value, in place."""
    hu += share * (value - hu)

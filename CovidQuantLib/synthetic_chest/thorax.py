"""The chest wall: its inner surface, drawn as a table of key levels, and the rings that the ribs follow in it."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import PchipInterpolator

from CovidQuantLib.synthetic_chest.space import Field, Space

RIGHT, LEFT = -1.0, 1.0
"""The sign of x on either side."""

RIB_PITCH = 27.0
_RIB_DESCENT = 0.42
_TOP_RIB = 62.0
_JOIN = 34.0

# z, then the inner wall of one side as an ellipse: its centre (from the midline, y), half width and half depth.
_WALL = np.array([
    (-260.0, 37.0, 8.0, 94.0, 84.0),
    (-200.0, 38.0, 4.0, 99.0, 92.0),
    (-160.0, 39.0, 0.0, 100.0, 95.0),
    (-120.0, 40.0, -4.0, 98.0, 95.0),
    (-80.0, 41.0, -5.0, 94.0, 93.0),
    (-40.0, 43.0, -3.0, 87.0, 88.0),
    (0.0, 45.0, 1.0, 76.0, 80.0),
    (25.0, 46.0, 6.0, 66.0, 71.0),
    (50.0, 47.0, 12.0, 53.0, 58.0),
    (75.0, 46.0, 18.0, 37.0, 41.0),
    (90.0, 45.0, 20.0, 23.0, 26.0),
    (98.0, 45.0, 21.0, 11.0, 13.0),
    (101.5, 45.0, 21.0, 2.0, 2.5),
    (150.0, 45.0, 21.0, 2.0, 2.5),
])  # fmt: skip


def chest_wall(space: Space, side: float) -> Field:
    """Distance from the inner chest wall of one side; the wall is wider at the back, and bulges between the ribs."""
    z = np.clip(space.z.ravel(), _WALL[0, 0], _WALL[-1, 0])
    cx, cy, a, b = (
        np.asarray(PchipInterpolator(_WALL[:, 0], _WALL[:, column])(z), np.float32)[:, None, None]
        for column in range(1, 5)
    )
    dx, dy = space.x - side * cx, space.y - cy
    wide = a * (1.0 + 0.0011 * dy)
    length = np.sqrt((dx / wide) ** 2 + (dy / b) ** 2)
    slope = np.sqrt((dx / wide**2) ** 2 + (dy / b**2) ** 2)
    tilt = np.gradient(0.5 * (a + b).ravel(), z)[:, None, None]
    smooth = (length - 1.0) * length / (slope + 1e-6) / np.sqrt(1.0 + tilt * tilt)
    bulge = 0.9 * np.cos(rib_offset(space) * np.float32(2.0 * np.pi / RIB_PITCH))
    return np.asarray(smooth + bulge, np.float32)


def hull(walls: dict[float, Field]) -> Field:
    """Distance from the inner wall of the whole chest: both sides, joined smoothly before the spine and the sternum."""
    right, left = walls[RIGHT], walls[LEFT]
    blend = np.clip(0.5 + 0.5 * (left - right) / np.float32(_JOIN), 0.0, 1.0)
    return np.asarray(left + blend * (right - left) - _JOIN * blend * (1.0 - blend), np.float32)


def rib_offset(space: Space) -> Field:
    """How far above (+) or below (-) the nearest rib's middle each (k, j, 1) lies, in mm along z; ribs fall forward."""
    level = _TOP_RIB - (space.z - _RIB_DESCENT * space.y)
    return np.asarray(np.mod(level + 0.5 * RIB_PITCH, RIB_PITCH) - 0.5 * RIB_PITCH, np.float32)


def above_ribs(space: Space) -> Field:
    """Distance in z above the uppermost rib, (k, j, 1): negative where ribs are."""
    return np.asarray(space.z - _RIB_DESCENT * space.y - _TOP_RIB - 0.5 * RIB_PITCH, np.float32)

"""The 18 segments, by one rule.

Seen from the point where its bronchus enters the lobe, a voxel belongs to the segment whose middle lies in the nearest
direction. The middles are stated in the box of the lobe. Segments are so cones with their tip at the hilum, as the
bronchial tree makes them; real borders between segments are not as even.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from CovidQuantLib.anatomy import LOBES, SEGMENTS, by_key
from CovidQuantLib.ct import LabelArray
from CovidQuantLib.synthetic_chest.space import Field, Point, Space

_GATES: dict[str, Point] = {
    "RUL": (-30.0, 6.0, -8.0),
    "RML": (-40.0, -4.0, -50.0),
    "RLL": (-36.0, 18.0, -54.0),
    "LUL": (46.0, 0.0, -20.0),
    "LLL": (46.0, 22.0, -42.0),
}
"""Where the lobar bronchus enters its lobe."""

# Middles of the segments in the box of their lobe: 0 to 1 from medial to lateral, front to back and base to top.
_MIDDLES: dict[str, Point] = {
    "RS1": (0.41, 0.57, 1.00),
    "RS2": (0.71, 0.93, 0.42),
    "RS3": (0.51, 0.11, 0.23),
    "RS4": (0.93, 0.53, 0.51),
    "RS5": (0.31, 0.14, 0.40),
    "RS6": (0.62, 0.76, 0.94),
    "RS7": (0.16, 0.55, 0.08),
    "RS8": (0.74, 0.15, 0.18),
    "RS9": (0.89, 0.62, 0.19),
    "RS10": (0.65, 0.83, 0.32),
    "LS1+2": (0.51, 0.82, 0.90),
    "LS3": (0.50, 0.16, 0.68),
    "LS4": (0.77, 0.38, 0.31),
    "LS5": (0.65, 0.15, 0.06),
    "LS6": (0.59, 0.78, 0.71),
    "LS7+8": (0.51, 0.42, 0.35),
    "LS9": (0.87, 0.72, 0.35),
    "LS10": (0.45, 0.85, 0.26),
}


def segment_labels(space: Space, lobes: LabelArray) -> LabelArray:
    """The segments' label map, by the rule of this module."""
    labels = np.zeros(lobes.shape, np.uint8)
    for lobe in LOBES:
        where = np.nonzero(lobes == lobe.label)
        if where[0].size == 0:
            continue
        points = np.stack([space.x.ravel()[where[2]], space.y.ravel()[where[1]], space.z.ravel()[where[0]]], axis=1)
        gate = np.array(_GATES[lobe.key])
        rays = np.stack([middle - gate for middle in _middles(lobe.key, points)])
        rays /= np.linalg.norm(rays, axis=1, keepdims=True)
        members = np.array([segment.label for segment in SEGMENTS if segment.parent == lobe.key], np.uint8)
        nearest = np.argmax((points - gate.astype(np.float32)) @ rays.T.astype(np.float32), axis=1)
        labels[where] = members[nearest]
    return labels


def _middles(lobe: str, points: Field) -> list[npt.NDArray[np.float64]]:
    """The middles in mm of a lobe's segments, from the lobe's voxels (n, 3)."""
    low, high = points.min(axis=0), points.max(axis=0)
    if by_key(lobe).parent == "right":
        low[0], high[0] = high[0], low[0]
    return [low + np.array(_MIDDLES[s.key]) * (high - low) for s in SEGMENTS if s.parent == lobe]

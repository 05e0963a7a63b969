"""Fissures, lobes and segments of the synthetic lungs.

Fissures are curved sheets z = f(x, y): what lies under the oblique fissure is the lower lobe; on the right, what lies
above it is parted by the horizontal fissure.

Segments follow one rule: seen from the point where its lobar bronchus enters the lobe, a voxel belongs to the segment
whose middle lies in the nearest direction. The middles are stated below in the lobe's own box.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from CovidQuantLib.anatomy import LEFT_LUNG, RIGHT_LUNG, SEGMENTS, by_key
from CovidQuantLib.ct import LabelArray
from CovidQuantLib.synthetic_chest.lungs import LEFT, RIGHT
from CovidQuantLib.synthetic_chest.space import Field, Point, Space

_OBLIQUE = {RIGHT: (-30.0, 1.05), LEFT: (-22.0, 1.12)}
"""Height at the hilum (y = 5) and rise towards the back."""

LOBE_GATES: dict[str, Point] = {
    "RUL": (-30.0, 6.0, -8.0),
    "RML": (-40.0, -4.0, -50.0),
    "RLL": (-36.0, 18.0, -54.0),
    "LUL": (46.0, 0.0, -20.0),
    "LLL": (46.0, 22.0, -42.0),
}
"""Where the lobar bronchus enters its lobe."""

# Middles of the segments in the box of their lobe: 0 to 1 from medial to lateral, front to back and base to top.
_MIDDLES = {
    "RS1": (0.40, 0.55, 0.98),
    "RS2": (0.70, 0.92, 0.45),
    "RS3": (0.55, 0.08, 0.25),
    "RS4": (0.95, 0.55, 0.50),
    "RS5": (0.35, 0.15, 0.40),
    "RS6": (0.50, 0.85, 0.88),
    "RS7": (0.15, 0.35, 0.22),
    "RS8": (0.65, 0.12, 0.18),
    "RS9": (0.95, 0.55, 0.15),
    "RS10": (0.45, 0.95, 0.10),
    "LS1+2": (0.50, 0.75, 0.95),
    "LS3": (0.45, 0.12, 0.68),
    "LS4": (0.80, 0.30, 0.38),
    "LS5": (0.65, 0.12, 0.10),
    "LS6": (0.50, 0.85, 0.88),
    "LS7+8": (0.50, 0.12, 0.15),
    "LS9": (0.95, 0.50, 0.15),
    "LS10": (0.40, 0.95, 0.10),
}


@dataclass(frozen=True)
class Fissures:
    """Signed distances (k, j, i) in mm, negative below: the oblique fissure of each side, and the right horizontal."""

    oblique: dict[float, Field]
    horizontal: Field


def fissures_of(space: Space) -> Fissures:
    """The three fissures on a grid."""
    return Fissures(
        {side: _sheet(space, _oblique_height(space, side)) for side in (RIGHT, LEFT)},
        _sheet(space, _horizontal_height(space)),
    )


def _sheet(space: Space, height: Field) -> Field:
    gy, gx = np.gradient(height[0], space.step[1], space.step[2])
    return np.asarray((space.z - height) / np.sqrt(1.0 + gy * gy + gx * gx)[None], np.float32)


def _oblique_height(space: Space, side: float) -> Field:
    middle, rise = _OBLIQUE[side]
    dx, dy = side * space.x - 75.0, space.y - 5.0
    bow = 9.0 - 0.0016 * dy * dy - 0.0022 * dx * dx
    twist = 0.0022 * dx * dy
    return np.asarray(middle + rise * dy + bow + twist, np.float32)


def _horizontal_height(space: Space) -> Field:
    dx, dy = -space.x - 85.0, space.y + 45.0
    return np.asarray(-27.0 - 0.0016 * dx * dx - 0.0020 * dy * dy - 0.05 * dx + 0.0 * dy, np.float32)


def lobe_labels(lungs: LabelArray, fissures: Fissures) -> LabelArray:
    """The lobes' label map: the lungs' parted by the fissures."""
    labels = np.zeros(lungs.shape, np.uint8)
    right, left = lungs == RIGHT_LUNG.label, lungs == LEFT_LUNG.label
    above = fissures.oblique[RIGHT] >= 0.0
    labels[right & above] = by_key("RML").label
    labels[right & above & (fissures.horizontal >= 0.0)] = by_key("RUL").label
    labels[right & ~above] = by_key("RLL").label
    labels[left] = by_key("LLL").label
    labels[left & (fissures.oblique[LEFT] >= 0.0)] = by_key("LUL").label
    return labels


def segment_labels(space: Space, lobes: LabelArray) -> LabelArray:
    """The segments' label map, by the rule of this module."""
    labels = np.zeros(lobes.shape, np.uint8)
    for key, gate in LOBE_GATES.items():
        where = np.nonzero(lobes == by_key(key).label)
        if where[0].size == 0:
            continue
        points = np.stack([space.x.ravel()[where[2]], space.y.ravel()[where[1]], space.z.ravel()[where[0]]], axis=1)
        rays = points - np.array(gate, np.float32)
        middles = _middles_of(key, points)
        directions = np.stack([_unit(middle - np.array(gate)) for middle in middles.values()]).astype(np.float32)
        members = np.array([by_key(segment).label for segment in middles], np.uint8)
        labels[where] = members[np.argmax(rays @ directions.T, axis=1)]
    return labels


def _middles_of(lobe: str, points: Field) -> dict[str, npt.NDArray[np.float64]]:
    """The middles of a lobe's segments in mm, from its voxels (n, 3)."""
    low, high = points.min(axis=0), points.max(axis=0)
    if lobe.startswith("R"):
        low[0], high[0] = high[0], low[0]
    members = [segment.key for segment in SEGMENTS if segment.parent == lobe]
    return {key: low + np.array(_MIDDLES[key]) * (high - low) for key in members}


def _unit(vector: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.asarray(vector / np.linalg.norm(vector))

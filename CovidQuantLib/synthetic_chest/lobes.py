"""Fissures and lobes: curved sheets z = f(x, y) that part the lungs.

What lies under a lung's oblique fissure is its lower lobe; on the right, the horizontal fissure parts what lies above.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CovidQuantLib.anatomy import LEFT_LUNG, RIGHT_LUNG, by_key
from CovidQuantLib.ct import LabelArray, MaskArray
from CovidQuantLib.synthetic_chest.noise import texture
from CovidQuantLib.synthetic_chest.space import Field, Point, Space
from CovidQuantLib.synthetic_chest.thorax import LEFT, RIGHT

_OBLIQUE = {RIGHT: (-45.0, 1.06), LEFT: (-44.0, 1.14)}
"""Height at the hilum (y = 5) and rise towards the back."""
_HORIZONTAL_HEIGHT = -32.0
_HILA: dict[float, Point] = {RIGHT: (-38.0, 8.0, -35.0), LEFT: (46.0, 10.0, -30.0)}


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


def fissure_distance(fissures: Fissures, lungs: LabelArray) -> Field:
    """Distance from the nearest fissure in mm, in the lungs; far outside them."""
    distance = np.full(lungs.shape, 1e3, np.float32)
    right, left = lungs == RIGHT_LUNG.label, lungs == LEFT_LUNG.label
    distance[right] = np.abs(fissures.oblique[RIGHT][right])
    distance[left] = np.abs(fissures.oblique[LEFT][left])
    above = right & (fissures.oblique[RIGHT] >= 0.0)
    distance[above] = np.minimum(distance[above], np.abs(fissures.horizontal[above]))
    return distance


def complete_part(rng: np.random.Generator, space: Space, near: MaskArray, share: float) -> MaskArray:
    """Of the voxels `near` a fissure, the `share` where it is there: it fails at the hilum first, and raggedly."""
    rough = 14.0 * texture(rng, space.shape, tuple(14.0 / step for step in space.step))
    if share >= 1.0:
        return near
    away = np.full(space.shape, np.inf, np.float32)
    for x, y, z in _HILA.values():
        np.minimum(away, np.sqrt((space.x - x) ** 2 + (space.y - y) ** 2 + (space.z - z) ** 2), out=away)
    away += rough
    if not near.any():
        return near
    return np.asarray(near & (away >= np.quantile(away[near], 1.0 - share)))


def _sheet(space: Space, height: Field) -> Field:
    gy, gx = np.gradient(height[0], space.step[1], space.step[2])
    return np.asarray((space.z - height) / np.sqrt(1.0 + gy * gy + gx * gx)[None], np.float32)


def _oblique_height(space: Space, side: float) -> Field:
    """Bowed upwards, and turned: its upper part faces outwards, its lower part inwards."""
    middle, rise = _OBLIQUE[side]
    dx, dy = side * space.x - 75.0, space.y - 5.0
    bow = 9.0 - 0.0016 * dy * dy - 0.0022 * dx * dx
    return np.asarray(middle + rise * dy + bow + 0.0022 * dx * dy, np.float32)


def _horizontal_height(space: Space) -> Field:
    dx, dy = -space.x - 85.0, space.y + 45.0
    return np.asarray(_HORIZONTAL_HEIGHT - 0.0016 * dx * dx - 0.0020 * dy * dy - 0.10 * dx + 0.13 * dy, np.float32)

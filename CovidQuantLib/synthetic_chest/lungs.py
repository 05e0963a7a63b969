"""The lungs' surfaces: chest wall, mediastinal pleura and diaphragm, drawn as tables of key levels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import PchipInterpolator

from CovidQuantLib.anatomy import LEFT_LUNG, RIGHT_LUNG
from CovidQuantLib.ct import LabelArray, MaskArray
from CovidQuantLib.synthetic_chest.islands import largest
from CovidQuantLib.synthetic_chest.space import Field, Point, Space
from CovidQuantLib.synthetic_chest.thorax import LEFT, RIGHT

# Distance of the mediastinal pleura from the midline: rows are levels z, columns positions y from front to back.
_MEDIAL_Y = np.array([-95.0, -70.0, -45.0, -20.0, 5.0, 28.0, 48.0, 70.0, 95.0])
_MEDIAL_Z = np.array([-240.0, -150.0, -110.0, -75.0, -35.0, 0.0, 30.0, 65.0, 110.0])
_MEDIAL_RIGHT = np.array([
    (22.0, 34.0, 40.0, 40.0, 30.0, 15.0, 21.0, 23.0, 26.0),
    (22.0, 34.0, 42.0, 42.0, 30.0, 14.0, 20.0, 23.0, 26.0),
    (12.0, 30.0, 43.0, 44.0, 28.0, 12.0, 19.0, 22.0, 26.0),
    (7.0, 25.0, 42.0, 45.0, 30.0, 9.0, 19.0, 22.0, 26.0),
    (4.0, 15.0, 32.0, 37.0, 29.0, 12.0, 19.0, 22.0, 26.0),
    (3.0, 9.0, 25.0, 29.0, 25.0, 14.0, 19.0, 22.0, 26.0),
    (4.0, 10.0, 23.0, 26.0, 17.0, 13.0, 19.0, 22.0, 26.0),
    (14.0, 20.0, 27.0, 28.0, 22.0, 18.0, 20.0, 23.0, 27.0),
    (25.0, 28.0, 30.0, 30.0, 28.0, 24.0, 23.0, 25.0, 28.0),
])  # fmt: skip
_MEDIAL_LEFT = np.array([
    (45.0, 66.0, 72.0, 62.0, 44.0, 34.0, 34.0, 23.0, 26.0),
    (44.0, 72.0, 80.0, 66.0, 44.0, 34.0, 34.0, 23.0, 26.0),
    (34.0, 70.0, 84.0, 75.0, 50.0, 33.0, 35.0, 22.0, 26.0),
    (17.0, 52.0, 72.0, 68.0, 46.0, 33.0, 36.0, 22.0, 26.0),
    (6.0, 23.0, 42.0, 44.0, 35.0, 33.0, 36.0, 22.0, 26.0),
    (3.0, 12.0, 28.0, 33.0, 29.0, 33.0, 35.0, 22.0, 26.0),
    (3.0, 11.0, 25.0, 33.0, 34.0, 31.0, 28.0, 22.0, 26.0),
    (14.0, 19.0, 26.0, 28.0, 26.0, 22.0, 21.0, 23.0, 27.0),
    (25.0, 28.0, 30.0, 30.0, 28.0, 24.0, 23.0, 25.0, 28.0),
])  # fmt: skip


@dataclass(frozen=True)
class Dome:
    """One half of the diaphragm: its top, its reach to each side, and how far it falls to the front and to the back."""

    top: Point
    medial: float
    lateral: float
    front: float
    back: float
    fall_front: float
    fall_back: float

    def height(self, space: Space) -> Field:
        """How high the dome stands at each (1, j, i)."""
        side = np.sign(self.top[0])
        dx, dy = (space.x - self.top[0]) * side, space.y - self.top[1]
        u = dx / np.where(dx > 0.0, self.lateral, self.medial)
        v = dy / np.where(dy > 0.0, self.back, self.front)
        weight = 0.5 + 0.5 * np.tanh(dy / 45.0)
        fall = self.fall_front + weight * (self.fall_back - self.fall_front)
        return np.asarray(self.top[2] - fall * (1.0 - np.sqrt(1.0 - np.minimum(u * u + v * v, 1.0))), np.float32)


DOMES = {
    RIGHT: Dome((-74.0, -28.0, -112.0), 110.0, 66.0, 80.0, 118.0, 48.0, 84.0),
    LEFT: Dome((76.0, -24.0, -124.0), 110.0, 64.0, 82.0, 114.0, 42.0, 74.0),
}


def diaphragm(space: Space) -> Field:
    """How high the diaphragm stands at each (1, j, i): the higher of its two domes."""
    return np.maximum(DOMES[RIGHT].height(space), DOMES[LEFT].height(space))


def mediastinal_border(space: Space, side: float) -> Field:
    """Distance from the midline, (k, j, 1), at which the mediastinal pleura of one side lies."""
    table = _MEDIAL_RIGHT if side < 0 else _MEDIAL_LEFT
    z = np.clip(space.z.ravel(), _MEDIAL_Z[0], _MEDIAL_Z[-1])
    y = np.clip(space.y.ravel(), _MEDIAL_Y[0], _MEDIAL_Y[-1])
    rows = PchipInterpolator(_MEDIAL_Z, table, axis=0)(z)
    return np.asarray(PchipInterpolator(_MEDIAL_Y, rows, axis=1)(y), np.float32)[:, :, None]


def lung_field(space: Space, side: float, wall: Field) -> Field:
    """Distance from the surface of one lung: inside the wall, beside the mediastinum, above the diaphragm."""
    border = mediastinal_border(space, side)
    dz, dy = np.gradient(border[:, :, 0], space.step[0], space.step[1])
    medial = (border - side * space.x) / np.sqrt(1.0 + dz * dz + dy * dy)[:, :, None]
    height = DOMES[side].height(space)
    gy, gx = np.gradient(height[0], space.step[1], space.step[2])
    base = (height - space.z) / np.sqrt(1.0 + gy * gy + gx * gx)[None]
    return np.maximum(np.maximum(wall, medial), base)


def lung_labels(fields: dict[float, Field], hilum: MaskArray) -> LabelArray:
    """The lungs' label map: each lung is the largest connected part of its field's inside, without the hilum."""
    labels = np.zeros(hilum.shape, np.uint8)
    labels[largest((fields[RIGHT] < 0.0) & ~hilum)] = RIGHT_LUNG.label
    labels[largest((fields[LEFT] < 0.0) & ~hilum)] = LEFT_LUNG.label
    return labels

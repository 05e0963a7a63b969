"""The airways: trachea, carina, main, lobar and segmental bronchi as drawn, and finer ones grown into the segments."""

from __future__ import annotations

import numpy as np

from CovidQuantLib.anatomy import SEGMENTS
from CovidQuantLib.synthetic_chest.space import Point
from CovidQuantLib.synthetic_chest.trees import Branches, Numbers, Points, Table, drawn, grow

# Start, stop and the lumen's radius at both, in mm.
CENTRAL: Table = (
    ((0.0, -14.0, 150.0), (0.0, -8.0, 70.0), 8.5, 8.5),  # trachea
    ((0.0, -8.0, 70.0), (1.0, 6.0, 2.0), 8.5, 8.5),
    ((1.0, 6.0, 0.0), (-21.0, 10.0, -17.0), 7.8, 7.0),  # right main bronchus
    ((1.0, 6.0, 0.0), (38.0, 14.0, -27.0), 7.0, 5.8),  # left main bronchus
)
"""The airways of the mediastinum, which belong to no lung."""

_LOBAR: dict[str, tuple[Point, Point, float, float]] = {
    "RUL": ((-21.0, 10.0, -15.0), (-40.0, 7.0, -8.0), 5.0, 4.2),
    "intermediate": ((-21.0, 10.0, -17.0), (-31.0, 14.0, -46.0), 5.6, 5.2),
    "RML": ((-31.0, 14.0, -46.0), (-45.0, -6.0, -58.0), 3.6, 3.0),
    "RLL, superior": ((-31.0, 14.0, -46.0), (-38.0, 21.0, -60.0), 4.8, 4.4),
    "RLL": ((-38.0, 21.0, -60.0), (-48.0, 24.0, -78.0), 4.2, 3.5),
    "LUL": ((38.0, 14.0, -27.0), (53.0, 2.0, -25.0), 5.0, 4.3),
    "LUL, upper": ((53.0, 2.0, -25.0), (58.0, -4.0, -14.0), 3.8, 3.2),
    "LUL, lingula": ((53.0, 2.0, -25.0), (66.0, -14.0, -40.0), 3.3, 2.7),
    "LLL, superior": ((38.0, 14.0, -27.0), (46.0, 24.0, -46.0), 4.9, 4.4),
    "LLL": ((46.0, 24.0, -46.0), (55.0, 26.0, -66.0), 4.2, 3.5),
}

_PARENTS = {
    **dict.fromkeys(("RS1", "RS2", "RS3"), "RUL"),
    **dict.fromkeys(("RS4", "RS5"), "RML"),
    "RS6": "RLL, superior",
    **dict.fromkeys(("RS7", "RS8", "RS9", "RS10"), "RLL"),
    **dict.fromkeys(("LS1+2", "LS3"), "LUL, upper"),
    **dict.fromkeys(("LS4", "LS5"), "LUL, lingula"),
    "LS6": "LLL, superior",
    **dict.fromkeys(("LS7+8", "LS9", "LS10"), "LLL"),
}
"""The bronchus from whose end each segmental bronchus leaves."""

_SEGMENTAL_RADIUS = 2.5
_FINEST_RADIUS = 0.75


def lobar_bronchi() -> Branches:
    """The lumens of the lobar bronchi, with the intermediate bronchus on the right."""
    return drawn(tuple(_LOBAR.values()))


def segmental_bronchi(rng: np.random.Generator, points: Points, segments: Numbers) -> Branches:
    """The lumens of the segmental bronchi and what follows them, as far as a CT shows them.

    `points` (n, 3) are spread over the lungs, `segments` (n,) are their segments, counted from 0.
    """
    roots = tuple((*_LOBAR[_PARENTS[segment.key]][:2], _SEGMENTAL_RADIUS, _SEGMENTAL_RADIUS) for segment in SEGMENTS)
    tree = grow(rng, points, segments, roots)
    return tree.chosen(tree.start_radius > _FINEST_RADIUS)


def with_walls(lumens: Branches) -> Branches:
    """The outer surfaces of lumens: walls of 1.5 mm in the trachea and about a fifth of the width in small bronchi."""
    return Branches(
        lumens.start,
        lumens.stop,
        lumens.start_radius + np.minimum(np.float32(1.5), np.float32(0.2) + np.float32(0.22) * lumens.start_radius),
        lumens.stop_radius + np.minimum(np.float32(1.5), np.float32(0.2) + np.float32(0.22) * lumens.stop_radius),
    )

"""The airways: trachea, carina, main, lobar and segmental bronchi as drawn, and finer ones grown into the segments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from CovidQuantLib.synthetic_chest.space import Point
from CovidQuantLib.synthetic_chest.trees import Branches

# Name: start, stop, lumen radius at both ends (mm).
CENTRAL: dict[str, tuple[Point, Point, float, float]] = {
    "trachea, neck": ((0.0, -14.0, 150.0), (0.0, -8.0, 70.0), 8.5, 8.5),
    "trachea, chest": ((0.0, -8.0, 70.0), (1.0, 6.0, 2.0), 8.5, 8.5),
    "right main": ((1.0, 6.0, 0.0), (-21.0, 10.0, -17.0), 7.8, 7.0),
    "left main": ((1.0, 6.0, 0.0), (38.0, 14.0, -27.0), 7.0, 5.8),
}
"""What lies in the mediastinum, and belongs to no lung."""

LOBAR: dict[str, tuple[Point, Point, float, float]] = {
    "RUL": ((-21.0, 10.0, -15.0), (-40.0, 7.0, -8.0), 5.0, 4.4),
    "intermediate": ((-21.0, 10.0, -17.0), (-31.0, 14.0, -46.0), 5.8, 5.4),
    "RML": ((-31.0, 14.0, -46.0), (-45.0, -6.0, -58.0), 3.8, 3.4),
    "RLL, superior": ((-31.0, 14.0, -46.0), (-38.0, 21.0, -60.0), 5.0, 4.6),
    "RLL": ((-38.0, 21.0, -60.0), (-48.0, 24.0, -78.0), 4.4, 3.8),
    "LUL": ((38.0, 14.0, -27.0), (53.0, 2.0, -25.0), 5.0, 4.4),
    "LUL, upper": ((53.0, 2.0, -25.0), (58.0, -4.0, -14.0), 4.0, 3.6),
    "LUL, lingula": ((53.0, 2.0, -25.0), (66.0, -14.0, -40.0), 3.5, 3.0),
    "LLL, superior": ((38.0, 14.0, -27.0), (46.0, 24.0, -46.0), 5.0, 4.6),
    "LLL": ((46.0, 24.0, -46.0), (55.0, 26.0, -66.0), 4.4, 3.8),
}

SEGMENTAL_FROM: dict[str, str] = {
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

SEGMENTAL_RADIUS = 2.7


@dataclass(frozen=True)
class Airways:
    """The lumens: `central` (trachea and main bronchi), `lobar`, and `fine` (segmental and beyond)."""

    central: Branches
    lobar: Branches
    fine: Branches


def drawn(table: dict[str, tuple[Point, Point, float, float]]) -> Branches:
    """The branches of a table."""
    rows = list(table.values())
    return Branches(
        np.array([row[0] for row in rows], np.float32),
        np.array([row[1] for row in rows], np.float32),
        np.array([row[2] for row in rows], np.float32),
        np.array([row[3] for row in rows], np.float32),
    )


def walls(lumens: Branches) -> Branches:
    """The outer surfaces of lumens: walls of a fifth of the diameter in small bronchi, 1.6 mm at most."""
    return Branches(
        lumens.start,
        lumens.stop,
        lumens.start_radius + np.minimum(1.6, 0.25 + 0.3 * lumens.start_radius),
        lumens.stop_radius + np.minimum(1.6, 0.25 + 0.3 * lumens.stop_radius),
    )

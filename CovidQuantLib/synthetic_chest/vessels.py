"""The pulmonary vessels: trunks at the hilum as drawn, arteries that follow the bronchi, and veins between them."""

from __future__ import annotations

import numpy as np

from CovidQuantLib.anatomy import LOBES, SEGMENTS
from CovidQuantLib.synthetic_chest.trees import Branches, Numbers, Points, Table, drawn, grow

# Start, stop and radii of the trunks that lie in the mediastinum and in the hilum, outside the lungs.
HILUM: Table = (
    ((15.0, -28.0, -15.0), (-22.0, -6.0, -19.0), 10.5, 9.0),  # right pulmonary artery
    ((-22.0, -6.0, -19.0), (-33.0, 2.0, -30.0), 8.0, 7.8),
    ((15.0, -28.0, -15.0), (36.0, 2.0, -10.0), 11.0, 9.5),  # left pulmonary artery
    ((36.0, 2.0, -10.0), (46.0, 14.0, -14.0), 9.2, 8.6),
    ((-18.0, 0.0, -52.0), (-34.0, -10.0, -38.0), 7.5, 6.4),  # pulmonary veins, right superior and inferior
    ((-20.0, 10.0, -62.0), (-32.0, 16.0, -68.0), 7.2, 6.4),
    ((30.0, 0.0, -48.0), (43.0, -12.0, -37.0), 7.2, 6.2),  # left superior and inferior
    ((30.0, 10.0, -60.0), (40.0, 19.0, -67.0), 7.0, 6.2),
)

# Trunks in the lungs.
_TRUNKS: dict[str, tuple[tuple[float, float, float], tuple[float, float, float], float, float]] = {
    "right upper artery": ((-24.0, -5.0, -17.0), (-39.0, -2.0, -3.0), 5.6, 4.6),
    "right interlobar artery": ((-33.0, 2.0, -30.0), (-43.0, 12.0, -54.0), 7.6, 6.2),
    "right basal artery": ((-43.0, 12.0, -54.0), (-53.0, 18.0, -78.0), 5.8, 4.6),
    "middle artery": ((-38.0, 7.0, -42.0), (-51.0, -11.0, -56.0), 3.8, 3.2),
    "left upper artery": ((44.0, 8.0, -9.0), (57.0, -8.0, -4.0), 5.2, 4.2),
    "left interlobar artery": ((46.0, 14.0, -14.0), (56.0, 20.0, -38.0), 8.2, 6.6),
    "left basal artery": ((56.0, 20.0, -38.0), (61.0, 22.0, -64.0), 6.2, 4.8),
    "lingular artery": ((55.0, 14.0, -30.0), (69.0, -9.0, -41.0), 3.8, 3.0),
    "right upper vein": ((-34.0, -10.0, -38.0), (-44.0, -15.0, -14.0), 5.6, 4.6),
    "middle vein": ((-34.0, -10.0, -40.0), (-50.0, -20.0, -58.0), 4.2, 3.5),
    "right lower vein": ((-32.0, 16.0, -68.0), (-44.0, 28.0, -82.0), 6.2, 5.2),
    "left upper vein": ((43.0, -12.0, -37.0), (56.0, -19.0, -16.0), 6.0, 5.0),
    "left lower vein": ((40.0, 19.0, -67.0), (50.0, 29.0, -82.0), 6.0, 5.0),
}

_ARTERY_OF = {
    **dict.fromkeys(("RS1", "RS2", "RS3"), "right upper artery"),
    **dict.fromkeys(("RS4", "RS5"), "middle artery"),
    "RS6": "right interlobar artery",
    **dict.fromkeys(("RS7", "RS8", "RS9", "RS10"), "right basal artery"),
    **dict.fromkeys(("LS1+2", "LS3"), "left upper artery"),
    **dict.fromkeys(("LS4", "LS5"), "lingular artery"),
    "LS6": "left interlobar artery",
    **dict.fromkeys(("LS7+8", "LS9", "LS10"), "left basal artery"),
}
_VEIN_OF = {
    "RUL": "right upper vein",
    "RML": "middle vein",
    "RLL": "right lower vein",
    "LUL": "left upper vein",
    "LLL": "left lower vein",
}
_SEGMENTAL_RADIUS = 3.0
_BESIDE_BRONCHUS = (2.4, -2.6, 2.6)


def hilar_trunks() -> Branches:
    """The trunks between the heart and the lungs."""
    return drawn(HILUM)


def arteries(rng: np.random.Generator, points: Points, segments: Numbers) -> Branches:
    """The arteries in the lungs. With the generator and points that made the bronchi they run beside these."""
    roots = tuple((*_TRUNKS[_ARTERY_OF[segment.key]][:2], _SEGMENTAL_RADIUS, _SEGMENTAL_RADIUS) for segment in SEGMENTS)
    return grow(rng, points + np.array(_BESIDE_BRONCHUS, np.float32), segments, roots)


def veins(rng: np.random.Generator, points: Points, lobes: Numbers) -> Branches:
    """The veins in the lungs, one tree for each lobe (counted from 0)."""
    return grow(rng, points, lobes, tuple(_TRUNKS[_VEIN_OF[lobe.key]] for lobe in LOBES))


def lung_trunks() -> Branches:
    """The trunks of arteries and veins in the lungs."""
    return drawn(tuple(_TRUNKS.values()))

"""COVID-19 pneumonia painted into lungs without known pneumonia, with an exact mask: a start without annotation."""

from CovidQuantLib.training.synthetic_lesions.chest import Chest, chest_on_grid, geometry_on
from CovidQuantLib.training.synthetic_lesions.dense_lung import consolidate
from CovidQuantLib.training.synthetic_lesions.disturb import PATIENT, SCAN, disturb
from CovidQuantLib.training.synthetic_lesions.paint import (
    PAINTERS,
    Canvas,
    PaintedChest,
    PaintedLesion,
    canvas_of,
    paint_chest,
)
from CovidQuantLib.training.synthetic_lesions.plan import BURDENS, Burden, Kind

__all__ = [
    "BURDENS",
    "PAINTERS",
    "PATIENT",
    "SCAN",
    "Burden",
    "Canvas",
    "Chest",
    "Kind",
    "PaintedChest",
    "PaintedLesion",
    "canvas_of",
    "chest_on_grid",
    "consolidate",
    "disturb",
    "geometry_on",
    "paint_chest",
]

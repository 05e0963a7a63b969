"""Whole lungs on the coarse grid: vessels closed in, right and left apart, consolidations added."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CovidQuantLib.anatomy import LEFT_LUNG, RIGHT_LUNG
from CovidQuantLib.ct import LabelArray, MaskArray
from CovidQuantLib.progress import Progress
from CovidQuantLib.segmentation.airways import CoarseChest
from CovidQuantLib.segmentation.aorta import descending_aorta
from CovidQuantLib.segmentation.consolidation import add_consolidation
from CovidQuantLib.segmentation.lung_sides import split_sides
from CovidQuantLib.segmentation.morphology import Spacing, box_around, close, fill_slices
from CovidQuantLib.segmentation.organs import sure_organs
from CovidQuantLib.segmentation.pleura import find_cavity
from CovidQuantLib.segmentation.spine import find_spine

_VESSEL_MM = 6.0
_CHEST_WALL_MM = 30.0
_NOISE_MM = 1.6
_PORE_MM2 = 300.0


def whole_lungs(
    chest: CoarseChest, aerated: MaskArray, bronchi: MaskArray, gas: MaskArray, progress: Progress
) -> LabelArray:
    """Labels 1 (right) and 2 (left) on the coarse grid, from the `aerated` lungs.

    `bronchi` are trachea and main bronchi, `gas` is gas of the gut; neither becomes lung. Work is done in the box of
    the lungs and the ribs around them.
    """
    progress(0.0, "Telling right from left")
    spacing = chest.grid.spacing_kji
    box = box_around(aerated, _CHEST_WALL_MM, spacing)
    hu, body, bronchi = chest.hu[box], chest.body[box], bronchi[box]
    closed = close(aerated[box], _VESSEL_MM, spacing) & body & ~bronchi
    smooth = ndimage.gaussian_filter(hu, [_NOISE_MM / step for step in spacing])
    spine = find_spine(smooth, body, spacing)
    sides = split_sides(closed, hu, float(spine.columns.mean()), spacing)
    progress(0.3, "Filling the lungs to the ribs")
    tissue = body & ~closed & ~bronchi
    cavity = find_cavity(sides, smooth, tissue, spine, spacing)
    progress(0.6, "Filling the lungs to the ribs")
    trachea = np.zeros(hu.shape, bool) if chest.trachea is None else chest.trachea[box]
    aorta = descending_aorta(smooth, tissue, trachea, spine, spacing)
    organs = sure_organs(sides, cavity.depth_mm, aorta, gas[box], spine, spacing)
    progress(0.7, "Filling the lungs to the ribs")
    sides = add_consolidation(sides, cavity, organs, smooth, spine, spacing)
    labels = np.zeros(aerated.shape, np.uint8)
    labels[box] = _without_pores(sides, bronchi | gas[box], spacing)
    progress(1.0, "Filling the lungs to the ribs")
    return labels


def _without_pores(sides: LabelArray, barred: MaskArray, spacing_kji: Spacing) -> LabelArray:
    """`sides` with the small holes of their slices: vessels and small consolidations."""
    largest = int(_PORE_MM2 / (spacing_kji[1] * spacing_kji[2]))
    whole = sides.copy()
    for label in (RIGHT_LUNG.label, LEFT_LUNG.label):
        whole[fill_slices(sides == label, largest) & (sides == 0) & ~barred] = label
    return whole

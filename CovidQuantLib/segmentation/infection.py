"""The infection baseline: opacities of the lungs by threshold and rules, without learning.

It stays in the product as the yardstick that every network must beat. Opacity is taken as infection: atelectasis,
oedema, fibrosis, tumour and breathing motion are not told apart.
"""

from __future__ import annotations

import numpy as np

from CovidQuantLib.anatomy import LEFT_LUNG, RIGHT_LUNG
from CovidQuantLib.ct import CtVolume, LabelArray, MaskArray
from CovidQuantLib.ct.grid import WorkingGrid, bounding_box
from CovidQuantLib.progress import Progress, no_progress, part_of
from CovidQuantLib.segmentation.infection_classes import DEFAULT_SPLIT_HU, split_classes
from CovidQuantLib.segmentation.morphology import components, distance_outside
from CovidQuantLib.segmentation.opacities import CoarseLung, Opacities, find_opacities

__all__ = ["DEFAULT_SPLIT_HU", "threshold_infection", "without_specks"]

WORKING_MM = 1.5
"""Spacing of the grid on which opacities are found; their borders are drawn on the CT's own."""
SMALLEST_ML = 0.1
"""Smaller opacities are dropped: about a ball of 6 mm."""
_MARGIN_MM = 3.0
_LUMEN_SHARE = 0.25
_CLEAR_HU = 60.0  # Differences beyond this say inside or outside, not how far.


def threshold_infection(
    ct: CtVolume,
    lungs: LabelArray,
    airways: MaskArray,
    progress: Progress = no_progress,
    *,
    split_hu: float = DEFAULT_SPLIT_HU,
) -> LabelArray:
    """Infection of `ct` (uint8: 1 ground glass, 2 consolidation), all of it within `lungs`, on the CT's grid (k, j, i).

    `lungs` has anatomy's labels, `airways` is the lumen of trachea and bronchi. An opacity is denser than this
    patient's normal lung and no vessel, bronchial wall, fissure or rim (`opacities`); density above `split_hu` is
    consolidation (`infection_classes`). An opacity under `SMALLEST_ML` is dropped.
    """
    grid = WorkingGrid.over(ct.geometry, bounding_box(lungs, ct.geometry, _MARGIN_MM), WORKING_MM)
    lung = CoarseLung(
        hu=grid.reduce(ct.hu),
        right=grid.reduce_mask(lungs == RIGHT_LUNG.label),
        left=grid.reduce_mask(lungs == LEFT_LUNG.label),
        lumen=grid.share(airways) >= _LUMEN_SHARE,
        spacing_kji=grid.spacing_kji,
        patient_position=ct.scan.patient_position,
    )
    opacities = find_opacities(lung, part_of(progress, 0.1, 0.8))
    progress(0.8, "Drawing the borders of opacities")
    box = grid.box.slices
    found = (grid.expand(_border_field(lung, opacities)) > 0) & (lungs[box] > 0) & ~airways[box]
    infected = np.zeros(lungs.shape, bool)
    infected[box] = without_specks(found, ct.geometry.voxel_ml)
    progress(0.9, "Telling ground glass from consolidation")
    return split_classes(ct.hu, infected, ct.geometry, split_hu=split_hu)


def _border_field(lung: CoarseLung, opacities: Opacities) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """A field whose zero is the opacities' border: half way where density jumps over the threshold or a rule ends it.

    Outside the lungs it goes on as at the nearest place inside, so that the lungs' own border ends an opacity there.
    """
    inside, mask = lung.inside, opacities.mask
    to_mask, to_rest = (distance_outside(part, lung.spacing_kji) for part in (mask, inside & ~mask))
    clear = np.float32(_CLEAR_HU)
    by_density = np.clip(opacities.excess, -clear, clear)
    by_rule = np.where(~inside & (to_mask < to_rest), clear, np.where(opacities.excess > 0, -clear, by_density))
    return np.where(mask, by_density, by_rule)


def without_specks(mask: MaskArray, voxel_ml: float) -> MaskArray:
    """`mask` without its pieces under `SMALLEST_ML`; pieces are connected through faces."""
    parts, counts = components(mask)
    keep = counts * voxel_ml >= SMALLEST_ML
    keep[0] = False
    return np.asarray(keep[parts])

"""Infection told apart into ground glass and consolidation by density."""

from __future__ import annotations

import numpy as np

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS
from CovidQuantLib.ct import Geometry, HuArray, LabelArray, MaskArray
from CovidQuantLib.ct.grid import bounding_box
from CovidQuantLib.segmentation.structure_filters import smooth_inside

DEFAULT_SPLIT_HU = -200
"""Infection above this density is consolidation (Chaganti et al. 2020, the baseline of Wu et al., section III-C)."""
SPLIT_SMOOTHING_MM = 1.0


def split_classes(
    hu: HuArray,
    infection: MaskArray,
    geometry: Geometry,
    *,
    split_hu: float = DEFAULT_SPLIT_HU,
    smoothing_mm: float = SPLIT_SMOOTHING_MM,
) -> LabelArray:
    """Label map (uint8: 1 ground glass, 2 consolidation) of `infection` (bool); all on the CT's grid (k, j, i).

    A voxel is consolidation where its density is above `split_hu`. The density is averaged by a Gaussian of
    `smoothing_mm` over the infection alone: noise makes no specks, thin vessels in ground glass seldom count as
    consolidation, and air beside a lesion does not thin it. `smoothing_mm=0` takes each voxel by itself, as the papers
    do. Crazy paving and larger vessels still count as consolidation, and contrast or a sharp kernel makes more of it.
    """
    labels = np.zeros(infection.shape, np.uint8)
    if not infection.any():
        return labels
    box = bounding_box(infection, geometry).slices
    inside = infection[box]
    density = smooth_inside(hu[box], geometry.spacing_kji, smoothing_mm, inside) if smoothing_mm else hu[box]
    labels[box] = np.where(inside, np.where(density > split_hu, CONSOLIDATION.label, GROUND_GLASS.label), 0)
    return labels

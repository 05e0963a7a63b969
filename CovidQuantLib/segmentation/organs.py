"""Tissue inside the ribs that is surely no lung: where heart, aorta, gut and what lies below the diaphragm begin."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from CovidQuantLib.anatomy import LEFT_LUNG, RIGHT_LUNG
from CovidQuantLib.ct import LabelArray, MaskArray
from CovidQuantLib.segmentation.morphology import Spacing, dilate, erode
from CovidQuantLib.segmentation.spine import Spine

_HEART_DEPTH_MM = 15.0
_HEART_BESIDE_MM = 30.0
_HEART_BEFORE_MM = 35.0
_MIDDLE_BESIDE_MM = 12.0
_MIDDLE_BEFORE_MM = 6.0
_AORTA_INNER_MM = 2.0
_GUT_WALL_MM = 6.0
_DIAPHRAGM_DEPTH_MM = 12.0
_DIAPHRAGM_MM = 25.0
_BASE_WIDTH_MM = 14.0
_ABDOMEN_DEPTH_MM = 25.0
_BELOW_MM = 4.0
_ABOVE_MM = 30.0
_NO_LUNG = np.iinfo(np.int32).max


def sure_organs(
    sides: LabelArray,
    depth_mm: npt.NDArray[np.float32],
    aorta: MaskArray,
    gas: MaskArray,
    spine: Spine,
    spacing_kji: Spacing,
) -> MaskArray:
    """Marks in each organ around the lungs `sides` (axes k, j, i), well inside so that none touches lung.

    `depth_mm` is the distance to air, bone and chest wall; `gas` is gas of the gut.
    """
    beside = np.abs(spine.beside_mm(sides.shape[2], spacing_kji))[:, None, :]
    before = spine.before_mm(sides.shape[1], spacing_kji)[:, :, None]
    heart = (beside < _HEART_BESIDE_MM) & (before > _HEART_BEFORE_MM)
    middle = (beside < _MIDDLE_BESIDE_MM) & (before > _MIDDLE_BEFORE_MM)
    organs = (depth_mm >= _HEART_DEPTH_MM) & (heart | middle)
    organs |= erode(aorta, _AORTA_INNER_MM, spacing_kji) | dilate(gas, _GUT_WALL_MM, spacing_kji)
    below = np.arange(sides.shape[0])[:, None, None] < _base(sides, spine, spacing_kji)[None]
    organs |= below & (depth_mm >= _DIAPHRAGM_DEPTH_MM)
    slices = np.flatnonzero((sides > 0).any(axis=(1, 2)))
    lowest = max(0, int(slices[0]) - round(_BELOW_MM / spacing_kji[0]))
    organs[:lowest] |= depth_mm[:lowest] >= _ABDOMEN_DEPTH_MM
    organs[max(0, int(slices[-1]) - round(_ABOVE_MM / spacing_kji[0])) :] = True
    return np.asarray(organs)


def _base(sides: LabelArray, spine: Spine, spacing_kji: Spacing) -> npt.NDArray[np.int32]:
    """(row, column): the slice 25 mm under the lower of both lungs' bases, one of them mirrored at the spine.

    A consolidated base is not seen, but that of the other lung tells about where it must be. 0 where neither is.
    """
    lows = []
    for label in (RIGHT_LUNG.label, LEFT_LUNG.label):
        lung = sides == label
        lows.append(np.where(lung.any(axis=0), lung.argmax(axis=0), _NO_LUNG).astype(np.int32))
    own = np.minimum(*lows)
    columns = np.rint(2.0 * float(spine.columns.mean()) - np.arange(sides.shape[2])).astype(int)
    seen = (columns >= 0) & (columns < sides.shape[2])
    mirrored = np.where(seen, own[:, np.clip(columns, 0, sides.shape[2] - 1)], _NO_LUNG)
    widths = [max(1, round(_BASE_WIDTH_MM / step)) for step in spacing_kji[1:]]
    lowest = ndimage.minimum_filter(np.minimum(own, mirrored), widths)
    return np.where(lowest == _NO_LUNG, 0, lowest - round(_DIAPHRAGM_MM / spacing_kji[0])).astype(np.int32)

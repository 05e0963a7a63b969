"""Gas that is no lung: stomach, bowel, oesophagus and a pneumothorax are evenly dark and lie in tissue."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

from CovidQuantLib.ct import HuArray, MaskArray
from CovidQuantLib.segmentation.morphology import (
    Spacing,
    as_image,
    box_around,
    components,
    dilate,
    distance_outside,
    erode,
    open_,
)

_GAS_HU = -880
_AIR_HU = -600
_TISSUE_HU = -300
_CORE_MM = 4.0
_INNER_MM = 3.0
_SHELL_MM = (3.0, 7.0)
_SMALLEST_ML = 1.0
_LEAST_TISSUE = 0.6
_MOST_AIR = 0.25
_WIDEST_SPREAD_HU = 90.0
_MARGIN_MM = 10.0


def gas_outside_lungs(hu: HuArray, air: MaskArray, spacing_kji: Spacing) -> MaskArray:
    """The part of `air` (axes k, j, i; a coarse grid) that is gas in hollow organs or in the trachea.

    A core of gas has a narrow range of HU and a shell of tissue; lung has vessels in it and lung around it. Where a
    thin wall parts gas and lung, the border runs along the brightest voxels between them.
    """
    cores = np.zeros(air.shape, bool)
    labels, counts = components(open_(air & (hu < _GAS_HU), _CORE_MM, spacing_kji))
    for number in range(1, len(counts)):
        if counts[number] * float(np.prod(spacing_kji)) < _SMALLEST_ML * 1000.0:
            break
        piece = labels == number
        if _is_gas(hu, piece, spacing_kji):
            cores |= piece
    if not cores.any():
        return cores
    return _grown(hu, air, cores, spacing_kji)


def _is_gas(hu: HuArray, piece: MaskArray, spacing_kji: Spacing) -> bool:
    box = box_around(piece, _SHELL_MM[1], spacing_kji)
    piece, hu = piece[box], hu[box]
    inner = erode(piece, _INNER_MM, spacing_kji)
    low, high = np.percentile(hu[inner if inner.any() else piece], (5, 95))
    distance = distance_outside(piece, spacing_kji)
    shell = hu[(distance > _SHELL_MM[0]) & (distance < _SHELL_MM[1])]
    if not shell.size or high - low > _WIDEST_SPREAD_HU:
        return False
    return bool(np.mean(shell > _TISSUE_HU) > _LEAST_TISSUE and np.mean(shell < _AIR_HU) < _MOST_AIR)


def _grown(hu: HuArray, air: MaskArray, cores: MaskArray, spacing_kji: Spacing) -> MaskArray:
    """The cores and the air that belongs to them rather than to the rest, by a watershed of HU."""
    box = box_around(cores, _MARGIN_MM, spacing_kji)
    near = dilate(cores[box], _MARGIN_MM / 2.0, spacing_kji)
    markers = cores[box].astype(np.uint8) + 2 * (air[box] & ~near).astype(np.uint8) + 3 * (~air[box]).astype(np.uint8)
    flooded = sitk.MorphologicalWatershedFromMarkers(
        sitk.GetImageFromArray(hu[box]), as_image(markers, (1.0, 1.0, 1.0)), markWatershedLine=False
    )
    gas = np.zeros(air.shape, bool)
    gas[box] = (sitk.GetArrayViewFromImage(flooded) == 1) & air[box]
    return gas

"""How surely a voxel is the lumen of an airway: darker than the parenchyma around it, and between walls.

Walls by a grey-level closing, as Aykac et al. 2003 ("Segmentation and analysis of the human airway tree from
three-dimensional X-ray CT images") find small airways; thresholds are percentiles of what the lungs of this very scan
show, so that noise and kernel set them, not a constant.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from CovidQuantLib.ct import HuArray, MaskArray
from CovidQuantLib.segmentation.morphology import Spacing

_LUMEN_MM = 9.0
_WALL_HU = 300
_DARKNESS_WEIGHT = 3
_LIGHTEST_LUMEN_HU = -600
_PERCENTILES = (98.5, 99.2, 99.6, 99.8, 99.95)
_SMOOTH_MM = 1.5
_SURROUNDINGS_MM = 12.0
SUREST = 5
"""The highest level; levels run from 1."""


def lumen_levels(
    hu: HuArray, parenchyma: MaskArray, surroundings: HuArray, spacing_kji: Spacing
) -> npt.NDArray[np.uint8]:
    """0 (no lumen) to 5 (surely) for each voxel of `hu` (axes k, j, i).

    `parenchyma` marks voxels that are plain lung, `surroundings` the HU of the lung around each voxel.
    """
    smooth = _smoothed(hu, spacing_kji)
    sides = [round(_LUMEN_MM / step) | 1 for step in spacing_kji[1:]]
    evidence = _closed_in_plane(smooth, (sides[0], sides[1]))
    evidence -= smooth
    np.minimum(evidence, _WALL_HU, out=evidence)
    evidence += _DARKNESS_WEIGHT * (surroundings - smooth)
    evidence[smooth >= _LIGHTEST_LUMEN_HU] = np.iinfo(np.int16).min
    samples = evidence[parenchyma]
    if not samples.size:
        return np.zeros(hu.shape, np.uint8)
    limits = np.percentile(samples[:: 1 + samples.size // 1_000_000], _PERCENTILES)
    levels = np.zeros(hu.shape, np.uint8)
    for limit in limits:
        levels += evidence > limit
    return levels


def surrounding_hu(hu: HuArray, parenchyma: MaskArray, spacing_kji: Spacing) -> HuArray:
    """The mean HU of the parenchyma around each voxel of a coarse grid (Gaussian of 12 mm)."""
    sigma = [_SURROUNDINGS_MM / step for step in spacing_kji]
    weight = ndimage.gaussian_filter(parenchyma.astype(np.float32), sigma, truncate=2.0)
    total = ndimage.gaussian_filter(np.where(parenchyma, hu, 0).astype(np.float32), sigma, truncate=2.0)
    everywhere = float(hu[parenchyma].mean()) if parenchyma.any() else float(hu.min())
    return np.where(weight > 0.01, total / np.maximum(weight, 0.01), everywhere).astype(np.int16)


def _smoothed(hu: HuArray, spacing_kji: Spacing) -> HuArray:
    """Weights 1, 2, 1 along each axis that is finer than 1.5 mm."""
    smooth = hu.copy()
    for axis, step in enumerate(spacing_kji):
        if step < _SMOOTH_MM and smooth.shape[axis] > 2:
            values = np.moveaxis(smooth, axis, 0)
            values[1:-1] = (values[:-2] + 2 * values[1:-1] + values[2:]) // 4
    return smooth


def _closed_in_plane(hu: HuArray, sides: tuple[int, int]) -> HuArray:
    """Grey-level closing of each slice by a rectangle of `sides` voxels (odd)."""
    closed = hu
    for axis, side in zip((1, 2), sides, strict=True):
        closed = _extreme(closed, axis, side, np.maximum)
    for axis, side in zip((1, 2), sides, strict=True):
        closed = _extreme(closed, axis, side, np.minimum)
    return closed


def _extreme(values: HuArray, axis: int, side: int, choose: np.ufunc) -> HuArray:
    """Maximum or minimum over a window of `side` voxels, by windows that double: its cost grows with log(side)."""
    half = side // 2
    padding = [(half, half) if other == axis else (0, 0) for other in range(values.ndim)]
    run = np.moveaxis(np.pad(values, padding, mode="edge"), axis, 0)
    width = 1
    while 2 * width <= side:
        run = choose(run[:-width], run[width:])
        width *= 2
    rest = side - width
    if rest:
        run = choose(run[:-rest], run[rest:])
    return np.ascontiguousarray(np.moveaxis(run, 0, axis))

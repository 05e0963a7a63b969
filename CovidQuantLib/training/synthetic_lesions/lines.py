"""Septal lines: the walls between secondary lobules, as crazy paving shows them."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from CovidQuantLib.ct import MaskArray
from CovidQuantLib.training.synthetic_lesions.chest import Field

_HALF_WIDTH_MM = 0.7
_BLUR_MM = 0.5


def septal_lines(
    rng: np.random.Generator, where: MaskArray, spacing_kji: tuple[float, float, float], *, pitch_mm: float
) -> Field:
    """Lines (0 to 1; k, j, i) between lobules of about `pitch_mm`: borders of Voronoi cells of scattered points."""
    lines = np.zeros(where.shape, np.float32)
    index = np.argwhere(where)
    spacing = np.asarray(spacing_kji)
    points = lobule_centres(rng, where.shape, spacing_kji, pitch_mm)
    if len(index) and len(points) > 1:
        distance, _ = cKDTree(points).query(index * spacing, k=2)
        lines[where] = np.exp(-(((distance[:, 1] - distance[:, 0]) / (2.0 * _HALF_WIDTH_MM)) ** 2))
        # Lobules are seldom all thickened.
        lines *= np.clip(0.6 + 0.5 * rng.standard_normal(), 0.5, 1.0)
    return np.asarray(ndimage.gaussian_filter(lines, [_BLUR_MM / step for step in spacing_kji]), np.float32)


def lobule_centres(
    rng: np.random.Generator, shape: tuple[int, ...], spacing_kji: tuple[float, float, float], pitch_mm: float
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Points (n, 3) in mm along k, j, i over a box of `shape`, one scattered in each cube of `pitch_mm`."""
    sides = (size * step for size, step in zip(shape, spacing_kji, strict=True))
    axes = [np.arange(-pitch_mm, side + pitch_mm, pitch_mm) for side in sides]
    corners = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    return np.asarray(corners + rng.uniform(0.0, pitch_mm, corners.shape))

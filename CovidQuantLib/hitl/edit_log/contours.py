"""Contours of a mask in one slice, and how much of them had to be drawn."""

from __future__ import annotations

import numpy as np
from scipy.spatial import KDTree

from CovidQuantLib.ct import MaskArray


def contour(mask: MaskArray) -> MaskArray:
    """The contour pixels of `mask` (rows, columns): pixels of it that share an edge with a pixel outside of it.

    Outside of the image is outside of the mask. Holes have contours too.
    """
    padded = np.pad(mask, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return np.asarray(mask & ~inner)


def pixels_beyond(mask: MaskArray, other: MaskArray, spacing: tuple[float, float], tolerance_mm: float) -> int:
    """How many pixels of `mask` lie farther than `tolerance_mm` from every pixel of `other` (0: are not in it).

    `spacing` is that of rows and columns in mm; distances are between the centres of pixels.
    """
    outside = np.argwhere(mask & ~other)
    if tolerance_mm <= 0 or not outside.size or not other.any():
        return len(outside)
    # The pixel of a mask that is nearest to a place outside of it lies on its contour.
    tree = KDTree(np.argwhere(contour(other)) * spacing)
    distances, _ = tree.query(outside * np.asarray(spacing), distance_upper_bound=2 * tolerance_mm)
    return int(np.count_nonzero(distances > tolerance_mm))


def added_path(start: MaskArray, result: MaskArray, spacing: tuple[float, float], tolerance_mm: float) -> int:
    """The contour pixels of `result` that no contour pixel of `start` stands for, within `tolerance_mm`."""
    return pixels_beyond(contour(result), contour(start), spacing, tolerance_mm)

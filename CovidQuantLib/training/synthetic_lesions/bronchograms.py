"""Air bronchograms: branching tubes of air that stay open in consolidated lung."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CovidQuantLib.ct import MaskArray
from CovidQuantLib.training.synthetic_lesions.chest import Field

_RADII_MM = (0.7, 1.4)
_STEP_MM = 0.7
_BLUR_MM = 0.5


def draw(rng: np.random.Generator, where: MaskArray, spacing_kji: tuple[float, float, float]) -> Field:
    """The share (0 to 1; k, j, i) of air in bronchi through `where`: some crooked tubes that taper and part once."""
    air = np.zeros(where.shape, np.float32)
    candidates = np.argwhere(where)
    if len(candidates) < 50:
        return air
    spacing = np.asarray(spacing_kji)
    centre = candidates.mean(axis=0) * spacing
    reach = float(np.linalg.norm(candidates.std(axis=0) * spacing))
    main = rng.normal(size=3)
    main /= np.linalg.norm(main)
    for _ in range(int(rng.integers(2, 6))):
        start = centre - main * reach + rng.normal(0.0, 0.35 * reach, 3)
        _tube(rng, air, where, spacing, start, main, length_mm=2.0 * reach)
    blurred = ndimage.gaussian_filter(air, [_BLUR_MM / step for step in spacing_kji])
    return np.asarray(np.clip(blurred, 0.0, 1.0), np.float32)


def _tube(
    rng: np.random.Generator,
    air: Field,
    where: MaskArray,
    spacing: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    start: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    direction: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    *,
    length_mm: float,
) -> None:
    """Write one tube into `air`, from `start` (mm) on; only inside `where`."""
    at, heading = start.copy(), direction + rng.normal(0.0, 0.4, 3)
    first = float(rng.uniform(*_RADII_MM))
    steps = int(length_mm / _STEP_MM)
    for step in range(steps):
        heading = heading + rng.normal(0.0, 0.12, 3)
        heading /= np.linalg.norm(heading)
        at = at + heading * _STEP_MM
        _ball(air, where, spacing, at, first * (1.0 - 0.6 * step / steps))


def _ball(
    air: Field,
    where: MaskArray,
    spacing: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    at: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    radius: float,
) -> None:
    low = np.floor((at - radius) / spacing).astype(int)
    high = np.ceil((at + radius) / spacing).astype(int) + 1
    if (low < 0).any() or (high > where.shape).any():
        return
    box = tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    axes = [(np.arange(a, b) * step - mm) ** 2 for a, b, step, mm in zip(low, high, spacing, at, strict=True)]
    away = np.sqrt(axes[0][:, None, None] + axes[1][None, :, None] + axes[2][None, None, :])
    # Partial volume: a tube thinner than a voxel fills a part of it.
    share = np.clip((radius - away) / float(spacing.mean()) + 0.5, 0.0, 1.0) * where[box]
    np.maximum(air[box], share, out=air[box])

"""Random fields: the noise of a scanner, and smooth textures of tissue."""

from __future__ import annotations

import numpy as np
from scipy import fft, ndimage
from scipy.interpolate import CubicSpline

from CovidQuantLib.synthetic_chest.space import Field

_CUT_PER_MM = 0.45
_ACROSS_MM = 0.8


def ct_noise(rng: np.random.Generator, shape: tuple[int, int, int], spacing_kji: tuple[float, ...], sd: float) -> Field:
    """Noise in HU with mean 0 and standard deviation `sd`, axes (k, j, i).

    In a slice its power is that of a ramp under a soft apodisation, as filtered back projection with a standard kernel
    makes it; adjoining slices share some.
    """
    if sd == 0.0:
        return np.zeros(shape, np.float32)
    noise = rng.standard_normal(shape, dtype=np.float32)
    fy = np.fft.fftfreq(shape[1], spacing_kji[1])[:, None]
    fx = np.fft.rfftfreq(shape[2], spacing_kji[2])[None, :]
    radius = np.hypot(fy, fx)
    gain = np.sqrt(radius + 0.02) * np.exp(-((radius / _CUT_PER_MM) ** 2))
    spectrum = fft.rfft2(noise, axes=(1, 2))
    spectrum *= gain.astype(np.float32)
    noise = fft.irfft2(spectrum, s=shape[1:], axes=(1, 2), overwrite_x=True)
    noise = ndimage.gaussian_filter1d(noise, _ACROSS_MM / spacing_kji[0], axis=0, mode="wrap")
    return np.asarray(noise * (sd / noise.std()), np.float32)


def texture(rng: np.random.Generator, shape: tuple[int, int, int], sigma: tuple[float, ...]) -> Field:
    """A smooth random field with standard deviation 1; `sigma` is its smoothness in voxels along k, j, i.

    White noise on a coarse grid of that pitch, brought to the voxels by cubic splines, one axis after the other.
    """
    rows = []
    for size, smooth in zip(shape, sigma, strict=True):
        pitch = max(1.0, 2.0 * smooth)
        count = int(np.ceil(size / pitch)) + 4
        spline = CubicSpline(np.arange(count), np.eye(count))
        rows.append(np.asarray(spline(1.5 + np.arange(size) / pitch), np.float32))
    seeds = rng.standard_normal([row.shape[1] for row in rows], dtype=np.float32)
    field = np.tensordot(rows[0], seeds, axes=(1, 0))
    field = np.matmul(rows[1], field)
    field = np.matmul(field, rows[2].T)
    return np.asarray(field / max(1e-6, float(field.std())), np.float32)

"""Noise as filtered back projection makes it: a rising, then falling spectrum in a slice, nearly white across."""

from __future__ import annotations

import numpy as np
from scipy import fft, ndimage

from CovidQuantLib.synthetic_chest.space import Field

_CUT_PER_MM = 0.45
_ACROSS_MM = 0.8


def ct_noise(rng: np.random.Generator, shape: tuple[int, int, int], spacing_kji: tuple[float, ...], sd: float) -> Field:
    """Noise in HU with mean 0 and standard deviation `sd`, axes (k, j, i).

    In a slice its power is that of a ramp under a soft apodisation (a standard kernel); adjoining slices share some.
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
    """A smooth random field with standard deviation 1; `sigma` in voxels along k, j, i, its smoothness."""
    coarse = tuple(max(4, int(np.ceil(size / max(1.0, s))) + 3) for size, s in zip(shape, sigma, strict=True))
    seeds = rng.standard_normal(coarse, dtype=np.float32)
    zoom = [(c - 1) / (size - 1) for c, size in zip(coarse, shape, strict=True)]
    field = ndimage.affine_transform(seeds, zoom, output_shape=shape, order=2, mode="nearest")
    return np.asarray(field / max(1e-6, float(field.std())), np.float32)

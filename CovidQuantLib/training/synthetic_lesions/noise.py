"""The scan's own noise: how strong and how correlated it is, and more of the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from CovidQuantLib.ct import HuArray, MaskArray
from CovidQuantLib.training.synthetic_lesions.chest import Chest, Field

_TISSUE_HU = (-60.0, 180.0)
_WINDOW = 7
_SLICES = 16
_LEAST_VOXELS = 500
_USUAL_SD, _USUAL_CORRELATION = 20.0, 0.5
_MAD_TO_SD = 1.4826
_MOST_SIGMA = 2.0


@dataclass(frozen=True)
class ScanNoise:
    """Noise of a CT: `sd` in HU, and the widths `sigma` (voxels along k, j, i) of a Gaussian that correlates it so."""

    sd: float
    sigma: tuple[float, float, float]

    def draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> Field:
        """Noise of standard deviation 1 with this correlation."""
        noise = rng.standard_normal(shape, dtype=np.float32)
        gain = 1.0
        for axis, sigma in enumerate(self.sigma):
            if sigma > 0.1:
                noise = ndimage.gaussian_filter1d(noise, sigma, axis=axis, mode="wrap", truncate=3.0)
                gain *= _white_gain(sigma)
        return np.asarray(noise / gain, np.float32)


def scan_noise(chest: Chest) -> ScanNoise:
    """The noise in soft tissue beside the lungs, where nothing else is seen (a usual noise where there is none).

    Strength from the median absolute deviation about a local mean, correlation from neighbours along each axis.
    """
    k = np.linspace(0, chest.hu.shape[0] - 2, min(_SLICES, chest.hu.shape[0] - 1)).astype(np.int64)
    here, next_ = (_residual(chest.hu[index]) for index in (k, k + 1))
    tissue = _even_tissue(chest.hu[k])
    values = here[tissue]
    if values.size < _LEAST_VOXELS:
        sigma = _sigma_of(_USUAL_CORRELATION)
        return ScanNoise(_USUAL_SD, (sigma, sigma, sigma))
    correlations = (
        _correlation(values, next_[tissue]),
        _correlation(here[:, :-1][tissue[:, :-1]], here[:, 1:][tissue[:, :-1]]),
        _correlation(here[:, :, :-1][tissue[:, :, :-1]], here[:, :, 1:][tissue[:, :, :-1]]),
    )
    sd = _MAD_TO_SD * float(np.median(np.abs(values - np.median(values))))
    return ScanNoise(sd, (_sigma_of(correlations[0]), _sigma_of(correlations[1]), _sigma_of(correlations[2])))


def _residual(hu: HuArray) -> Field:
    values = hu.astype(np.float32)
    return np.asarray(values - ndimage.uniform_filter(values, (1, _WINDOW, _WINDOW)), np.float32)


def _even_tissue(hu: HuArray) -> MaskArray:
    low, high = _TISSUE_HU
    smooth = ndimage.uniform_filter(hu.astype(np.float32), (1, 3, 3))
    tissue = (smooth > low) & (smooth < high)
    return np.asarray(ndimage.minimum_filter(tissue, (1, _WINDOW + 2, _WINDOW + 2)))


def _correlation(one: Field, other: Field) -> float:
    if one.size < _LEAST_VOXELS:
        return _USUAL_CORRELATION
    limit = 4.0 * _MAD_TO_SD * float(np.median(np.abs(one))) + 1.0
    one, other = np.clip(one, -limit, limit), np.clip(other, -limit, limit)
    return float(np.mean(one * other) / max(1e-6, float(np.sqrt(np.mean(one**2) * np.mean(other**2)))))


def _sigma_of(correlation: float) -> float:
    """The Gaussian that gives white noise this correlation between neighbours: exp(-1 / (4 sigma^2))."""
    if correlation <= 0.02:
        return 0.0
    return min(_MOST_SIGMA, float(np.sqrt(-1.0 / (4.0 * np.log(min(correlation, 0.98))))))


def _white_gain(sigma: float) -> float:
    """What a Gaussian filter leaves of the standard deviation of white noise."""
    reach = int(3.0 * sigma + 0.5)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return float(np.sqrt(np.sum((weights / weights.sum()) ** 2)))

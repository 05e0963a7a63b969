"""Bright tubes (vessels) and bright thin plates (fissures) in a CT, from the eigenvalues of its Hessian.

The HU are smoothed inside a mask by normalised convolution, so that the chest wall and the mediastinum beside the mask
are no structure; second derivatives are finite differences of that, computed on masked voxels only. All derivatives are
multiplied by the square of the scale, and thus are in HU: a plate or tube of the same contrast answers alike in any
scale that fits it.
Sources: tubes after Frangi et al. 1998 (MICCAI), plates after Wiemker et al. 2005 (International Congress Series 1281)
with the contrast term of Frangi.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from CovidQuantLib.ct import MaskArray

FloatArray = npt.NDArray[np.float32]

TUBE_CONTRAST_HU = 60.0
"""Norm of the normalised Hessian, in HU, at which the contrast term of a tube reaches 1 - e^-0.5 = 0.39."""
PLATE_CONTRAST_HU = 15.0
"""The same for a plate and its largest eigenvalue: a fissure is thinner than a voxel, and faint."""
_LOWEST_HU, _HIGHEST_HU = -1000.0, 200.0
_LEAST_SIGMA_VOXELS = 0.5  # Under this the recursive Gaussian is no Gaussian any more.
_CHUNK = 1 << 19
_FRANGI_ALPHA = _FRANGI_BETA = 0.5


@dataclass(frozen=True)
class PlateMeasure:
    """Plates of one CT: `strength` float32 (k, j, i) from 0 to 1, 0 outside the mask.

    `normal` is float32 (k, j, i, 3), a unit vector in mm along (k, j, i) across the plate, of either sign; 0 where
    there is no plate.
    """

    strength: FloatArray
    normal: FloatArray


def tube_measure(
    hu: npt.NDArray[np.generic],
    spacing_kji: tuple[float, float, float],
    scales_mm: Sequence[float],
    mask: MaskArray,
    *,
    contrast_hu: float = TUBE_CONTRAST_HU,
) -> FloatArray:
    """How much each voxel of `mask` looks like the inside of a bright tube: float32 (k, j, i), 0 to 1, 0 elsewhere.

    `scales_mm` are standard deviations of the Gaussian; a tube of radius r answers best at a scale of about r / 1.4.
    The largest answer over the scales is kept.
    """
    strength = np.zeros(hu.shape, np.float32)
    flat = strength.reshape(-1)
    for scale in scales_mm:
        for where, hessian in _hessians(hu, spacing_kji, scale, mask):
            small, middle, large = _eigenvalues(hessian)
            answer = _tubeness(small, middle, large, contrast_hu)
            flat[where] = np.maximum(flat[where], answer)
    return strength


def plate_measure(
    hu: npt.NDArray[np.generic],
    spacing_kji: tuple[float, float, float],
    scales_mm: Sequence[float],
    mask: MaskArray,
    *,
    contrast_hu: float = PLATE_CONTRAST_HU,
) -> PlateMeasure:
    """How much each voxel of `mask` looks like the inside of a bright thin plate, and which way the plate faces.

    `scales_mm` are standard deviations of the Gaussian; the answer and normal of the best scale are kept.
    """
    strength = np.zeros(hu.shape, np.float32)
    normal = np.zeros((*hu.shape, 3), np.float32)
    flat, flat_normal = strength.reshape(-1), normal.reshape(-1, 3)
    for scale in scales_mm:
        for where, hessian in _hessians(hu, spacing_kji, scale, mask):
            _, middle, large = _eigenvalues(hessian)
            answer = _plateness(middle, large, contrast_hu)
            better = answer > flat[where]
            flat[where[better]] = answer[better]
            flat_normal[where[better]] = _eigenvector([part[better] for part in hessian], large[better])
    return PlateMeasure(strength, normal)


def smooth_inside(
    hu: npt.NDArray[np.generic], spacing_kji: tuple[float, float, float], scale_mm: float, mask: MaskArray
) -> FloatArray:
    """`hu`, clipped to lung and soft tissue, averaged by a Gaussian over the voxels of `mask` alone (float32, HU)."""
    sigma = [max(scale_mm / spacing, _LEAST_SIGMA_VOXELS) for spacing in spacing_kji[::-1]]
    inside = mask.astype(np.float32)
    above_lowest = (np.clip(hu, _LOWEST_HU, _HIGHEST_HU).astype(np.float32) - np.float32(_LOWEST_HU)) * inside
    weight = _gaussian(inside, sigma)
    smooth = _gaussian(above_lowest, sigma)
    np.divide(smooth, weight, out=smooth, where=weight > 1e-3)
    smooth += np.float32(_LOWEST_HU)
    return smooth


def _gaussian(values: FloatArray, sigma_voxels_ijk: Sequence[float]) -> FloatArray:
    # The recursive filter needs four voxels along each axis.
    missing = [max(0, 4 - size) for size in values.shape]
    wide = np.pad(values, [(0, width) for width in missing], mode="edge") if any(missing) else values
    smooth = sitk.GetArrayFromImage(
        sitk.SmoothingRecursiveGaussian(sitk.GetImageFromArray(wide), list(sigma_voxels_ijk))
    )
    return np.ascontiguousarray(smooth[tuple(slice(size) for size in values.shape)])


def _hessians(
    hu: npt.NDArray[np.generic], spacing_kji: tuple[float, float, float], scale_mm: float, mask: MaskArray
) -> Iterator[tuple[npt.NDArray[np.int64], list[FloatArray]]]:
    """Flat indices of bright masked voxels, in pieces, with their Hessians (kk, jj, ii, kj, ki, ji) in HU."""
    smooth = smooth_inside(hu, spacing_kji, scale_mm, mask)
    values = smooth.reshape(-1)
    strides = (smooth.shape[1] * smooth.shape[2], smooth.shape[2], 1)
    inner = np.zeros(mask.shape, bool)
    core = (slice(1, -1),) * 3
    inner[core] = mask[core]
    voxels = np.flatnonzero(inner)
    for start in range(0, voxels.size, _CHUNK):
        where = voxels[start : start + _CHUNK]
        centre = 2.0 * values[where]
        pure = [
            (values[where + step] + values[where - step] - centre) * np.float32((scale_mm / spacing) ** 2)
            for step, spacing in zip(strides, spacing_kji, strict=True)
        ]
        bright = pure[0] + pure[1] + pure[2] < 0
        where = where[bright]
        mixed = [
            _mixed(values, where, strides[a], strides[b]) * np.float32(scale_mm**2 / spacing_kji[a] / spacing_kji[b])
            for a, b in ((0, 1), (0, 2), (1, 2))
        ]
        yield where, [part[bright] for part in pure] + mixed


def _mixed(values: FloatArray, where: npt.NDArray[np.int64], one: int, other: int) -> FloatArray:
    """Mixed second differences of `values` at `where` along two strides."""
    same = values[where + one + other] + values[where - one - other]
    return np.asarray((same - values[where + one - other] - values[where - one + other]) * np.float32(0.25))


def _eigenvalues(hessian: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Eigenvalues of symmetric 3 x 3 matrices, by rising magnitude (closed form of Smith 1961, CACM 4(4))."""
    aa, bb, cc, ab, ac, bc = hessian
    mean = (aa + bb + cc) / 3.0
    da, db, dc = aa - mean, bb - mean, cc - mean
    spread = np.sqrt((da * da + db * db + dc * dc + 2.0 * (ab * ab + ac * ac + bc * bc)) / 6.0) + np.float32(1e-6)
    determinant = da * (db * dc - bc * bc) - ab * (ab * dc - bc * ac) + ac * (ab * bc - db * ac)
    angle = np.arccos(np.clip(determinant / (2.0 * spread**3), -1.0, 1.0)) / 3.0
    high = mean + 2.0 * spread * np.cos(angle)
    low = mean + 2.0 * spread * np.cos(angle + np.float32(2.0 * np.pi / 3.0))
    middle = 3.0 * mean - high - low
    # low <= middle <= high, so the largest magnitude is at an end.
    low_is_largest = -low >= high
    large = np.where(low_is_largest, low, high)
    other = np.where(low_is_largest, high, low)
    swap = np.abs(other) < np.abs(middle)
    return np.where(swap, other, middle), np.where(swap, middle, other), large


def _eigenvector(hessian: Sequence[FloatArray], eigenvalue: FloatArray) -> FloatArray:
    """Unit eigenvectors (n, 3) of symmetric matrices: the longest cross product of two rows of A - lambda."""
    aa, bb, cc, ab, ac, bc = hessian
    rows = (
        np.stack([aa - eigenvalue, ab, ac], axis=-1),
        np.stack([ab, bb - eigenvalue, bc], axis=-1),
        np.stack([ac, bc, cc - eigenvalue], axis=-1),
    )
    best = np.cross(rows[0], rows[1])
    longest = (best * best).sum(axis=-1)
    for one, other in ((0, 2), (1, 2)):
        vector = np.cross(rows[one], rows[other])
        length = (vector * vector).sum(axis=-1)
        better = length > longest
        best[better], longest[better] = vector[better], length[better]
    return np.asarray(best / np.maximum(np.sqrt(longest), np.float32(1e-12))[:, None], dtype=np.float32)


def _tubeness(small: FloatArray, middle: FloatArray, large: FloatArray, contrast_hu: float) -> FloatArray:
    flatness = (middle / np.minimum(large, -1e-6)) ** 2 / (2.0 * _FRANGI_ALPHA**2)
    blobness = small**2 / np.maximum(np.abs(middle * large), 1e-6) / (2.0 * _FRANGI_BETA**2)
    contrast = (small**2 + middle**2 + large**2) / (2.0 * contrast_hu**2)
    answer = (1.0 - np.exp(-flatness)) * np.exp(-blobness) * (1.0 - np.exp(-contrast))
    return np.asarray(np.where((large < 0) & (middle < 0), answer, 0.0), dtype=np.float32)


def _plateness(middle: FloatArray, large: FloatArray, contrast_hu: float) -> FloatArray:
    depth, other = np.abs(large), np.abs(middle)
    flat = (depth - other) / (depth + other + np.float32(1e-6))
    contrast = 1.0 - np.exp(-(large**2) / (2.0 * contrast_hu**2))
    return np.asarray(np.where(large < 0, flat * contrast, 0.0), dtype=np.float32)

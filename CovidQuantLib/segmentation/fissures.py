"""Fissures of a lung: where thin bright sheets run, and the smooth surface through them.

A fissure is thinner than a voxel and hardly brighter than the noise, but wide. So the evidence for a fissure at a point
is the mean of a ridge measure over a patch of some 2 cm that may tilt, on columns that stand on the expected surface.
The ridge measure is the smaller of the two steps down to the neighbours at either side: a border between healthy and
opaque lung is no ridge. It is clipped, and vessels are left out, so that one bright spot is no sheet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk
from scipy import ndimage

from CovidQuantLib.ct import MaskArray
from CovidQuantLib.segmentation.fissure_frame import FissureFrame, FloatArray
from CovidQuantLib.segmentation.morphology import Spacing, components
from CovidQuantLib.segmentation.surface_fit import semi_global_heights, smooth_heights

_LOWEST_HU = -1000.0
_FISSURE_MM = 2.0
_SMOOTHING_MM = 0.6
_LEAST_NOISE_HU = 8.0
_ROUGHNESS_MM = 12.0
_LEAST_OVERLAP = 0.5
_VESSEL_ZONE_MM = 4.0
_WEAK = 0.15
_SLICES_MM = (3.5, 5.0)
_SMALLEST_PATCH_MM2 = 200.0


@dataclass(frozen=True)
class LungImage:
    """One lung on a working grid: `hu` float32 (the lung's mean outside of it), `inside`, `vessels` 0 to 1.

    `plain` marks where a fissure can be looked for: away from vessels and from the lung's border.
    """

    hu: FloatArray
    inside: MaskArray
    plain: MaskArray
    vessels: FloatArray
    spacing_kji: Spacing


@dataclass(frozen=True)
class Look:
    """How closely the image is searched for a fissure around an expected surface.

    Columns are searched `band_mm` over and under the surface in steps of `offset_mm`. HU are smoothed along the sheet
    by `smoothing_mm`. A patch reaches `reach_mm` to each side of its middle and may tilt up to `steepest` against the
    surface, in steps of `tilt_step`. Evidence rises from none to full between the two values of `ridge`, the patch's
    mean ridge in units of the noise around it, and of `surprise`, its standard deviations over the usual; the lesser
    counts. In lungs whose fissures were taken away, 97 % and 99.7 % of all places have a surprise under 3 and 5.
    """

    step_mm: float
    band_mm: float
    offset_mm: float
    smoothing_mm: float
    reach_mm: float
    steepest: float
    tilt_step: float
    ridge: tuple[float, float]
    surprise: tuple[float, float]


WIDE = Look(3.0, 60.0, 1.0, 0.0, 9.0, 0.8, 0.2, ridge=(0.05, 0.35), surprise=(2.5, 5.5))
NEAR = Look(3.0, 20.0, 1.0, 1.5, 9.0, 0.6, 0.15, ridge=(0.1, 0.45), surprise=(2.0, 4.5))
CLOSE = Look(2.0, 12.0, 0.5, 2.5, 10.0, 0.3, 0.15, ridge=(0.2, 0.6), surprise=(2.0, 4.0))


@dataclass(frozen=True)
class FissureEvidence:
    """What the image says on columns (v, u) at `offsets_mm`.

    `strength` 0 to 1 is the evidence for a fissure, `vessels` 0 to 1 the density of vessels around, `inside` whether
    the position lies in the lung.
    """

    offsets_mm: FloatArray
    strength: FloatArray
    vessels: FloatArray
    inside: MaskArray


def fissure_evidence(lung: LungImage, frame: FissureFrame, look: Look) -> FissureEvidence:
    """Evidence for a fissure on the columns of `frame`, which are `look.step_mm` apart."""
    offsets = np.arange(-look.band_mm, look.band_mm + 1e-3, look.offset_mm, dtype=np.float32)
    voxels = frame.voxels(offsets, lung.spacing_kji)
    inside = _sample_mask(lung.inside, voxels)
    vessels = _sample(lung.vessels, voxels)
    hu, plain = _lung_along_sheet(lung, frame, offsets, look.smoothing_mm)
    ridge, valid = _ridge(hu, plain, look.offset_mm, _thickness(lung, frame))
    ridge = np.clip(ridge / _noise(ridge, valid, look), -1.0, 1.0) * valid
    tilts = np.arange(-look.steepest, look.steepest + 1e-3, look.tilt_step) * look.step_mm / look.offset_mm
    mean = _best_tilt(ridge, valid.astype(np.float32), tilts, round(look.reach_mm / look.step_mm))
    strength = np.minimum(_ramp(mean, look.ridge), _ramp(_surprise(mean, valid), look.surprise)) * inside
    strength *= _trust(lung.spacing_kji)
    strength = _without_specks(strength.astype(np.float32), look)
    zone = (_VESSEL_ZONE_MM / look.step_mm, _VESSEL_ZONE_MM / look.step_mm, 2.0 / look.offset_mm)
    density = ndimage.gaussian_filter(np.minimum(vessels, 0.5), zone, truncate=2.0)
    return FissureEvidence(offsets, strength, density, inside)


def _sample(values: FloatArray, voxels: FloatArray) -> FloatArray:
    """Values at positions (3, ...), interpolated linearly."""
    return np.asarray(ndimage.map_coordinates(values, voxels, order=1, mode="nearest"), np.float32)


def _sample_mask(mask: MaskArray, voxels: FloatArray) -> MaskArray:
    """A mask at positions (3, ...): its nearest voxel; nothing beyond the grid."""
    return np.asarray(ndimage.map_coordinates(mask.view(np.uint8), voxels, order=0, mode="constant"), bool)


def _lung_along_sheet(
    lung: LungImage, frame: FissureFrame, offsets_mm: FloatArray, smoothing_mm: float
) -> tuple[FloatArray, MaskArray]:
    """HU on the columns, averaged along the sheet over plain lung, and where there is enough of it."""
    if smoothing_mm == 0.0:
        voxels = frame.voxels(offsets_mm, lung.spacing_kji)
        return _sample(lung.hu, voxels), _sample_mask(lung.plain, voxels)
    step = frame.step_mm / 2.0
    voxels = frame.refined(step).voxels(offsets_mm, lung.spacing_kji)
    weight = _sample_mask(lung.plain, voxels).astype(np.float32)
    value = (_sample(lung.hu, voxels) - np.float32(_LOWEST_HU)) * weight
    for every in ((slice(None, None, 2),), (slice(None), slice(None, None, 2))):
        axis = len(every) - 1
        value = ndimage.gaussian_filter1d(value, smoothing_mm / step, axis=axis, truncate=2.5)[every]
        weight = ndimage.gaussian_filter1d(weight, smoothing_mm / step, axis=axis, truncate=2.5)[every]
    return np.asarray(value / np.maximum(weight, 1e-3) + _LOWEST_HU, np.float32), weight > 0.5


def _thickness(lung: LungImage, frame: FissureFrame) -> float:
    """How far from a fissure's middle its brightness has ended, in mm: thick slices blur it along k."""
    voxel = float(np.abs(frame.normal) @ np.array(lung.spacing_kji[:2]))
    return max(_FISSURE_MM, 0.8 * voxel)


def _ridge(
    hu: FloatArray, inside: MaskArray, offset_step_mm: float, thickness_mm: float
) -> tuple[FloatArray, MaskArray]:
    """The smaller step down to both sides (HU), and where both sides lie in the lung."""
    smooth = ndimage.gaussian_filter1d(hu, _SMOOTHING_MM / offset_step_mm, axis=2)
    aside = max(1, round(thickness_mm / offset_step_mm))
    ridge, valid = np.zeros_like(hu), np.zeros_like(inside)
    middle = (..., slice(aside, -aside))
    under, over = (..., slice(None, -2 * aside)), (..., slice(2 * aside, None))
    ridge[middle] = smooth[middle] - np.maximum(smooth[under], smooth[over])
    valid[middle] = inside[middle] & inside[under] & inside[over]
    return ridge, valid


def _trust(spacing_kji: Spacing) -> np.float32:
    """How much a sheet in the image may count: thick slices blur fissures away and make sheets of vessels."""
    thin, thick = _SLICES_MM
    return np.float32(np.clip((thick - max(spacing_kji)) / (thick - thin), 0.0, 1.0))


def _ramp(values: FloatArray, ends: tuple[float, float]) -> FloatArray:
    """0 up to the first end, 1 from the second on."""
    return np.clip((values - np.float32(ends[0])) / np.float32(ends[1] - ends[0]), 0.0, 1.0)


def _surprise(mean: FloatArray, valid: MaskArray) -> FloatArray:
    """Standard deviations over the usual value; both from the lower half of all places, where no fissure is."""
    if not valid.any():
        return np.zeros_like(mean)
    low, usual = np.percentile(mean[valid], (5.0, 50.0))
    return np.asarray((mean - usual) * (1.645 / max(usual - low, 1e-3)), np.float32)


def _without_specks(strength: FloatArray, look: Look) -> FloatArray:
    """`strength` without what hangs together over less than `_SMALLEST_PATCH_MM2`: vessel walls, septa, noise."""
    touching = sitk.ConnectedComponentImageFilter()
    touching.FullyConnectedOn()
    patches = sitk.GetArrayFromImage(touching.Execute(sitk.GetImageFromArray((strength > _WEAK).astype(np.uint8))))
    volume = np.bincount(patches.ravel()) * (look.step_mm**2 * look.offset_mm)
    volume[0] = 0.0
    return np.asarray(strength * (volume >= _SMALLEST_PATCH_MM2 * _FISSURE_MM)[patches])


def _noise(ridge: FloatArray, valid: MaskArray, look: Look) -> FloatArray:
    """The usual size of the ridge measure around each place, in HU: diseased lung is rougher than healthy lung."""
    if not valid.any():
        return np.full_like(ridge, _LEAST_NOISE_HU)
    size = np.abs(ridge) * valid
    size = np.minimum(size, np.float32(3.0 * np.median(size[valid])))
    around = [_ROUGHNESS_MM / look.step_mm, _ROUGHNESS_MM / look.step_mm, _ROUGHNESS_MM / look.offset_mm]
    weight = ndimage.gaussian_filter(valid.astype(np.float32), around, truncate=1.5)
    usual = ndimage.gaussian_filter(size, around, truncate=1.5) / np.maximum(weight, np.float32(1e-2))
    return np.asarray(np.maximum(usual, _LEAST_NOISE_HU), np.float32)


def _best_tilt(ridge: FloatArray, valid: FloatArray, slopes: npt.NDArray[np.float64], taps: int) -> FloatArray:
    """The highest mean of `ridge` over patches that are `slopes` (offsets per column) steep along u and v."""
    best = np.full(ridge.shape, -1.0, np.float32)
    least = np.float32(_LEAST_OVERLAP * (2 * taps + 1) ** 2)
    for along_u in slopes:
        ridges, counts = _line_sum(ridge, 1, along_u, taps), _line_sum(valid, 1, along_u, taps)
        for along_v in slopes:
            count = np.maximum(_line_sum(counts, 0, along_v, taps), least)
            np.maximum(best, _line_sum(ridges, 0, along_v, taps) / count, out=best)
    return best


def _line_sum(values: FloatArray, axis: int, slope: float, taps: int) -> FloatArray:
    """Sums over 2 taps + 1 neighbours along an axis, moved by `slope` offsets with each."""
    total = values.copy()
    for tap in range(-taps, taps + 1):
        rise = round(float(slope) * tap)
        if tap == 0 or abs(tap) >= values.shape[axis] or abs(rise) >= values.shape[2]:
            continue
        into, source = [slice(None)] * 3, [slice(None)] * 3
        into[axis], source[axis] = _overlap(tap)
        into[2], source[2] = _overlap(rise)
        total[tuple(into)] += values[tuple(source)]
    return total


def _overlap(shift: int) -> tuple[slice, slice]:
    """Where an axis and the same axis moved by `shift` overlap: (place, source)."""
    if shift == 0:
        return slice(None), slice(None)
    return (slice(None, -shift), slice(shift, None)) if shift > 0 else (slice(-shift, None), slice(None, shift))


def fit_surface(
    evidence: FissureEvidence,
    *,
    look: Look,
    spread_mm: float,
    stiffness: float,
    pull: float,
) -> FloatArray:
    """Heights (v, u) over the base in mm of the surface that the evidence supports best.

    `spread_mm` is how far from the base the surface is expected; `stiffness` and `pull` as in `smooth_heights`.
    """
    expected = 0.15 * (evidence.offsets_mm / spread_mm) ** 2
    cost = np.where(evidence.inside, 0.5 * evidence.vessels - 2.0 * evidence.strength, 0.0) + expected
    bend = 2.0 * look.offset_mm / look.step_mm
    level = semi_global_heights(cost.astype(np.float32), (0.15 * bend, 0.6 * bend, 1.5 * bend))
    heights = evidence.offsets_mm[level] + look.offset_mm * _beside(evidence.strength, level)
    weights = _at(evidence.strength, level) + np.float32(0.02) * _at(evidence.inside, level)
    return smooth_heights(heights, weights, stiffness=stiffness, pull=pull, outlier=2.0)


def _at(values: npt.NDArray[np.generic], level: npt.NDArray[np.int64]) -> FloatArray:
    return np.take_along_axis(values, level[..., None], axis=2)[..., 0].astype(np.float32)


def _beside(strength: FloatArray, level: npt.NDArray[np.int64]) -> FloatArray:
    """How far the middle of the evidence lies from the middle of its offset, in offsets."""
    top = strength.shape[2] - 1
    under, here, over = (_at(strength, np.clip(level + step, 0, top)) for step in (-1, 0, 1))
    return np.asarray((over - under) / np.maximum(under + here + over, np.float32(1e-3)) * (here > 0.0))


@dataclass(frozen=True)
class DetectedFissure:
    """Where the image shows the fissure near its surface, by columns (v, u).

    `border` marks columns whose surface parts lobes, `seen` those where a patch of fissure was detected;
    `distance_mm` is that of the detected fissure from the surface (where `seen`).
    """

    border: MaskArray
    seen: MaskArray
    distance_mm: FloatArray


_DETECTED = 0.5


def detect_fissure(evidence: FissureEvidence, heights: FloatArray, step_mm: float) -> DetectedFissure:
    """The fissure as the image shows it within the evidence's band: strong patches of at least 2 cm2."""
    level = evidence.strength.argmax(axis=2)
    peak = _at(evidence.strength, level)
    strong = peak >= _DETECTED
    patches, counts = components(strong[:, :, None])
    area = (counts * step_mm**2)[patches[:, :, 0]]
    lowest, step = evidence.offsets_mm[0], evidence.offsets_mm[1] - evidence.offsets_mm[0]
    surface = np.clip(np.rint((heights - lowest) / step), 0, evidence.inside.shape[2] - 1).astype(np.int64)
    border = _at(evidence.inside, surface) > 0
    distance = np.abs(evidence.offsets_mm[level] - heights)
    return DetectedFissure(border, border & (area >= _SMALLEST_PATCH_MM2), distance.astype(np.float32))

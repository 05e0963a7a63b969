"""What is no infection: lungs of another shape, wide vessels, dependent density; motion, thick slices, noise, kernels.

The first three change the patient and are applied before lesions are painted, the rest change the scan and may be
applied after it: neither touches a label.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from CovidQuantLib.messages import InputError
from CovidQuantLib.synthetic_chest.noise import ct_noise, texture
from CovidQuantLib.training.synthetic_lesions.chest import Chest, Field
from CovidQuantLib.training.synthetic_lesions.noise import scan_noise
from CovidQuantLib.training.synthetic_lesions.published import FLUID_HU

_LUMEN_BIT = np.uint8(8)
_NODE_MM, _SMOOTH_MM = 12.0, 30.0
_SHIFT_MM = (4.0, 4.0, 6.0)
_RISE_MM = 28.0
_DEPENDENT_FILL = (0.03, 0.14)
_VESSEL_HU = -650.0
_THIN_MM = 2.0
_THICK_MM = 5.0


def disturb(chest: Chest, kind: str, seed: int) -> Chest:
    """`chest` disturbed in one way (`PATIENT` or `SCAN`); the same arguments give the same chest, voxel for voxel.

    Lungs and airways move with the image where its geometry changes; no label of infection ever comes of it. Raises
    `InputError` for an unknown kind.
    """
    ways = {**PATIENT, **SCAN}
    if kind not in ways:
        raise InputError(f"There is no such disturbance. There are: {', '.join(ways)}.")
    return ways[kind](np.random.default_rng((seed, *kind.encode())), chest)


def _reshaped(rng: np.random.Generator, chest: Chest) -> Chest:
    """Another shape: smaller (breathed out, diaphragm high) or displaced lungs, by a smooth deformation."""
    image = sitk.GetImageFromArray(chest.hu)
    image.SetSpacing([float(step) for step in chest.geometry.spacing])
    transform = _deformation(rng, chest)

    def moved(values: np.ndarray, method: int) -> np.ndarray:
        source = sitk.GetImageFromArray(values)
        source.CopyInformation(image)
        resampler = sitk.ResampleImageFilter()
        resampler.SetReferenceImage(image)
        resampler.SetTransform(transform)
        resampler.SetInterpolator(method)
        # At the lower end of the scan there is nothing to move up: its last slice is held.
        resampler.UseNearestNeighborExtrapolatorOn()
        return sitk.GetArrayFromImage(resampler.Execute(source))

    hu = moved(chest.hu, sitk.sitkLinear)
    both = moved(chest.lungs + _LUMEN_BIT * chest.airways, sitk.sitkNearestNeighbor)
    lungs, airways = both % _LUMEN_BIT, both >= _LUMEN_BIT
    # What breathes out gets denser: its air shrinks with its volume.
    share = int(np.count_nonzero(lungs)) / max(1, int(np.count_nonzero(chest.lungs)))
    fill = float(np.clip(0.5 * (1.0 - share), 0.0, 0.12))
    inside = (lungs > 0) & ~airways
    hu[inside] += (fill * np.maximum(FLUID_HU - hu[inside].astype(np.float32), 0.0)).astype(np.int16)
    return replace(chest, hu=hu, lungs=lungs, airways=airways)


def _deformation(rng: np.random.Generator, chest: Chest) -> sitk.DisplacementFieldTransform:
    """A smooth displacement of some millimetres, and up to `_RISE_MM` upwards at the lung bases."""
    extent = [size * step for size, step in zip(chest.hu.shape, chest.spacing_kji, strict=True)]
    shape = tuple(int(np.ceil(mm / _NODE_MM)) + 3 for mm in extent)
    shape = (shape[0], shape[1], shape[2])
    smooth = (_SMOOTH_MM / _NODE_MM,) * 3
    shift = np.stack([sd * texture(rng, shape, smooth) for sd in _SHIFT_MM], axis=-1).astype(np.float64)
    # Breathed out: what is shown at a place comes from further down, most at the base.
    shift[..., 2] -= float(rng.uniform(0.0, _RISE_MM)) * np.linspace(1.0, 0.0, shape[0])[:, None, None]
    field = sitk.GetImageFromArray(shift, isVector=True)
    field.SetSpacing([_NODE_MM] * 3)
    field.SetOrigin([-_NODE_MM] * 3)
    return sitk.DisplacementFieldTransform(field)


def _wide_vessels(rng: np.random.Generator, chest: Chest) -> Chest:
    """Wider vessels: what is dense in the lungs grows by about a voxel on each side."""
    smooth = ndimage.gaussian_filter(chest.hu.astype(np.float32), [0.7 / step for step in chest.spacing_kji])
    deep = ndimage.minimum_filter((chest.lungs > 0).view(np.uint8), size=5) > 0
    near_air = ndimage.maximum_filter(chest.airways.view(np.uint8), size=5) > 0
    grown = np.where(deep & (smooth > _VESSEL_HU), smooth, np.float32(-1024.0))
    # By the next voxel along each axis, but not along thick slices.
    for axis in (0, 1, 2) if chest.spacing_kji[0] <= _THIN_MM else (1, 2):
        grown = np.maximum(grown, ndimage.maximum_filter1d(grown, 3, axis=axis))
    wider = deep & ~near_air & (grown > chest.hu) & (grown > _VESSEL_HU)
    part = ndimage.gaussian_filter(wider.astype(np.float32), [0.6 / step for step in chest.spacing_kji])
    hu = chest.hu + part * np.where(wider, grown - chest.hu, 0.0) * float(rng.uniform(0.7, 1.0))
    return replace(chest, hu=_as_hu(hu))


def _dependent(rng: np.random.Generator, chest: Chest) -> Chest:
    """Denser lung at the back (below, in a patient who lies on it), fading within 1 to 4 cm."""
    inside = (chest.lungs > 0) & ~chest.airways
    rows = chest.hu.shape[1]
    last = rows - 1 - np.argmax(np.flip(inside, axis=1), axis=1)
    above = (last[:, None, :] - np.arange(rows)[None, :, None]).astype(np.float32) * chest.spacing_kji[1]
    reach = float(rng.uniform(10.0, 40.0))
    rough = texture(rng, inside.shape, tuple(max(1.0, 15.0 / step) for step in chest.spacing_kji))
    fill = float(rng.uniform(*_DEPENDENT_FILL)) * np.exp(-np.maximum(above, 0.0) / reach) * (1.0 + 0.3 * rough)
    air = np.where(inside, np.maximum(FLUID_HU - chest.hu.astype(np.float32), 0.0), 0.0)
    return replace(chest, hu=_as_hu(chest.hu + np.clip(fill, 0.0, 0.3) * air))


def _motion(rng: np.random.Generator, chest: Chest) -> Chest:
    """Breathing and heartbeat: doubled and blurred contours near the diaphragm and between the lungs."""
    values = chest.hu.astype(np.float32)
    up = float(rng.uniform(1.0, 4.0)) / chest.spacing_kji[0]
    across = rng.uniform(-1.5, 1.5) / chest.spacing_kji[2]
    pair = [_shifted(_shifted(values, sign * up, 0), sign * across, 2) for sign in (-1.0, 1.0)]
    return replace(chest, hu=_as_hu(values + _moving(chest) * (0.5 * (pair[0] + pair[1]) - values)))


def _shifted(values: Field, by: float, axis: int) -> Field:
    """`values` moved by so many voxels along an axis, interpolated linearly; the border is held."""
    whole = int(np.floor(by))
    at = np.arange(values.shape[axis]) - whole
    last = values.shape[axis] - 1
    here, before = (values.take(np.clip(index, 0, last), axis) for index in (at, at - 1))
    return np.asarray(here + np.float32(by - whole) * (before - here), np.float32)


def _moving(chest: Chest) -> Field:
    """How much a place moves, 0 to 1: most at the bases, and beside the heart."""
    slices = np.flatnonzero(chest.lungs.any(axis=(1, 2)))
    low, high = (int(slices[0]), int(slices[-1])) if slices.size else (0, chest.hu.shape[0])
    height = (np.arange(chest.hu.shape[0], dtype=np.float32) - low) / max(1, high - low)
    base = np.clip(1.3 - 2.2 * height, 0.0, 1.0)
    columns = np.arange(chest.hu.shape[2], dtype=np.float32) / chest.hu.shape[2]
    heart = np.exp(-(((columns - 0.55) / 0.12) ** 2))
    return np.asarray(np.maximum(base[:, None, None], 0.8 * heart[None, None, :] * (height < 0.6)[:, None, None]))


def _thick(rng: np.random.Generator, chest: Chest) -> Chest:
    """Slices of about 5 mm: averaged along the patient."""
    width = max(2, round(float(rng.uniform(0.8, 1.2)) * _THICK_MM / chest.spacing_kji[0]))
    return replace(chest, hu=_as_hu(ndimage.uniform_filter1d(chest.hu.astype(np.float32), width, axis=0)))


def _noisy(rng: np.random.Generator, chest: Chest) -> Chest:
    """A lower dose: noise of 15 to 60 HU more, with the spectrum of a standard kernel."""
    sd = float(rng.uniform(15.0, 60.0))
    return replace(chest, hu=_as_hu(chest.hu + ct_noise(rng, chest.hu.shape, chest.spacing_kji, sd)))


def _sharp(rng: np.random.Generator, chest: Chest) -> Chest:
    """A sharper kernel: edges overshoot and noise grows."""
    values = chest.hu.astype(np.float32)
    blurred = ndimage.gaussian_filter(values, [0.0, *(1.0 / step for step in chest.spacing_kji[1:])])
    return replace(chest, hu=_as_hu(values + float(rng.uniform(0.3, 1.0)) * (values - blurred)))


def _smooth(rng: np.random.Generator, chest: Chest) -> Chest:
    """A smoother kernel."""
    width = float(rng.uniform(0.5, 1.2))
    values = ndimage.gaussian_filter(chest.hu.astype(np.float32), [0.0, *(width / s for s in chest.spacing_kji[1:])])
    return replace(chest, hu=_as_hu(values))


def _more_noise_like_its_own(rng: np.random.Generator, chest: Chest) -> Chest:
    """Twice the noise power that the scan has."""
    noise = scan_noise(chest)
    return replace(chest, hu=_as_hu(chest.hu + np.float32(noise.sd) * noise.draw(rng, chest.hu.shape)))


def _as_hu(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), -1024, 3071).astype(np.int16)


Way = Callable[[np.random.Generator, Chest], Chest]
PATIENT: dict[str, Way] = {"reshaped": _reshaped, "wide vessels": _wide_vessels, "dependent": _dependent}
SCAN: dict[str, Way] = {
    "motion": _motion,
    "thick slices": _thick,
    "noise": _noisy,
    "own noise": _more_noise_like_its_own,
    "sharp": _sharp,
    "smooth": _smooth,
}

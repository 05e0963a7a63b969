"""What a painter hands over of one lesion, and what all painters share: places, room, and soft borders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from CovidQuantLib.ct import MaskArray
from CovidQuantLib.training.synthetic_lesions.chest import Chest, Field, LungPlaces, Slices
from CovidQuantLib.training.synthetic_lesions.plan import Request

MARGIN_MM = 10.0
"""How far a lesion's soft border may reach beyond its mask."""
TRIES = 4
"""How often a lesion is drawn anew in a larger box."""
_FAINT = 0.02
_REACH = 2.5


@dataclass(frozen=True)
class Drawn:
    """One lesion in a box of the chest (k, j, i), before it has a density.

    `lesion` (0 to 1) is the share of the lift that a voxel gets, `core` (0 to 1) how far it is consolidation rather
    than ground glass, `texture` (mean about 1) varies the lift, `air` (0 to 1) are bronchi that stay open in it.
    """

    box: Slices
    lesion: Field
    core: Field
    texture: Field
    air: Field


@dataclass(frozen=True)
class Ground:
    """What there is to paint on: the chest, the places in its lungs, and where nothing more goes (`taken`)."""

    chest: Chest
    places: LungPlaces
    taken: MaskArray


@dataclass(frozen=True)
class Preference:
    """How much more likely a place is at the ribs (`costal_mm`: within about this), the back and the base."""

    costal_mm: float
    back: float
    base: float


def draw_seed(rng: np.random.Generator, ground: Ground, preference: Preference) -> tuple[int, int, int] | None:
    """A voxel (k, j, i) of the lungs to start a lesion at; None where nothing is free."""
    places = ground.places
    near = np.flatnonzero(places.lungs)
    weight = np.exp(-places.costal_mm.ravel()[near] / np.float32(preference.costal_mm))
    weight *= 1.0 + preference.back * places.back.ravel()[near]
    weight *= 1.0 + preference.base * places.base.ravel()[near]
    total = np.cumsum(weight, dtype=np.float64)
    for _ in range(50):
        chosen = near[int(np.searchsorted(total, rng.uniform(0.0, total[-1])))]
        coarse = np.unravel_index(chosen, places.lungs.shape)
        voxel = [
            min(int((int(index) + 0.5) * step), size - 1)
            for index, step, size in zip(coarse, places.step, ground.taken.shape, strict=True)
        ]
        seed = (voxel[0], voxel[1], voxel[2])
        if ground.chest.lungs[seed] and not ground.taken[seed]:
            return seed
    return None


def box_about(ground: Ground, seed: tuple[int, int, int], half_mm: float) -> Slices:
    """The box of `half_mm` to each side of `seed`, cut at the grid."""
    parts = []
    for at, spacing, size in zip(seed, ground.chest.spacing_kji, ground.taken.shape, strict=True):
        reach = int(np.ceil(half_mm / spacing))
        parts.append(slice(max(0, at - reach), min(size, at + reach + 1)))
    return (parts[0], parts[1], parts[2])


def offsets_mm(ground: Ground, box: Slices, seed: tuple[float, ...]) -> tuple[Field, Field, Field]:
    """Distance from `seed` in mm along k, j and i at the voxels of `box`, each broadcastable to it."""
    out = []
    for axis, (part, at, spacing) in enumerate(zip(box, seed, ground.chest.spacing_kji, strict=True)):
        shape = [1, 1, 1]
        shape[axis] = -1
        line = (np.arange(part.start, part.stop, dtype=np.float32) - np.float32(at)) * np.float32(spacing)
        out.append(line.reshape(shape))
    return out[0], out[1], out[2]


def room_in(ground: Ground, box: Slices, side: int) -> MaskArray:
    """Voxels of `box` in the lung `side` that are free and no lumen."""
    return np.asarray((ground.chest.lungs[box] == side) & ~ground.taken[box] & ~ground.chest.airways[box])


def first_by_order(order: Field, room: MaskArray, count: int) -> MaskArray | None:
    """The `count` voxels of `room` with the lowest order; None where there is no such room."""
    where = np.flatnonzero(room)
    if count < 1 or where.size < count:
        return None
    mask = np.zeros(room.shape, bool)
    mask.ravel()[where[np.argpartition(order.ravel()[where], count - 1)[:count]]] = True
    return mask


def is_whole(mask: MaskArray, box: Slices, ground: Ground) -> bool:
    """Whether a lesion ends by itself, and is not cut by a side of `box` that is none of the CT."""
    for axis, (part, size) in enumerate(zip(box, ground.taken.shape, strict=True)):
        sides = ([0] if part.start > 0 else []) + ([-1] if part.stop < size else [])
        if mask.take(sides, axis).any():
            return False
    return True


def soft(mask: MaskArray, inside: MaskArray, sigma_mm: float, spacing_kji: tuple[float, float, float]) -> Field:
    """`mask` with borders that fade over about `sigma_mm`, but not towards what is not `inside` (the pleura)."""
    sigma = [sigma_mm / spacing for spacing in spacing_kji]
    share = ndimage.gaussian_filter(mask.astype(np.float32), sigma, truncate=_REACH)
    room = ndimage.gaussian_filter(inside.astype(np.float32), sigma, truncate=_REACH)
    faded = np.where(room > 0.08, share / np.maximum(room, 0.08), 0.0)
    faded[faded < _FAINT] = 0.0
    return np.asarray(np.clip(faded, 0.0, 1.0), np.float32)


def around(mask: MaskArray, spacing_kji: tuple[float, float, float], margin_mm: float) -> Slices:
    """The smallest box around the set voxels of `mask` (not empty), wider by `margin_mm`, in its own indices."""
    parts = []
    for axis, spacing in enumerate(spacing_kji):
        hit = np.flatnonzero(mask.any(axis=tuple(other for other in range(3) if other != axis)))
        margin = int(np.ceil(margin_mm / spacing)) + 1
        parts.append(slice(max(0, int(hit[0]) - margin), min(mask.shape[axis], int(hit[-1]) + 1 + margin)))
    return (parts[0], parts[1], parts[2])


def within(box: Slices, part: Slices) -> Slices:
    """`part`, given in indices of `box`, in indices of the whole chest."""
    moved = [slice(outer.start + inner.start, outer.start + inner.stop) for outer, inner in zip(box, part, strict=True)]
    return (moved[0], moved[1], moved[2])


def voxels_of(ground: Ground, request: Request) -> int:
    """How many voxels the lesion has."""
    return max(1, round(request.ml / ground.chest.geometry.voxel_ml))


def radius_mm(request: Request) -> float:
    """The radius of a ball of the lesion's volume."""
    return float((3000.0 * request.ml / (4.0 * np.pi)) ** (1.0 / 3.0))

"""The infection: ground glass and consolidation with exactly the volumes that were asked for.

A lesion takes the voxels of its lobe in the order of their distance from a seed near the pleura, longer away from the
pleura and roughened by a smooth random field, until its volume is reached.
"""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS, LEFT_LUNG, RIGHT_LUNG, by_key
from CovidQuantLib.ct import LabelArray, MaskArray
from CovidQuantLib.messages import InputError
from CovidQuantLib.synthetic_chest.noise import texture
from CovidQuantLib.synthetic_chest.space import Field, Space
from CovidQuantLib.synthetic_chest.spec import ChestSpec

_GGO_HU = (-650.0, -500.0)
"""At the rim and inside."""
_CONSOLIDATION_HU = 18.0
_BLUR_MM = 0.7
"""How far a border inside the lung is blurred, as a scanner does."""


def infection_labels(
    rng: np.random.Generator,
    space: Space,
    spec: ChestSpec,
    lungs: LabelArray,
    lobes: LabelArray,
    depth: Field,
    lumen: MaskArray,
) -> LabelArray:
    """The infection's label map: in the lungs, but not in the lumen of a bronchus that the grid resolves.

    `depth` is the distance from the lungs' surface in mm. Raises `InputError` where a lesion has no room.
    """
    infection = np.zeros(lobes.shape, np.uint8)
    rough = texture(rng, spec.shape, tuple(8.0 / step for step in space.step))
    rough += 0.3 * texture(rng, spec.shape, tuple(4.0 / step for step in space.step))
    from_base = np.asarray(space.z - 0.35 * space.y + 3.0 * rough, np.float32)
    for lung, share in ((RIGHT_LUNG, spec.right_base), (LEFT_LUNG, spec.left_base)):
        aerated = (lungs == lung.label) & ~lumen
        count = min(round(share * np.count_nonzero(lungs == lung.label)), int(np.count_nonzero(aerated)))
        _take(infection, from_base, aerated, count, CONSOLIDATION.label)
    for opacity in spec.opacities:
        lobe = (lobes == by_key(opacity.lobe).label) & ~lumen & (infection == 0)
        core = round(opacity.consolidation_ml / spec.voxel_ml)
        rim = round(opacity.ggo_ml / spec.voxel_ml)
        order = _order(rng, space, lobe, depth, rough)
        _take(infection, order, lobe, core, CONSOLIDATION.label)
        _take(infection, order, lobe & (infection == 0), rim, GROUND_GLASS.label)
    return infection


def _order(rng: np.random.Generator, space: Space, room: MaskArray, depth: Field, rough: Field) -> Field:
    """In which order a lesion takes the voxels of its room: their distance from its seed, in rough mm."""
    where = np.nonzero(room)
    share, angle = rng.uniform(0.15, 0.75), rng.uniform(0.0, 1.0)
    if where[0].size == 0:
        return depth
    z, y, x = space.z.ravel()[where[0]], space.y.ravel()[where[1]], np.abs(space.x.ravel()[where[2]])
    outward = np.cos(angle) * y + np.sin(angle) * x
    best = int(np.argmax(outward - 1.5 * np.abs(z - np.quantile(z, share)) - 4.0 * np.abs(depth[where] - 6.0)))
    seed = [float(axis.ravel()[index[best]]) for axis, index in zip((space.z, space.y, space.x), where, strict=True)]
    away = np.sqrt((space.z - seed[0]) ** 2 + (space.y - seed[1]) ** 2 + (space.x - seed[2]) ** 2)
    return np.asarray(away + 0.7 * depth + 5.0 * rough, np.float32)


def _take(infection: LabelArray, order: Field, free: MaskArray, count: int, label: int) -> None:
    """Give `label` to the first `count` free voxels in this order."""
    if count == 0:
        return
    where = np.flatnonzero(free)
    if count > where.size:
        raise InputError("A synthetic lesion is larger than the room for it: ask for a smaller volume.")
    first = np.argpartition(order.ravel()[where], count - 1)[:count]
    infection.ravel()[where[first]] = label


def with_opacities(
    rng: np.random.Generator, space: Space, lung_hu: Field, lungs: LabelArray, infection: LabelArray
) -> Field:
    """`lung_hu` (k, j, i) with the infection in it.

    Ground glass is denser inside than at its rim. At the pleura a lesion goes on by a voxel beyond the lungs, so that
    partial volume there is that of the lesion with the chest wall, not of air.
    """
    grain = np.clip(texture(rng, infection.shape, tuple(3.0 / step for step in space.step)), -2.0, 2.0)
    inner = ndimage.gaussian_filter((infection > 0).astype(np.float32), [6.0 / step for step in space.step])
    glass = _GGO_HU[0] + (_GGO_HU[1] - _GGO_HU[0]) * np.clip(2.0 * inner - 0.8, 0.0, 1.0) + 18.0 * grain
    solid = _CONSOLIDATION_HU + 10.0 * grain
    lesion = np.where(lungs > 0, infection, ndimage.grey_dilation(infection, size=(3, 3, 3)))
    lesion_hu = np.where(lesion == CONSOLIDATION.label, solid, glass)
    sharp = np.where(lesion > 0, lesion_hu, lung_hu).astype(np.float32)
    return np.asarray(ndimage.gaussian_filter(sharp, [_BLUR_MM / step for step in space.step]), np.float32)

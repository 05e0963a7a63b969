"""The infection: ground glass and consolidation with exactly the volumes that were asked for.

A lesion takes the voxels of its lobe in the order of their distance from its seed at the pleura, shortened along the
pleura and roughened by a smooth random field, until its volume is reached.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS, LEFT_LUNG, RIGHT_LUNG, by_key
from CovidQuantLib.ct import LabelArray, MaskArray
from CovidQuantLib.messages import InputError
from CovidQuantLib.synthetic_chest.noise import texture
from CovidQuantLib.synthetic_chest.space import Field, Space
from CovidQuantLib.synthetic_chest.spec import ChestSpec, Opacity


def infection_labels(
    rng: np.random.Generator, space: Space, spec: ChestSpec, lungs: LabelArray, lobes: LabelArray, lumen: MaskArray
) -> LabelArray:
    """The infection's label map, in the lungs and never in the lumen of a bronchus that the grid resolves."""
    infection = np.zeros(lungs.shape, np.uint8)
    rough = texture(rng, spec.shape, tuple(9.0 / step for step in space.step))
    rough += 0.6 * texture(rng, spec.shape, tuple(4.0 / step for step in space.step))
    for lung, share in ((RIGHT_LUNG, spec.right_base), (LEFT_LUNG, spec.left_base)):
        if share > 0.0:
            free = (lungs == lung.label) & ~lumen
            order = space.z - 0.35 * space.y + 2.5 * rough
            count = round(share * np.count_nonzero(lungs == lung.label))
            _take(infection, order, free, count, CONSOLIDATION.label)
    depth = ndimage.distance_transform_edt(lungs > 0, space.step).astype(np.float32)
    for opacity in spec.opacities:
        lobe = (lobes == by_key(opacity.lobe).label) & ~lumen & (infection == 0)
        order = _order(rng, space, lobe, depth, rough)
        core, all_of_it = (round(ml / spec.voxel_ml) for ml in _volumes(opacity))
        _take(infection, order, lobe, core, CONSOLIDATION.label)
        _take(infection, order, lobe & (infection == 0), all_of_it - core, GROUND_GLASS.label)
    return infection


def _volumes(opacity: Opacity) -> tuple[float, float]:
    return opacity.consolidation_ml, opacity.consolidation_ml + opacity.ggo_ml


def _order(rng: np.random.Generator, space: Space, lobe: MaskArray, depth: Field, rough: Field) -> Field:
    """In which order a lesion takes the voxels of its lobe: distance from a seed at the pleura, in rough mm."""
    where = np.nonzero(lobe)
    if where[0].size == 0:
        return depth
    at = np.stack([space.x.ravel()[where[2]], space.y.ravel()[where[1]], space.z.ravel()[where[0]]], axis=1)
    liking = at[:, 1] - 0.4 * at[:, 2] - 4.0 * np.abs(depth[where] - 6.0) + rng.gumbel(0.0, 6.0, len(at))
    seed = at[np.argmax(liking)]
    away = np.sqrt((space.x - seed[0]) ** 2 + (space.y - seed[1]) ** 2 + (space.z - seed[2]) ** 2)
    return np.asarray(away + 0.8 * depth + 4.0 * rough, np.float32)


def _take(infection: LabelArray, order: Field, free: MaskArray, count: int, label: int) -> None:
    """Give `label` to the first `count` free voxels in this order."""
    if count == 0:
        return
    where = np.flatnonzero(free)
    if count > where.size:
        raise InputError("A synthetic lesion is larger than the room for it: ask for a smaller volume.")
    first = np.argpartition(order.ravel()[where], count - 1)[:count]
    infection.ravel()[where[first]] = label


def opacity_hu(rng: np.random.Generator, space: Space, infection: LabelArray) -> tuple[Field, Field]:
    """HU of the infection, and the share of each voxel that it fills."""
    ggo = infection == GROUND_GLASS.label
    consolidated = infection == CONSOLIDATION.label
    inner = ndimage.distance_transform_edt(infection > 0, space.step).astype(np.float32)
    grain = texture(rng, infection.shape, tuple(5.0 / step for step in space.step))
    glass = -640.0 + 110.0 * np.minimum(1.0, inner / 12.0) + 25.0 * np.clip(grain, -1.6, 1.6)
    solid = 22.0 + 14.0 * np.clip(grain, -2.0, 2.0)
    value = np.where(consolidated, solid, glass).astype(np.float32)
    share: npt.NDArray[np.float32] = (ggo | consolidated).astype(np.float32)
    return value, share

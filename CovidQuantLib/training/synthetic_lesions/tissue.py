"""How dense a lesion is: air spaces are filled with fluid, what is no air stays as it is."""

from __future__ import annotations

import numpy as np

from CovidQuantLib.ct import HuArray
from CovidQuantLib.training.synthetic_lesions.chest import Chest
from CovidQuantLib.training.synthetic_lesions.drawing import Drawn
from CovidQuantLib.training.synthetic_lesions.noise import ScanNoise
from CovidQuantLib.training.synthetic_lesions.plan import Request
from CovidQuantLib.training.synthetic_lesions.published import FLUID_HU, LEAST_LIFT_HU

_LARGEST_FILL = 0.985
_OUTSIDE_AIR_HU = -700


def filled(
    rng: np.random.Generator,
    chest: Chest,
    noise: ScanNoise,
    lung_level: float,
    request: Request,
    drawn: Drawn,
    hu: HuArray,
) -> HuArray:
    """`hu` of the lesion's box (int16; k, j, i) with the lesion in it.

    A part f of each voxel's air is replaced by fluid: HU + f (fluid - HU). Vessels and walls, which hold no air, keep
    their density, so that they show through where f is small and drown where it is near 1. The lung's own noise
    shrinks by 1 - f; noise of the scan is added to what it was.
    """
    box = drawn.box
    before = hu.astype(np.float32)
    glass = _fill_of(max(request.ground_glass_hu, lung_level + LEAST_LIFT_HU), lung_level)
    solid = _fill_of(max(request.consolidation_hu, lung_level + LEAST_LIFT_HU), lung_level)
    # Consolidation is more even than ground glass: its texture is damped.
    part = glass * (1.0 - drawn.core) * drawn.texture + solid * drawn.core * (0.8 + 0.2 * drawn.texture)
    part = np.clip(part, 0.0, _LARGEST_FILL) * drawn.lesion * (1.0 - drawn.air * drawn.core)
    part[chest.airways[box]] = 0.0
    # Beyond the mask of the lungs lie voxels that are partly lung; gas there is not the lung's.
    part[(chest.lungs[box] == 0) & ((hu < _OUTSIDE_AIR_HU) | (hu > FLUID_HU))] = 0.0
    after = before + part * np.maximum(FLUID_HU - before, 0.0)
    lost = np.sqrt(np.clip(1.0 - (1.0 - part) ** 2, 0.0, 1.0))
    after += np.float32(noise.sd) * lost * noise.draw(rng, part.shape)
    touched = part > 0.0
    return np.where(touched, np.clip(np.rint(after), -1024, 3071), hu).astype(np.int16)


def _fill_of(target_hu: float, lung_level: float) -> float:
    """The part of the air that fluid replaces where lung of `lung_level` HU becomes `target_hu`."""
    return float(np.clip((target_hu - lung_level) / (FLUID_HU - lung_level), 0.0, 1.0))

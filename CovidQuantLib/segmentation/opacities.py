"""Opacities of the lungs on a working grid: tissue denser than normal lung that is no vessel, wall, fissure or rim.

What is dense is mostly vessels. They are told apart three times. Tubes are taken out by a Hessian filter. Of the other
tissue around a place most must be dense, so that the blurred rim of a vessel is none. And a ball must fit in, which
takes out what is thin: fissures, bronchial walls, the rim at the pleura. What passes all this is a core. From there an
opacity spreads over what passes weaker rules, and then takes back the vessels that run through it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from CovidQuantLib.ct import HuArray, MaskArray
from CovidQuantLib.progress import Progress, part_of
from CovidQuantLib.segmentation.morphology import (
    Spacing,
    box_around,
    close,
    components,
    dilate,
    distance_outside,
    erode,
)
from CovidQuantLib.segmentation.parenchyma import expected_density, normal_lung
from CovidQuantLib.segmentation.structure_filters import smooth_inside, tube_measure

FloatArray = npt.NDArray[np.float32]

DENSITY_MM = 1.0
"""Standard deviation of the Gaussian that density is read with."""
CORE_EXCESS_HU, EXCESS_HU = 140.0, 120.0
"""How much denser than normal lung at this height an opacity's core and its outskirts are, at least."""
_SPREADS = 3.5  # A core differs from normal lung by as many of its spreads: noise moves the thresholds up.
_PARENCHYMA_MM = 1.5  # Normal lung is measured this far from the lungs' border, which is half chest wall.
_TUBE_SCALES_MM = (1.2, 2.2, 4.0)  # Vessels of 3 to 12 mm; thinner ones blur away.
_TUBE = 0.2
_NEIGHBOURHOOD_MM = 2.5
_MOST_PERCENT = 50
_RIM_MM = 1.5  # How far a vessel's blurred rim reaches.
_SHELL_MM = 3.0  # What is dense in this shell alone is the rim at pleura and diaphragm, or breathing.
_WALL_MM = 2.0  # Thickness of a bronchial wall with its blur.
_JUNCTION_MM = 5.0  # Lung that is so near the other lung holds the mediastinal lines.
_HILUM_MM = 20.0  # Reach of the wide vessels around airways that are wider than twice the next figure.
_WIDE_LUMEN_MM = 2.0
_CORE_RADIUS_MM, _HILAR_CORE_RADIUS_MM = 2.4, 7.0
_RADIUS_MM, _HILAR_RADIUS_MM = 1.9, 3.5
_REACH_MM = 12.0  # How far an opacity spreads from its core.
_GAP_MM = 3.0  # Half of the widest vessel that an opacity takes back.


@dataclass(frozen=True)
class CoarseLung:
    """The lungs on a working grid (k, j, i): `hu`, `right` and `left` lung, and `lumen` (any part of an airway)."""

    hu: HuArray
    right: MaskArray
    left: MaskArray
    lumen: MaskArray
    spacing_kji: Spacing
    patient_position: str | None = None

    @property
    def inside(self) -> MaskArray:
        """Either lung."""
        return self.right | self.left


@dataclass(frozen=True)
class Opacities:
    """`mask` of the opacities, and `excess`: HU above what an opacity at this place has at least (float32)."""

    mask: MaskArray
    excess: FloatArray


def find_opacities(lung: CoarseLung, progress: Progress) -> Opacities:
    """The opacities of `lung` on its own grid."""
    progress(0.0, "Measuring normal lung")
    excess = _excess(lung)
    progress(0.2, "Telling vessels from opacities")
    tubes = _tubes(lung, part_of(progress, 0.2, 0.6)) & (excess > 0)
    progress(0.6, "Finding opacities")
    tissue, hilum = _tissue(lung), _hilum(lung)
    progress(0.7, "Finding opacities")
    core = _core(excess > CORE_EXCESS_HU - EXCESS_HU, tissue & ~dilate(tubes, _RIM_MM, lung.spacing_kji), hilum, lung)
    progress(0.8, "Finding opacities")
    outskirts = _outskirts(excess > 0, tissue & ~tubes, hilum, lung)
    progress(0.9, "Finding opacities")
    mask = _spread(core, outskirts, lung.spacing_kji)
    return Opacities(mask | (close(mask, _GAP_MM, lung.spacing_kji) & (excess > 0)), excess)


def _excess(lung: CoarseLung) -> FloatArray:
    """Density above what the outskirts of an opacity have at least, in HU; more is asked of a noisy CT."""
    density = smooth_inside(lung.hu, lung.spacing_kji, DENSITY_MM, lung.inside)
    normal = normal_lung(density, erode(lung.inside, _PARENCHYMA_MM, lung.spacing_kji))
    least = EXCESS_HU + max(0.0, _SPREADS * normal.spread - CORE_EXCESS_HU)
    expected = expected_density(normal, lung.inside, lung.spacing_kji, lung.patient_position)
    return np.where(lung.inside, density - expected - np.float32(least), np.float32(-least))


def _tubes(lung: CoarseLung, progress: Progress) -> MaskArray:
    tubes = np.zeros(lung.hu.shape, bool)
    for number, scale in enumerate(_TUBE_SCALES_MM):
        progress(number / len(_TUBE_SCALES_MM), "Telling vessels from opacities")
        tubes |= tube_measure(lung.hu, lung.spacing_kji, (scale,), lung.inside) > _TUBE
    return tubes


def _tissue(lung: CoarseLung) -> MaskArray:
    """Lung apart from its rim, from the walls of airways and from the lines where both lungs touch."""
    tissue = erode(lung.inside, _SHELL_MM, lung.spacing_kji) & ~dilate(lung.lumen, _WALL_MM, lung.spacing_kji)
    if lung.right.any() and lung.left.any():
        around = [box_around(side, _JUNCTION_MM, lung.spacing_kji) for side in (lung.right, lung.left)]
        box = tuple(slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(*around, strict=True))
        if tissue[box].size:
            near = [dilate(side[box], _JUNCTION_MM, lung.spacing_kji) for side in (lung.right, lung.left)]
            tissue[box] &= ~(near[0] & near[1])
    return tissue


def _hilum(lung: CoarseLung) -> MaskArray:
    """The neighbourhood of wide airways, where vessels are wide too."""
    return distance_outside(erode(lung.lumen, _WIDE_LUMEN_MM, lung.spacing_kji), lung.spacing_kji) <= _HILUM_MM


def _core(dense: MaskArray, tissue: MaskArray, hilum: MaskArray, lung: CoarseLung) -> MaskArray:
    """Where a ball fits into what is mostly dense; at the hilum a ball that no vessel there can hold."""
    mostly = _mostly(dense, tissue, lung.spacing_kji)
    return _depth(mostly, lung.spacing_kji) > np.where(hilum, _HILAR_CORE_RADIUS_MM, _CORE_RADIUS_MM)


def _outskirts(dense: MaskArray, tissue: MaskArray, hilum: MaskArray, lung: CoarseLung) -> MaskArray:
    """What is mostly dense and as thick as a small ball; at the hilum a larger one."""
    mostly = _mostly(dense, tissue, lung.spacing_kji)
    depth = _depth(mostly, lung.spacing_kji)
    reached = _around((depth > _RADIUS_MM) & ~hilum, _RADIUS_MM, lung.spacing_kji)
    return mostly & (reached | _around((depth > _HILAR_RADIUS_MM) & hilum, _HILAR_RADIUS_MM, lung.spacing_kji))


def _mostly(dense: MaskArray, tissue: MaskArray, spacing: Spacing) -> MaskArray:
    """Dense voxels whose neighbouring tissue is mostly dense."""
    percent = smooth_inside(np.where(dense, np.int16(100), np.int16(0)), spacing, _NEIGHBOURHOOD_MM, tissue)
    return dense & (percent > _MOST_PERCENT)


def _depth(mask: MaskArray, spacing: Spacing) -> FloatArray:
    """Distance in mm from each voxel of `mask` to its border, which runs half a voxel before the next voxel outside."""
    return distance_outside(~mask, spacing) - np.float32(0.5 * min(spacing))


def _around(centres: MaskArray, radius_mm: float, spacing: Spacing) -> MaskArray:
    """What balls of this radius cover, and the voxels that they touch."""
    return dilate(centres, radius_mm + min(spacing), spacing)


def _spread(core: MaskArray, outskirts: MaskArray, spacing: Spacing) -> MaskArray:
    """Cores with the outskirts that hang on them within reach."""
    parts, counts = components(core | (outskirts & dilate(core, _REACH_MM, spacing)))
    has_core = np.bincount(parts.ravel(), core.ravel(), counts.size) > 0
    has_core[0] = False
    return np.asarray(has_core[parts])

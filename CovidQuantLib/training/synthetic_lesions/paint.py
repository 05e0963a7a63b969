"""Paint pneumonia into a chest: lesions one after the other, each with an exact mask and its own number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS
from CovidQuantLib.ct import HuArray, LabelArray, MaskArray
from CovidQuantLib.messages import InputError
from CovidQuantLib.training.synthetic_lesions import clusters, fields
from CovidQuantLib.training.synthetic_lesions.chest import Chest, LungPlaces, lung_places
from CovidQuantLib.training.synthetic_lesions.drawing import MARGIN_MM, Drawn, Ground
from CovidQuantLib.training.synthetic_lesions.noise import ScanNoise, scan_noise
from CovidQuantLib.training.synthetic_lesions.plan import Burden, Request, requests
from CovidQuantLib.training.synthetic_lesions.published import (
    BORDER_SHARE,
    CLUSTERS_PALETTE,
    FIELDS_PALETTE,
    HUANG_MOST_SHARE,
    Palette,
    size_class,
)
from CovidQuantLib.training.synthetic_lesions.tissue import filled


@dataclass(frozen=True)
class Painter:
    """How one painter draws a lesion, and with which densities."""

    draw: Callable[[np.random.Generator, Request, Ground], Drawn | None]
    palette: Palette


PAINTERS = {"fields": Painter(fields.draw, FIELDS_PALETTE), "clusters": Painter(clusters.draw, CLUSTERS_PALETTE)}
"""`fields` paints what models are trained on; `clusters` is for evaluation only and never enters a training list."""

_GAP_MM = 4.0


@dataclass(frozen=True)
class PaintedLesion:
    """One lesion: its number in the map of lesions, kind, volume in ml and size class, and mean densities asked for."""

    number: int
    kind: str
    ml: float
    size: str
    consolidation_ml: float
    ground_glass_hu: float
    consolidation_hu: float


@dataclass(frozen=True)
class PaintedChest:
    """A painted CT (`hu`, int16) and its truth, all (k, j, i) on the chest's grid.

    `labels` (uint8) has 1 for ground glass and 2 for consolidation; `numbers` (uint16) says which lesion a voxel is
    of. Lesions lie apart by about 4 mm, so that each can be found by itself.
    """

    hu: HuArray
    labels: LabelArray
    numbers: npt.NDArray[np.uint16]
    lesions: tuple[PaintedLesion, ...]


@dataclass(frozen=True)
class Canvas:
    """A chest with what painting needs to know of it; one serves any number of cases."""

    chest: Chest
    places: LungPlaces
    noise: ScanNoise
    lung_level: float


def canvas_of(chest: Chest) -> Canvas:
    """Measure `chest` once (under a second for a grid of 1 mm). Raises `InputError` where it has no lungs."""
    if not chest.lungs.any():
        raise InputError("There are no lungs to paint lesions into. Give a chest with a lung mask.")
    return Canvas(chest, lung_places(chest), scan_noise(chest), chest.lung_level())


def paint_chest(canvas: Canvas, painter: str, burden: Burden, seed: int) -> PaintedChest:
    """`canvas` with pneumonia of this burden by the painter of this name (`PAINTERS`).

    The same arguments give the same case, voxel for voxel. A lesion that finds no room is left out.
    Raises `InputError` for an unknown painter.
    """
    if painter not in PAINTERS:
        raise InputError(f"There is no such painter. There are: {', '.join(PAINTERS)}.")
    rng = np.random.default_rng((seed, *painter.encode()))
    chest = canvas.chest
    hu, labels = chest.hu.copy(), np.zeros(chest.hu.shape, np.uint8)
    numbers = np.zeros(chest.hu.shape, np.uint16)
    ground = Ground(chest, canvas.places, np.zeros(chest.hu.shape, bool))
    lungs_ml = float(np.count_nonzero(chest.lungs)) * chest.geometry.voxel_ml
    lesions: list[PaintedLesion] = []
    for request in requests(rng, burden, PAINTERS[painter].palette, HUANG_MOST_SHARE * lungs_ml):
        drawn = PAINTERS[painter].draw(rng, request, ground)
        if drawn is None:
            continue
        lesion = _paint(rng, canvas, request, drawn, hu, labels, numbers, len(lesions) + 1)
        if lesion is not None:
            lesions.append(lesion)
            _take(ground, drawn)
    return PaintedChest(hu, labels, numbers, tuple(lesions))


def _paint(
    rng: np.random.Generator,
    canvas: Canvas,
    request: Request,
    drawn: Drawn,
    hu: HuArray,
    labels: LabelArray,
    numbers: npt.NDArray[np.uint16],
    number: int,
) -> PaintedLesion | None:
    """Write one lesion into `hu`, `labels` and `numbers`, in place; None where its mask is empty."""
    chest, box = canvas.chest, drawn.box
    mask = (drawn.lesion >= BORDER_SHARE) & (chest.lungs[box] > 0) & ~chest.airways[box] & (numbers[box] == 0)
    voxels = int(np.count_nonzero(mask))
    if voxels == 0:
        return None
    # Specks that fade to less than the mask's share would be seen far from any mask.
    drawn = replace(drawn, lesion=np.where(_spread(mask, MARGIN_MM, chest.spacing_kji), drawn.lesion, np.float32(0.0)))
    hu[box] = filled(rng, canvas.chest, canvas.noise, canvas.lung_level, request, drawn, hu[box])
    solid = mask & (drawn.core >= BORDER_SHARE)
    labels[box][mask] = GROUND_GLASS.label
    labels[box][solid] = CONSOLIDATION.label
    numbers[box][mask] = number
    ml = voxels * chest.geometry.voxel_ml
    return PaintedLesion(
        number,
        request.kind.value,
        ml,
        size_class(ml),
        float(np.count_nonzero(solid)) * chest.geometry.voxel_ml,
        request.ground_glass_hu,
        request.consolidation_hu,
    )


def _take(ground: Ground, drawn: Drawn) -> None:
    """Mark the lesion and a rim around it as taken, in place."""
    wide = []
    for part, step, length in zip(drawn.box, ground.chest.spacing_kji, ground.taken.shape, strict=True):
        reach = int(np.ceil(_GAP_MM / step))
        wide.append((min(reach, part.start), min(reach, length - part.stop)))
    touched = np.pad(drawn.lesion > 0.0, wide)
    outer = tuple(
        slice(part.start - before, part.stop + behind) for part, (before, behind) in zip(drawn.box, wide, strict=True)
    )
    ground.taken[outer] |= _spread(touched, _GAP_MM, ground.chest.spacing_kji)


def _spread(mask: MaskArray, reach_mm: float, spacing_kji: tuple[float, float, float]) -> MaskArray:
    """`mask` grown by a box that reaches at least so far to each side."""
    size = [2 * int(np.ceil(reach_mm / step)) + 1 for step in spacing_kji]
    return np.asarray(ndimage.maximum_filter(mask.view(np.uint8), size=size) > 0)

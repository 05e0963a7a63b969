"""From a case of the recipe to arrays on a model's grid."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS, LEFT_LUNG, RIGHT_LUNG
from CovidQuantLib.ct import Geometry, HuArray, LabelArray
from CovidQuantLib.ct.grid import Box, WorkingGrid
from CovidQuantLib.training.synthetic_lesions import (
    BURDENS,
    Canvas,
    Chest,
    PaintedLesion,
    canvas_of,
    consolidate,
    disturb,
    geometry_on,
    paint_chest,
)
from Testing.models.recipe import Case

LARGEST_HALF = 0.5


@dataclass(frozen=True)
class PaintedCase:
    """One case on one grid: image (HU), lungs, classes (1 ground glass, 2 consolidation) and numbers of lesions."""

    hu: HuArray
    lungs: LabelArray
    classes: LabelArray
    numbers: npt.NDArray[np.uint16]
    geometry: Geometry
    lesions: tuple[PaintedLesion, ...]


def infection_case(canvas: Canvas, painter: str, case: Case, *, solid: bool = True) -> PaintedCase:
    """The case on the chest's own grid; without `solid` no kind of lesion that holds consolidation is painted."""
    canvas = _disturbed(canvas, case)
    chest = canvas.chest
    classes, numbers = np.zeros(chest.hu.shape, np.uint8), np.zeros(chest.hu.shape, np.uint16)
    lesions: tuple[PaintedLesion, ...] = ()
    if case.painted is not None:
        burden = BURDENS[case.painted] if solid else replace(BURDENS[case.painted], solid=0.0)
        painted = paint_chest(canvas, painter, burden, case.seed)
        chest = _with_hu(chest, painted.hu)
        classes, numbers, lesions = painted.labels, painted.numbers, painted.lesions
    chest = _scanned(chest, case)
    return PaintedCase(chest.hu, chest.lungs, classes, numbers, chest.geometry, lesions)


def ground_glass_case(canvas: Canvas, painter: str, case: Case) -> PaintedCase:
    """A case without any consolidation: painted anew with the next seed until there is none, bands hold some."""
    while True:
        made = infection_case(canvas, painter, case, solid=False)
        if made.lesions and not (made.classes == CONSOLIDATION.label).any():
            return made
        case = replace(case, seed=case.seed + 1)


def lungs_case(canvas: Canvas, painter: str, case: Case) -> PaintedCase:
    """The case of the lungs model: parts of one or of both lungs dense, or pneumonia, or nothing."""
    if case.painted in BURDENS or case.painted is None:
        return infection_case(canvas, painter, case)
    canvas = _disturbed(canvas, case)
    rng = np.random.default_rng((case.seed, 1))
    sides = [RIGHT_LUNG.label, LEFT_LUNG.label]
    chosen = sides if case.painted == "both lungs dense" else [int(rng.choice(sides))]
    chest = canvas.chest
    for side in chosen:
        share = float(rng.uniform(0.2, 0.7) if len(chosen) == 2 else rng.uniform(0.3, 1.0))
        # The lung's level is that of the lung before anything was painted.
        chest = consolidate(Canvas(chest, canvas.places, canvas.noise, canvas.lung_level), side, share, case.seed)
    chest = _scanned(chest, case)
    nothing = np.zeros(chest.hu.shape, np.uint8)
    return PaintedCase(chest.hu, chest.lungs, nothing, nothing.astype(np.uint16), chest.geometry, ())


def at_spacing(case: PaintedCase, spacing_mm: float, slice_mm: float | None = None) -> PaintedCase:
    """The case on a grid of exactly `spacing_mm`, with slices every `slice_mm` where they are thicker.

    `numbers` is left empty: it is for evaluation at the finer grid.
    """
    spacing_kji = (spacing_mm if slice_mm is None else slice_mm, spacing_mm, spacing_mm)
    grid = WorkingGrid.exactly(case.geometry, Box((0, 0, 0), case.hu.shape), spacing_kji)
    lungs = np.zeros(grid.shape, np.uint8)
    for lung in (RIGHT_LUNG, LEFT_LUNG):
        lungs[grid.reduce_mask(case.lungs == lung.label)] = lung.label
    classes = np.zeros(grid.shape, np.uint8)
    if case.classes.any():
        glass, solid = (grid.share(case.classes == part.label) for part in (GROUND_GLASS, CONSOLIDATION))
        infected = glass + solid >= LARGEST_HALF
        classes[infected] = np.where(solid > glass, CONSOLIDATION.label, GROUND_GLASS.label)[infected]
    numbers = np.zeros(grid.shape, np.uint16)
    return PaintedCase(grid.reduce(case.hu), lungs, classes, numbers, geometry_on(grid), case.lesions)


def _disturbed(canvas: Canvas, case: Case) -> Canvas:
    chest = canvas.chest
    for kind in case.before:
        chest = disturb(chest, kind, case.seed)
    return canvas_of(chest) if case.before else canvas


def _scanned(chest: Chest, case: Case) -> Chest:
    for kind in case.after:
        chest = disturb(chest, kind, case.seed)
    return chest


def _with_hu(chest: Chest, hu: HuArray) -> Chest:
    return Chest(hu, chest.lungs, chest.airways, chest.geometry)

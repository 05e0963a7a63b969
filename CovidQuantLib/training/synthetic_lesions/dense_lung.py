"""Large parts of a lung without air, for the lungs model: the label is the lung, whatever fills it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from CovidQuantLib.anatomy import LEFT_LUNG, RIGHT_LUNG
from CovidQuantLib.messages import InputError
from CovidQuantLib.synthetic_chest.noise import texture
from CovidQuantLib.training.synthetic_lesions import bronchograms
from CovidQuantLib.training.synthetic_lesions.chest import Chest, Field
from CovidQuantLib.training.synthetic_lesions.drawing import Drawn, soft
from CovidQuantLib.training.synthetic_lesions.paint import Canvas
from CovidQuantLib.training.synthetic_lesions.plan import Kind, Request
from CovidQuantLib.training.synthetic_lesions.tissue import filled

_DENSE_HU = (-120.0, 45.0)
_OPEN_LUMEN = 0.6


def consolidate(canvas: Canvas, side: int, share: float, seed: int) -> Chest:
    """The chest with `share` (0 to 1) of the lung `side` (1 right, 2 left) consolidated, as a rule from the base up.

    The dense part is as dense as the organs and the effusion beside it, often with no edge towards them; bronchi stay
    open or are filled. The lungs stay what they are. Raises `InputError` for no such lung or share.
    """
    chest = canvas.chest
    if side not in (RIGHT_LUNG.label, LEFT_LUNG.label) or not 0.0 < share <= 1.0 or not (chest.lungs == side).any():
        raise InputError("Consolidation needs one of the lungs of this chest (1 right, 2 left) and a share up to 1.")
    rng = np.random.default_rng((seed, side))
    lung = chest.lungs == side
    where = np.argwhere(lung.any(axis=(1, 2)))
    low, high = int(where[0, 0]), int(where[-1, 0])
    box = (slice(low, high + 1), slice(0, chest.hu.shape[1]), slice(0, chest.hu.shape[2]))
    order = _order(rng, canvas, box, side)
    inside = lung[box]
    mask = inside & (order <= np.quantile(order[inside], share))
    spacing = chest.spacing_kji
    lesion = soft(mask, chest.lungs[box] > 0, float(rng.uniform(0.8, 4.0)), spacing)
    grain = 1.0 + 0.08 * texture(rng, mask.shape, tuple(max(1.0, 6.0 / step) for step in spacing))
    air = bronchograms.draw(rng, mask, spacing) if rng.random() < _OPEN_LUMEN else np.zeros(mask.shape, np.float32)
    request = Request(Kind.CONSOLIDATION, 1.0, -500.0, float(rng.uniform(*_DENSE_HU)))
    drawn = Drawn(box, lesion, np.ones(mask.shape, np.float32), np.clip(grain, 0.3, 2.0).astype(np.float32), air)
    hu = chest.hu.copy()
    lumen = chest.airways if rng.random() < _OPEN_LUMEN else np.zeros_like(chest.airways)
    hu[box] = filled(rng, replace(chest, airways=lumen), canvas.noise, canvas.lung_level, request, drawn, hu[box])
    return replace(chest, hu=hu)


def _order(rng: np.random.Generator, canvas: Canvas, box: tuple[slice, slice, slice], side: int) -> Field:
    """What consolidates first: the base, the back, the ribs' side, or anywhere, roughened."""
    chest = canvas.chest
    shape = tuple(part.stop - part.start for part in box)
    k = np.linspace(0.0, 1.0, shape[0], dtype=np.float32)[:, None, None]
    rows = np.flatnonzero((chest.lungs[box] == side).any(axis=(0, 2)))
    j = (np.arange(shape[1], dtype=np.float32) - rows[0]) / np.float32(max(1, rows[-1] - rows[0]))
    weights = rng.uniform(0.0, 1.0, 2)
    sigma = tuple(max(1.0, 25.0 / step) for step in chest.spacing_kji)
    rough = texture(rng, (shape[0], shape[1], shape[2]), sigma)
    return np.asarray(weights[0] * k + weights[1] * (1.0 - j)[None, :, None] + 0.15 * rough, np.float32)

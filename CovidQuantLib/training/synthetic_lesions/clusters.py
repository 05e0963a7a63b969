"""The second painter: clusters of secondary lobules and ellipsoids. For evaluation only: no model is trained on it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from CovidQuantLib.ct import MaskArray
from CovidQuantLib.training.synthetic_lesions import bronchograms
from CovidQuantLib.training.synthetic_lesions.chest import Field, Slices
from CovidQuantLib.training.synthetic_lesions.drawing import (
    MARGIN_MM,
    TRIES,
    Drawn,
    Ground,
    Preference,
    around,
    box_about,
    draw_seed,
    first_by_order,
    is_whole,
    offsets_mm,
    radius_mm,
    room_in,
    soft,
    voxels_of,
    within,
)
from CovidQuantLib.training.synthetic_lesions.lines import lobule_centres, septal_lines
from CovidQuantLib.training.synthetic_lesions.plan import Kind, Request

_PREFERENCE = Preference(costal_mm=11.0, back=1.5, base=1.2)
_LOBULE_MM = (9.0, 17.0)
_COARSE = 2
_ROUNDED_MM = 1.6


def draw(rng: np.random.Generator, request: Request, ground: Ground) -> Drawn | None:
    """One lesion; None where there is no room for it."""
    seed = draw_seed(rng, ground, _PREFERENCE)
    if seed is None:
        return None
    half = 1.9 * radius_mm(request) + 10.0
    for _ in range(TRIES):
        box = box_about(ground, seed, half)
        room = room_in(ground, box, int(ground.chest.lungs[seed]))
        cells = _lobules(rng, room.shape, ground.chest.spacing_kji)
        order = _order(rng, request, ground, box, seed, cells)
        mask = first_by_order(order, room, voxels_of(ground, request))
        if mask is not None and is_whole(mask, box, ground):
            part = around(mask, ground.chest.spacing_kji, MARGIN_MM)
            return _finished(rng, request, ground, within(box, part), mask[part], order[part], cells[part])
        half *= 1.4
    return None


def _lobules(
    rng: np.random.Generator, shape: tuple[int, ...], spacing_kji: tuple[float, float, float]
) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """The number of the lobule that each voxel (k, j, i) is in: cells of scattered points, by every second voxel."""
    centres = lobule_centres(rng, shape, spacing_kji, float(rng.uniform(*_LOBULE_MM)))
    axes = [np.arange(0, size, _COARSE) * step for size, step in zip(shape, spacing_kji, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    _, cell = cKDTree(centres).query(points.reshape(-1, 3))
    fine = cell.reshape(points.shape[:3])
    for axis, size in enumerate(shape):
        fine = np.repeat(fine, _COARSE, axis=axis).take(np.arange(size), axis=axis)
    return np.asarray(fine, np.int64)


def _order(
    rng: np.random.Generator,
    request: Request,
    ground: Ground,
    box: Slices,
    seed: tuple[int, int, int],
    cells: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
) -> Field:
    """Distance from a few turned ellipsoids; from one lobule on, lobule by lobule."""
    radius = radius_mm(request)
    order = np.full(cells.shape, np.inf, np.float32)
    for number in range(1 if request.kind is Kind.BAND else int(rng.integers(1, 5))):
        shift = rng.normal(0.0, 0.5 * radius, 3) / np.asarray(ground.chest.spacing_kji) if number else np.zeros(3)
        k, j, i = offsets_mm(ground, box, tuple(float(at + by) for at, by in zip(seed, shift, strict=True)))
        axes = np.array([0.35, 1.7, 1.7]) if request.kind is Kind.BAND else rng.uniform(0.6, 1.5, 3)
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0].astype(np.float32)
        away = np.zeros(cells.shape, np.float32)
        for (a, b, c), axis in zip(turn, axes, strict=True):
            away += ((k * a + j * b + i * c) / np.float32(axis)) ** 2
        np.minimum(order, np.sqrt(away), out=order)
    if request.ml < 2.0 or request.kind is Kind.BAND:
        return order
    count = int(cells.max()) + 1
    sizes = np.bincount(cells.ravel(), minlength=count)
    mean = np.bincount(cells.ravel(), weights=order.ravel(), minlength=count) / np.maximum(sizes, 1)
    mean += rng.normal(0.0, 0.12 * radius, count)
    # Lobules are no polyhedra of voxels: their corners are rounded.
    sigma = [_ROUNDED_MM / step for step in ground.chest.spacing_kji]
    by_cell = ndimage.gaussian_filter(mean.astype(np.float32)[cells], sigma, truncate=2.5)
    return np.asarray(by_cell + 0.05 * order, np.float32)


def _finished(
    rng: np.random.Generator,
    request: Request,
    ground: Ground,
    box: Slices,
    mask: MaskArray,
    order: Field,
    cells: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
) -> Drawn:
    spacing = ground.chest.spacing_kji
    inside = ground.chest.lungs[box] > 0
    fade = min(float(rng.uniform(0.8, 2.0)), 0.2 * radius_mm(request))
    lesion = soft(mask, inside, fade, spacing)
    core = _core(rng, request, mask, order, cells, spacing)
    # Each lobule is filled by itself; fine grain only.
    lifts = np.clip(rng.normal(1.0, 0.16, int(cells.max()) + 1), 0.6, 1.5).astype(np.float32)
    sigma = [_ROUNDED_MM / step for step in spacing]
    grain = ndimage.gaussian_filter(lifts[cells], sigma, truncate=2.0)
    if request.kind is Kind.CRAZY_PAVING:
        grain += rng.uniform(0.3, 0.6) * septal_lines(rng, lesion > 0, spacing, pitch_mm=float(rng.uniform(5, 8)))
    air = np.zeros(mask.shape, np.float32)
    if request.kind is Kind.CONSOLIDATION and request.ml > 5.0 and rng.random() < 0.5:
        air = bronchograms.draw(rng, mask, spacing)
    return Drawn(box, lesion, core, np.clip(grain, 0.3, 2.0).astype(np.float32), air)


def _core(
    rng: np.random.Generator,
    request: Request,
    mask: MaskArray,
    order: Field,
    cells: np.ndarray[tuple[int, ...], np.dtype[np.int64]],
    spacing: tuple[float, float, float],
) -> Field:
    """Where the lesion is consolidation: whole lobules of a mixed one, the inside or the rim of a halo."""
    if request.kind is Kind.CONSOLIDATION:
        return np.ones(mask.shape, np.float32)
    if request.kind is Kind.MIXED:
        solid = mask & (rng.random(int(cells.max()) + 1) < rng.uniform(0.15, 0.5))[cells]
    elif request.kind in (Kind.HALO, Kind.REVERSED_HALO):
        deep = ndimage.distance_transform_edt(mask, sampling=spacing)
        rim = mask & (deep < float(rng.uniform(2.5, 5.0)))
        inner = mask & (order <= np.quantile(order[mask], float(rng.uniform(0.2, 0.45))))
        solid = rim if request.kind is Kind.REVERSED_HALO else inner
    else:
        return np.zeros(mask.shape, np.float32)
    return soft(solid, np.ones(mask.shape, bool), 1.4, spacing)

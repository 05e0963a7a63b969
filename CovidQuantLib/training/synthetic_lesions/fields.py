"""The first painter: thresholded smooth random fields, shaped along the pleura. Models learn from what it paints."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from CovidQuantLib.ct import MaskArray
from CovidQuantLib.synthetic_chest.noise import texture
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
from CovidQuantLib.training.synthetic_lesions.lines import septal_lines
from CovidQuantLib.training.synthetic_lesions.plan import Kind, Request

_PERIPHERAL = Preference(costal_mm=9.0, back=2.0, base=1.5)
_ANYWHERE = Preference(costal_mm=60.0, back=1.0, base=0.6)
_PERIPHERAL_SHARE = 0.78
_CONFLUENT_ML = 60.0
_PATCHY_ML = 20.0
_FRAYED_SHARE = 0.6


def draw(rng: np.random.Generator, request: Request, ground: Ground) -> Drawn | None:
    """One lesion; None where there is no room for it."""
    peripheral = request.kind is Kind.BAND or rng.random() < _PERIPHERAL_SHARE
    seed = draw_seed(rng, ground, _PERIPHERAL if peripheral else _ANYWHERE)
    if seed is None:
        return None
    flat = _flatness(rng, request, peripheral=peripheral)
    half = 1.7 * radius_mm(request) * flat**0.45 + 8.0
    for _ in range(TRIES):
        box = box_about(ground, seed, half)
        room = room_in(ground, box, int(ground.chest.lungs[seed]))
        order = _order(rng, request, ground, box, seed, flat)
        mask = first_by_order(order, room, voxels_of(ground, request))
        if mask is not None and is_whole(mask, box, ground):
            part = around(mask, ground.chest.spacing_kji, MARGIN_MM)
            return _finished(rng, request, ground, within(box, part), mask[part], order[part])
        half *= 1.4
    return None


def _flatness(rng: np.random.Generator, request: Request, *, peripheral: bool) -> float:
    """How much thinner than wide the lesion lies along the pleura: 1 is a ball."""
    if request.kind is Kind.BAND:
        return float(rng.uniform(5.0, 9.0))
    return float(rng.uniform(1.0, 3.2)) if peripheral else float(rng.uniform(0.8, 1.3))


def _order(
    rng: np.random.Generator, request: Request, ground: Ground, box: Slices, seed: tuple[int, int, int], flat: float
) -> Field:
    """Which voxels the lesion takes first: near its seeds, at their depth under the pleura, roughened."""
    shape = tuple(part.stop - part.start for part in box)
    shape = (shape[0], shape[1], shape[2])
    radius = radius_mm(request)
    spacing = ground.chest.spacing_kji
    depth = ground.places.costal_in(box)
    order = np.full(shape, np.inf, np.float32)
    for centre in _centres(rng, request, ground, box, seed, radius):
        k, j, i = offsets_mm(ground, box, centre)
        stretch = rng.uniform(0.75, 1.3, 3)
        away = np.sqrt((k * stretch[0]) ** 2 + (j * stretch[1]) ** 2 + (i * stretch[2]) ** 2)
        at = tuple(int(c) - part.start for c, part in zip(centre, box, strict=True))
        deeper = (depth - depth[at]) * np.float32(flat)
        np.minimum(order, np.sqrt(away**2 + (deeper**2 if flat > 1.0 else 0.0)), out=order)
    rough = 0.28 if request.kind is not Kind.BAND else 0.12
    wide = ((rough * radius, 0.45 * radius), (0.6 * rough * radius, 0.18 * radius))
    fine = ((min(4.0, 0.15 * radius), 3.5),) if request.ml > _PATCHY_ML else ()
    for amount, width in (*wide, *fine):
        sigma = tuple(max(1.0, width / step) for step in spacing)
        order += np.float32(amount) * texture(rng, shape, sigma)
    return order


def _centres(
    rng: np.random.Generator, request: Request, ground: Ground, box: Slices, seed: tuple[int, int, int], radius: float
) -> Sequence[tuple[float, ...]]:
    """The seed, and for a confluent lesion some more in the same lung around it."""
    centres: list[tuple[float, ...]] = [seed]
    if request.ml < _CONFLUENT_ML or request.kind is Kind.BAND:
        return centres
    side = ground.chest.lungs[seed]
    for _ in range(int(rng.integers(2, 7))):
        shift = rng.normal(0.0, 0.75 * radius, 3) / np.asarray(ground.chest.spacing_kji)
        other = tuple(float(at + by) for at, by in zip(seed, shift, strict=True))
        inside = all(part.start <= at < part.stop - 1 for at, part in zip(other, box, strict=True))
        if inside and ground.chest.lungs[tuple(int(at) for at in other)] == side:
            centres.append(other)
    return centres


def _finished(
    rng: np.random.Generator, request: Request, ground: Ground, box: Slices, mask: MaskArray, order: Field
) -> Drawn:
    spacing = ground.chest.spacing_kji
    radius = radius_mm(request)
    inside = ground.chest.lungs[box] > 0
    fade = _fade_mm(rng, request, radius)
    lesion = soft(mask, inside, fade, spacing)
    core = _core(rng, request, mask, order, spacing, min(fade, 1.6))
    grain = 1.0 + 0.13 * texture(rng, mask.shape, tuple(max(1.0, 5.0 / step) for step in spacing))
    grain += 0.10 * texture(rng, mask.shape, tuple(max(0.8, 1.6 / step) for step in spacing))
    if request.ml > _PATCHY_ML:
        grain += 0.22 * texture(rng, mask.shape, tuple(max(1.0, 11.0 / step) for step in spacing))
    if request.kind is Kind.CRAZY_PAVING:
        grain += rng.uniform(0.35, 0.7) * septal_lines(rng, lesion > 0, spacing, pitch_mm=float(rng.uniform(7, 11)))
    air = np.zeros(mask.shape, np.float32)
    if request.kind in (Kind.CONSOLIDATION, Kind.MIXED) and request.ml > 8.0 and rng.random() < 0.6:
        air = bronchograms.draw(rng, core * lesion > 0.5, spacing)
    return Drawn(box, lesion, core, np.clip(grain, 0.3, 2.2).astype(np.float32), air)


def _fade_mm(rng: np.random.Generator, request: Request, radius: float) -> float:
    if request.kind is Kind.BAND:
        return 0.7
    wide = (0.8, 2.0) if request.kind is Kind.CONSOLIDATION else (1.0, 4.0)
    return min(float(rng.uniform(*wide)), 0.22 * radius)


def _core(
    rng: np.random.Generator,
    request: Request,
    mask: MaskArray,
    order: Field,
    spacing: tuple[float, float, float],
    fade_mm: float,
) -> Field:
    """Where the lesion is consolidation: nowhere, everywhere, inside, in a ring, or in patches."""
    if request.kind is Kind.CONSOLIDATION or (request.kind is Kind.BAND and request.consolidation_hu > -100.0):
        return np.ones(mask.shape, np.float32)
    if request.kind not in (Kind.MIXED, Kind.HALO, Kind.REVERSED_HALO):
        return np.zeros(mask.shape, np.float32)
    if request.kind is Kind.MIXED:
        patches = texture(rng, mask.shape, tuple(max(1.0, 0.4 * radius_mm(request) / step) for step in spacing))
        field = order / np.float32(radius_mm(request)) + 0.7 * patches
        if rng.random() < _FRAYED_SHARE:
            field += 0.5 * texture(rng, mask.shape, tuple(max(0.8, 2.2 / step) for step in spacing))
            fade_mm = min(fade_mm, 0.8)
        share = float(rng.uniform(0.08, 0.6))
    else:
        field = order
        share = float(rng.uniform(0.15, 0.5)) if request.kind is Kind.HALO else float(rng.uniform(0.4, 0.65))
    inner = mask & (field <= np.quantile(field[mask], share))
    solid = mask & ~inner if request.kind is Kind.REVERSED_HALO else inner
    return soft(solid, np.ones(mask.shape, bool), fade_mm, spacing)

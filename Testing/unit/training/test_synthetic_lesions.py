"""Painted pneumonia: an exact mask, stated sizes and densities, nothing touched elsewhere, the same at each call."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from CovidQuantLib.ct import Geometry
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.messages import InputError
from CovidQuantLib.synthetic_chest import SMALL, lesion_free, make_chest
from CovidQuantLib.training.synthetic_lesions import (
    BURDENS,
    PAINTERS,
    PATIENT,
    SCAN,
    Canvas,
    Chest,
    PaintedChest,
    canvas_of,
    chest_on_grid,
    consolidate,
    disturb,
    paint_chest,
)
from CovidQuantLib.training.synthetic_lesions.drawing import MARGIN_MM
from CovidQuantLib.training.synthetic_lesions.plan import Kind, requests
from CovidQuantLib.training.synthetic_lesions.published import (
    FIELDS_PALETTE,
    HUANG_MOST_SHARE,
    LEAST_LIFT_HU,
    PAN_MODERATE_ML,
    SIZE_CLASSES_ML,
    size_class,
)

SPLIT_HU = -200.0


@pytest.fixture(scope="module")
def canvas() -> Canvas:
    made = make_chest(lesion_free(SMALL))
    return canvas_of(Chest(made.ct.hu, made.lungs, made.airways, made.ct.geometry))


@pytest.fixture(scope="module", params=sorted(PAINTERS))
def painted(canvas: Canvas, request: pytest.FixtureRequest) -> PaintedChest:
    return paint_chest(canvas, request.param, BURDENS["severe"], seed=3)


def test_every_infected_voxel_lies_in_a_lung_and_in_no_lumen(canvas: Canvas, painted: PaintedChest) -> None:
    infected = painted.labels > 0
    assert infected.any()
    assert (canvas.chest.lungs[infected] > 0).all()
    assert not canvas.chest.airways[infected].any()


def test_nothing_changes_beyond_the_soft_border_of_a_lesion(canvas: Canvas, painted: PaintedChest) -> None:
    away = ndimage.distance_transform_edt(painted.labels == 0, sampling=canvas.chest.spacing_kji)
    far = away > 3**0.5 * (MARGIN_MM + max(canvas.chest.spacing_kji))
    assert far.any()
    assert np.array_equal(painted.hu[far], canvas.chest.hu[far])
    assert np.array_equal(painted.hu[canvas.chest.airways], canvas.chest.hu[canvas.chest.airways])


def test_the_mask_holds_what_got_denser(canvas: Canvas, painted: PaintedChest) -> None:
    lung = (canvas.chest.lungs > 0) & (canvas.chest.hu < -700)
    lift = painted.hu.astype(float) - canvas.chest.hu
    inside = ndimage.binary_erosion(painted.labels > 0) & lung
    outside = (ndimage.distance_transform_edt(painted.labels == 0) > 3.0) & lung
    assert np.median(lift[inside]) > LEAST_LIFT_HU
    assert abs(np.median(lift[outside])) < 1.0


def test_the_numbers_and_volumes_of_lesions_are_those_of_the_mask(canvas: Canvas, painted: PaintedChest) -> None:
    assert np.array_equal(painted.numbers > 0, painted.labels > 0)
    voxel_ml = canvas.chest.geometry.voxel_ml
    for lesion in painted.lesions:
        of_it = painted.numbers == lesion.number
        assert lesion.ml == pytest.approx(np.count_nonzero(of_it) * voxel_ml)
        assert lesion.consolidation_ml == pytest.approx(np.count_nonzero(of_it & (painted.labels == 2)) * voxel_ml)
        assert lesion.size == size_class(lesion.ml)


def test_lesions_lie_apart(painted: PaintedChest) -> None:
    for lesion in painted.lesions[:5]:
        near = ndimage.binary_dilation(painted.numbers == lesion.number)
        assert set(np.unique(painted.numbers[near])) <= {0, lesion.number}


def test_the_same_seed_paints_the_same_case_and_another_one_another(canvas: Canvas) -> None:
    first, again, other = (paint_chest(canvas, "fields", BURDENS["moderate"], seed) for seed in (1, 1, 2))
    assert np.array_equal(first.hu, again.hu)
    assert np.array_equal(first.labels, again.labels)
    assert first.lesions == again.lesions
    assert not np.array_equal(first.labels, other.labels)


def test_the_painters_differ(canvas: Canvas) -> None:
    one, other = (paint_chest(canvas, name, BURDENS["severe"], seed=3) for name in ("fields", "clusters"))
    both = np.count_nonzero((one.labels > 0) & (other.labels > 0))
    assert 2 * both < 0.7 * (np.count_nonzero(one.labels) + np.count_nonzero(other.labels))


@pytest.mark.parametrize("name", sorted(PAINTERS))
def test_ground_glass_and_consolidation_overlap_at_the_split(name: str) -> None:
    rng, palette = np.random.default_rng(0), PAINTERS[name].palette
    asked = [one for _ in range(80) for one in requests(rng, BURDENS["moderate"], palette, 3000.0)]
    glass = np.array([one.ground_glass_hu for one in asked])
    solid = np.array([one.consolidation_hu for one in asked])
    assert palette.ground_glass.low <= glass.min() < SPLIT_HU < glass.max() <= palette.ground_glass.high
    assert palette.consolidation.low <= solid.min() < SPLIT_HU < solid.max() <= palette.consolidation.high
    assert {one.kind for one in asked} == set(Kind)


@pytest.mark.parametrize("kind", [Kind.GROUND_GLASS, Kind.CONSOLIDATION])
def test_a_lesion_is_as_dense_as_it_says(canvas: Canvas, painted: PaintedChest, kind: Kind) -> None:
    for lesion in painted.lesions:
        inside = ndimage.binary_erosion(painted.numbers == lesion.number) & (canvas.chest.hu < -750)
        asked = lesion.ground_glass_hu if kind is Kind.GROUND_GLASS else lesion.consolidation_hu
        if lesion.kind == kind.value and np.count_nonzero(inside) > 60 and asked > canvas.lung_level + LEAST_LIFT_HU:
            assert float(np.mean(painted.hu[inside])) == pytest.approx(asked, abs=110.0)


@pytest.mark.parametrize("name", sorted(BURDENS))
def test_lesions_keep_to_their_bounds(name: str) -> None:
    rng = np.random.default_rng(1)
    for _ in range(100):
        volumes = [one.ml for one in requests(rng, BURDENS[name], FIELDS_PALETTE, 1500.0)]
        assert sum(volumes) <= 1500.0 + 1e-6
        assert volumes == sorted(volumes, reverse=True)
        assert all(SIZE_CLASSES_ML["small"][0] <= ml <= BURDENS[name].largest_ml for ml in volumes)


def test_every_size_class_is_painted() -> None:
    rng = np.random.default_rng(2)
    asked = [requests(rng, burden, FIELDS_PALETTE, 3000.0) for _ in range(60) for burden in BURDENS.values()]
    sizes = {size_class(one.ml) for case in asked for one in case}
    assert sizes == set(SIZE_CLASSES_ML)


def test_a_burden_goes_through_the_published_quartiles() -> None:
    assert PAN_MODERATE_ML.at(0.0) == pytest.approx(51.35)
    assert PAN_MODERATE_ML.at(-0.6745) == pytest.approx(5.26)
    assert PAN_MODERATE_ML.at(0.6745) == pytest.approx(127.96)


def test_no_more_is_painted_than_was_published(canvas: Canvas, painted: PaintedChest) -> None:
    assert np.count_nonzero(painted.labels) <= 1.02 * HUANG_MOST_SHARE * np.count_nonzero(canvas.chest.lungs)


@pytest.mark.parametrize("kind", [*PATIENT, *SCAN])
def test_a_disturbance_changes_the_scan_and_leaves_lungs_as_lungs(canvas: Canvas, kind: str) -> None:
    chest = disturb(canvas.chest, kind, seed=5)
    assert chest.hu.dtype == np.int16
    assert chest.hu.shape == canvas.chest.hu.shape
    assert not np.array_equal(chest.hu, canvas.chest.hu)
    assert set(np.unique(chest.lungs)) == {0, 1, 2}
    assert 0.5 < np.count_nonzero(chest.lungs) / np.count_nonzero(canvas.chest.lungs) < 1.5
    assert np.array_equal(chest.hu, disturb(canvas.chest, kind, seed=5).hu)
    if kind != "reshaped":
        assert np.array_equal(chest.lungs, canvas.chest.lungs)


def test_a_reshaped_chest_keeps_its_lungs_on_its_lungs(canvas: Canvas) -> None:
    chest = disturb(canvas.chest, "reshaped", seed=5)
    assert np.median(chest.hu[chest.lungs > 0]) < -700
    assert not np.array_equal(chest.lungs, canvas.chest.lungs)


@pytest.mark.parametrize("side", [1, 2])
def test_a_consolidated_lung_stays_a_lung_without_air(canvas: Canvas, side: int) -> None:
    chest = consolidate(canvas, side, 0.6, seed=1)
    assert np.array_equal(chest.lungs, canvas.chest.lungs)
    dense = {one: float(np.mean(chest.hu[chest.lungs == one] > -300)) for one in (1, 2)}
    assert dense[side] > 0.5
    assert dense[3 - side] < 0.2


def test_a_coarser_grid_keeps_volumes_and_places(canvas: Canvas) -> None:
    chest = canvas.chest
    coarse = chest_on_grid(chest, Box((10, 0, 0), chest.hu.shape), 7.0)
    assert coarse.geometry.spacing_kji == pytest.approx((7.0, 7.0, 7.0), rel=0.02)
    middle = [np.mean(np.argwhere(one.lungs == 1), axis=0) for one in (chest, coarse)]
    apart = chest.geometry.to_lps(middle[0]) - coarse.geometry.to_lps(middle[1])
    assert np.abs(apart).max() < 4.0


def test_what_is_not_known_or_not_there_is_refused(canvas: Canvas) -> None:
    nothing = np.zeros((8, 8, 8), np.int16)
    geometry = Geometry((8, 8, 8), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
    with pytest.raises(InputError, match="no lungs"):
        canvas_of(Chest(nothing, nothing.astype(np.uint8), nothing > 0, geometry))
    with pytest.raises(InputError, match="no such painter"):
        paint_chest(canvas, "oils", BURDENS["moderate"], 0)
    with pytest.raises(InputError, match="no such disturbance"):
        disturb(canvas.chest, "shaken", 0)
    with pytest.raises(InputError, match="one of the lungs"):
        consolidate(canvas, 3, 0.5, 0)

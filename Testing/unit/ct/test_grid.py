"""Working grids: what is averaged is kept, what is linear stays linear, and borders come back where they were."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from CovidQuantLib.ct import Geometry
from CovidQuantLib.ct.grid import Box, WorkingGrid, bounding_box

SHAPE = (19, 30, 41)
WHOLE = Box((0, 0, 0), SHAPE)
GEOMETRY = Geometry(
    shape=SHAPE, spacing=(0.7, 0.8, 1.25), origin=(0.0, 0.0, 0.0), direction=(1, 0, 0, 0, 1, 0, 0, 0, 1)
)
CUBES = Geometry(shape=(18, 30, 42), spacing=(1.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0), direction=GEOMETRY.direction)
INNER = Box((2, 5, 7), (17, 29, 38))
SPACINGS = [0.5, 1.0, 1.4, 2.0, 3.3, 50.0]
GRIDS = [WorkingGrid.over(GEOMETRY, box, spacing) for box in (WHOLE, INNER) for spacing in SPACINGS]


def names(grid: WorkingGrid) -> str:
    return f"{grid.box.shape} to {grid.shape}"


def random(shape: tuple[int, ...] = SHAPE) -> npt.NDArray[np.float32]:
    return np.random.default_rng(0).normal(-500, 300, shape).astype(np.float32)


def ramp(shape: tuple[int, ...] = SHAPE) -> npt.NDArray[np.float32]:
    k, j, i = np.indices(shape)
    return (3 * k - 2 * j + 5 * i + 11).astype(np.float32)


@pytest.mark.parametrize("grid", GRIDS, ids=names)
def test_a_grid_covers_its_box(grid: WorkingGrid) -> None:
    for fine, fine_mm, coarse, coarse_mm in zip(
        grid.box.shape, GEOMETRY.spacing_kji, grid.shape, grid.spacing_kji, strict=True
    ):
        assert coarse * coarse_mm == pytest.approx(fine * fine_mm)
        assert coarse <= fine


def test_axes_that_are_coarser_already_stay_as_they_are() -> None:
    grid = WorkingGrid.over(GEOMETRY, WHOLE, 1.25)
    assert grid.shape[0] == SHAPE[0]
    assert grid.step[0] == 1.0


@pytest.mark.parametrize("grid", GRIDS, ids=names)
def test_averaging_keeps_the_sum_times_the_volume(grid: WorkingGrid) -> None:
    values = random()
    fine = values[grid.box.slices].sum(dtype=np.float64)
    assert grid.reduce(values).sum(dtype=np.float64) * np.prod(grid.step) == pytest.approx(fine, rel=1e-5)


@pytest.mark.parametrize("grid", GRIDS, ids=names)
def test_a_constant_stays_constant_there_and_back(grid: WorkingGrid) -> None:
    values = np.full(SHAPE, -850, np.int16)
    coarse = grid.reduce(values)
    assert coarse.dtype == np.int16
    assert (coarse == -850).all()
    np.testing.assert_allclose(grid.expand(coarse.astype(np.float32)), -850, rtol=1e-5)


def test_a_whole_number_of_voxels_gives_the_mean_of_the_block() -> None:
    grid = WorkingGrid.over(CUBES, Box((0, 0, 0), CUBES.shape), 3.0)
    values = random(CUBES.shape)
    blocks = values.reshape(6, 3, 10, 3, 14, 3).mean(axis=(1, 3, 5))
    np.testing.assert_allclose(grid.reduce(values), blocks, rtol=1e-4)


def test_a_grid_of_the_ct_s_own_spacing_changes_nothing() -> None:
    grid = WorkingGrid.over(GEOMETRY, INNER, 0.1)
    values = random()
    np.testing.assert_array_equal(grid.reduce(values), values[INNER.slices])
    np.testing.assert_array_equal(grid.expand(values[INNER.slices]), values[INNER.slices])
    labels = (values[INNER.slices] > -500).astype(np.uint8) * 7
    np.testing.assert_array_equal(grid.expand_labels(labels), labels)


def inside(grid: WorkingGrid) -> tuple[slice, ...]:
    """The fine voxels that lie between coarse samples on every side."""
    return tuple(
        slice(int(np.ceil(step)), int(size - step)) for size, step in zip(grid.box.shape, grid.step, strict=True)
    )


@pytest.mark.parametrize("spacing", [2.0, 3.0])
def test_what_is_linear_comes_back_exactly_between_the_samples(spacing: float) -> None:
    grid = WorkingGrid.over(CUBES, Box((0, 0, 0), CUBES.shape), spacing)
    there_and_back = grid.expand(grid.reduce(ramp(CUBES.shape)))
    np.testing.assert_allclose(there_and_back[inside(grid)], ramp(CUBES.shape)[inside(grid)], atol=1e-3)


@pytest.mark.parametrize("grid", GRIDS[:5] + GRIDS[6:11], ids=names)
def test_what_is_linear_moves_by_less_than_an_eighth_of_a_voxel_for_any_step(grid: WorkingGrid) -> None:
    difference = grid.expand(grid.reduce(ramp())) - ramp()[grid.box.slices]
    assert np.abs(difference[inside(grid)]).max(initial=0.0) <= (3 + 2 + 5) / 8


@pytest.mark.parametrize("grid", GRIDS, ids=names)
def test_a_mirrored_ct_gives_mirrored_values(grid: WorkingGrid) -> None:
    box = grid.box
    mirrored = Box(
        (SHAPE[0] - box.stop[0], SHAPE[1] - box.stop[1], SHAPE[2] - box.stop[2]),
        (SHAPE[0] - box.start[0], SHAPE[1] - box.start[1], SHAPE[2] - box.start[2]),
    )
    other = WorkingGrid(mirrored, grid.step, grid.shape, grid.geometry)
    values = random()
    coarse = grid.reduce(values)
    np.testing.assert_allclose(other.reduce(np.flip(values)), np.flip(coarse), rtol=1e-4, atol=1e-2)
    np.testing.assert_allclose(other.expand(np.flip(coarse)), np.flip(grid.expand(coarse)), rtol=1e-4, atol=1e-2)


def test_expanded_values_stay_between_the_samples() -> None:
    grid = WorkingGrid.over(GEOMETRY, WHOLE, 3.3)
    coarse = random(grid.shape)
    fine = grid.expand(coarse)
    assert fine.shape == SHAPE
    assert fine.dtype == np.float32
    assert coarse.min() - 1e-3 <= fine.min() <= fine.max() <= coarse.max() + 1e-3


def test_a_mask_is_set_where_it_fills_at_least_half() -> None:
    grid = WorkingGrid.over(CUBES, Box((0, 0, 0), CUBES.shape), 2.0)
    mask = np.zeros(CUBES.shape, bool)
    mask[:9] = True
    assert grid.reduce_mask(mask)[:5].all()
    assert not grid.reduce_mask(mask)[5:].any()
    assert (grid.share(mask)[4] == 0.5).all()


@pytest.mark.parametrize("spacing", SPACINGS[1:5])
def test_the_share_of_a_mask_keeps_its_volume(spacing: float) -> None:
    grid = WorkingGrid.over(GEOMETRY, INNER, spacing)
    mask = random() > -400
    assert grid.share(mask).sum() * np.prod(grid.step) == pytest.approx(mask[INNER.slices].sum(), rel=1e-4)


@pytest.mark.parametrize("grid", GRIDS, ids=names)
def test_labels_are_those_with_the_largest_interpolated_mask(grid: WorkingGrid) -> None:
    labels = np.random.default_rng(2).integers(0, 5, grid.shape).astype(np.uint8)
    masks = np.stack([grid.expand((labels == label).astype(np.float32)) for label in range(5)])
    won = grid.expand_labels(labels)
    assert won.shape == grid.box.shape
    weight_of_winner = np.take_along_axis(masks, won[None].astype(np.intp), axis=0)[0]
    np.testing.assert_allclose(weight_of_winner, masks.max(axis=0), atol=1e-4)


def test_even_votes_go_to_the_smallest_label() -> None:
    grid = WorkingGrid.over(CUBES, Box((0, 0, 0), (1, 1, 6)), 2.0)
    # Fine voxels lie a quarter and three quarters of the way between samples: no draw, and the border half-way.
    assert grid.expand_labels(np.array([[[2, 1, 2]]], np.uint8)).tolist() == [[[2, 2, 1, 1, 2, 2]]]
    odd = WorkingGrid(Box((0, 0, 0), (1, 1, 3)), (1.0, 1.0, 1.5), (1, 1, 2), CUBES)
    assert odd.expand_labels(np.array([[[2, 1]]], np.uint8)).tolist() == [[[2, 1, 1]]]


@pytest.mark.parametrize("spacing", [1.4, 2.0, 3.3])
def test_the_border_of_a_half_space_comes_back_within_half_a_coarse_voxel(spacing: float) -> None:
    grid = WorkingGrid.over(GEOMETRY, WHOLE, spacing)
    normal = np.array([0.5, 0.3, -0.8]) / np.linalg.norm([0.5, 0.3, -0.8])
    mm = np.indices(SHAPE) * np.reshape(GEOMETRY.spacing_kji, (3, 1, 1, 1))
    height = np.tensordot(normal, mm - np.reshape(np.array(SHAPE) / 2 * GEOMETRY.spacing_kji, (3, 1, 1, 1)), 1)
    expanded = grid.expand_labels(grid.reduce_mask(height > 0).astype(np.uint8))
    wrong = expanded != (height > 0)
    assert np.abs(height[wrong]).max() < 0.5 * max(grid.spacing_kji)
    assert wrong.mean() < 0.03


def test_pasting_touches_the_box_alone() -> None:
    grid = WorkingGrid.over(GEOMETRY, INNER, 2.0)
    whole = np.full(SHAPE, 9, np.uint8)
    grid.paste(np.zeros(INNER.shape, np.uint8), whole)
    assert (whole[INNER.slices] == 0).all()
    assert (whole == 9).sum() == whole.size - np.prod(INNER.shape)


@pytest.mark.parametrize("kind", [np.bool_, np.uint8, np.int16])
def test_a_bounding_box_is_the_smallest_that_holds_everything(kind: type) -> None:
    mask: npt.NDArray[np.generic] = np.zeros(SHAPE, kind)
    mask[4, 6, 30] = mask[10, 3, 8] = 1
    assert bounding_box(mask, GEOMETRY) == Box((4, 3, 8), (11, 7, 31))


def test_a_margin_in_mm_is_rounded_up_and_cut_at_the_border() -> None:
    mask = np.zeros(SHAPE, bool)
    mask[4, 6, 38] = True
    assert bounding_box(mask, GEOMETRY, margin_mm=2.0) == Box((2, 3, 35), (7, 10, 41))


def test_an_empty_mask_has_the_whole_grid_as_its_box() -> None:
    assert bounding_box(np.zeros(SHAPE, bool), GEOMETRY) == WHOLE


FINER = [(0.5, 0.4, 1.25), (0.9, 0.8, 0.35), (2.0, 2.0, 2.0), (3.1, 0.31, 50.0)]
EXACT = [WorkingGrid.exactly(GEOMETRY, box, spacing) for box in (WHOLE, INNER) for spacing in FINER]


@pytest.mark.parametrize("grid", EXACT, ids=names)
def test_an_exact_grid_has_its_spacing_and_covers_its_box(grid: WorkingGrid) -> None:
    assert any(grid.spacing_kji == pytest.approx(wanted) for wanted in FINER)
    for size, step, samples in zip(grid.box.shape, grid.step, grid.shape, strict=True):
        assert size - 0.02 * step <= samples * step < size + step


@pytest.mark.parametrize("spacing", [GEOMETRY.spacing_kji, tuple(0.993 * mm for mm in GEOMETRY.spacing_kji)])
def test_an_exact_grid_of_the_ct_s_own_spacing_changes_nothing(spacing: tuple[float, float, float]) -> None:
    grid = WorkingGrid.exactly(GEOMETRY, INNER, spacing)
    values = random()
    np.testing.assert_array_equal(grid.reduce(values), values[INNER.slices])
    np.testing.assert_array_equal(grid.expand(values[INNER.slices]), values[INNER.slices])


def test_a_finer_grid_interpolates_linearly_and_holds_the_border() -> None:
    line = Geometry((1, 1, 3), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), GEOMETRY.direction)
    grid = WorkingGrid.exactly(line, Box((0, 0, 0), line.shape), (1.0, 1.0, 0.5))
    values = np.array([[[0.0, 8.0, 4.0]]], np.float32)
    assert grid.reduce(values).tolist() == [[[0.0, 2.0, 6.0, 7.0, 5.0, 4.0]]]


def test_an_exact_grid_that_sticks_out_lies_centred_and_leaves_what_is_outside_uncounted() -> None:
    line = Geometry((1, 1, 5), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), GEOMETRY.direction)
    grid = WorkingGrid.exactly(line, Box((0, 0, 0), line.shape), (1.0, 1.0, 2.0))
    # Three samples of two voxels over five voxels: half a voxel sticks out on each side.
    assert grid.reduce(np.array([[[6, 0, 4, 8, 3]]], np.float32)) == pytest.approx(np.array([[[4.0, 4.0, 14 / 3]]]))


@pytest.mark.parametrize("grid", EXACT, ids=names)
def test_what_is_linear_stays_where_it_is_on_an_exact_grid(grid: WorkingGrid) -> None:
    position = np.indices(grid.shape, dtype=np.float64)
    for axis, (start, size, samples, step) in enumerate(
        zip(grid.box.start, grid.box.shape, grid.shape, grid.step, strict=True)
    ):
        position[axis] = start + size / 2 + (position[axis] + 0.5 - samples / 2) * step - 0.5
    expected = 3 * position[0] - 2 * position[1] + 5 * position[2] + 11
    middle = tuple(
        slice(math.ceil(1 / step), samples - math.ceil(1 / step))
        for step, samples in zip(grid.step, grid.shape, strict=True)
    )
    # Averaging a ramp over parts of voxels is not exactly linear: under an eighth of a voxel, as for other grids.
    assert np.abs(grid.reduce(ramp())[middle] - expected[middle]).max(initial=0.0) <= (3 + 2 + 5) / 8


@pytest.mark.parametrize("grid", [GRIDS[3], EXACT[5]], ids=names)
def test_parts_of_the_planes_are_expanded_as_the_whole_is(grid: WorkingGrid) -> None:
    coarse = random(grid.shape)
    planes = grid.box.shape[0]
    parts = [grid.expand_planes(coarse, start, min(start + 4, planes)) for start in range(0, planes, 4)]
    np.testing.assert_array_equal(np.concatenate(parts), grid.expand(coarse))

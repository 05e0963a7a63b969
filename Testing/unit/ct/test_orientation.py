"""Any storage order of the axes comes to the one convention, and back, voxel by voxel."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from CovidQuantLib.ct.orientation import geometry_of, image_of, library_order
from CovidQuantLib.ct.volume import Geometry

SPACING = np.array([0.7, 0.8, 2.5])
ORDERS = list(itertools.permutations(range(3)))
FLIPS = list(itertools.product((1.0, -1.0), repeat=3))


def grid(order: tuple[int, ...], signs: tuple[float, ...], tilt: float = 0.0) -> Geometry:
    """A grid whose stored axis n runs along (or against) patient axis order[n], turned by `tilt` about the left."""
    turn = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    cosines = turn @ (np.eye(3)[:, list(order)] * signs)
    sizes = np.array([6, 5, 4])[list(order)]
    spacing = SPACING[list(order)]
    return Geometry(
        shape=(int(sizes[2]), int(sizes[1]), int(sizes[0])),
        spacing=(float(spacing[0]), float(spacing[1]), float(spacing[2])),
        origin=(10.0, -20.0, 30.0),
        direction=tuple(cosines.ravel()),
    )


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("signs", FLIPS)
def test_every_voxel_keeps_its_place_in_the_patient(order: tuple[int, ...], signs: tuple[float, ...]) -> None:
    stored = grid(order, signs, tilt=0.1)
    steps, geometry = library_order(stored)
    indices = np.moveaxis(np.indices(stored.shape), 0, -1)
    came_from = np.stack([steps.from_stored(indices[..., axis]) for axis in range(3)], axis=-1)
    assert came_from.shape[:3] == geometry.shape
    here = np.moveaxis(np.indices(geometry.shape), 0, -1)
    np.testing.assert_allclose(geometry.to_lps(here), stored.to_lps(came_from), atol=1e-9)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("signs", FLIPS)
def test_the_axes_run_to_head_back_and_left_whatever_the_file_does(
    order: tuple[int, ...], signs: tuple[float, ...]
) -> None:
    _, geometry = library_order(grid(order, signs))
    assert geometry.direction == (1, 0, 0, 0, 1, 0, 0, 0, 1)
    assert geometry.shape == (4, 5, 6)
    np.testing.assert_allclose(geometry.spacing, SPACING)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("signs", FLIPS)
def test_back_in_the_stored_order_nothing_has_changed(order: tuple[int, ...], signs: tuple[float, ...]) -> None:
    stored = grid(order, signs)
    steps, _ = library_order(stored)
    array = np.random.default_rng(0).integers(0, 200, stored.shape).astype(np.uint8)
    np.testing.assert_array_equal(steps.to_stored(steps.from_stored(array)), array)


def test_an_oblique_grid_stays_oblique() -> None:
    _, geometry = library_order(grid((0, 1, 2), (1, -1, 1), tilt=0.3))
    assert geometry.direction[8] == pytest.approx(np.cos(0.3))


def test_the_library_s_own_order_is_not_copied() -> None:
    steps, geometry = library_order(grid((0, 1, 2), (1, 1, 1)))
    array = np.zeros(geometry.shape, np.int16)
    assert np.shares_memory(steps.from_stored(array), array)


def test_an_image_has_the_geometry_it_was_made_with() -> None:
    geometry = grid((2, 0, 1), (1, -1, 1))
    assert geometry_of(image_of(np.zeros(geometry.shape, np.uint8), geometry)) == geometry

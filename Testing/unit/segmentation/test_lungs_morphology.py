"""Morphology in millimetres: what closings, fillings and components promise."""

from __future__ import annotations

import numpy as np

from CovidQuantLib.segmentation.morphology import (
    close,
    components,
    dilate,
    distance_outside,
    erode,
    fill_slices,
    open_,
)

CUBE = np.zeros((20, 20, 20), bool)
CUBE[6:14, 6:14, 6:14] = True
ISO = (1.0, 1.0, 1.0)


def test_a_ball_grows_as_many_millimetres_along_every_axis() -> None:
    point = np.zeros((21, 21, 21), bool)
    point[10, 10, 10] = True
    grown = dilate(point, 4.0, (2.0, 1.0, 4.0))
    assert [int(grown.any(axis=axes).sum()) for axes in ((1, 2), (0, 2), (0, 1))] == [5, 9, 3]


def test_eroding_what_was_dilated_gives_a_convex_shape_back() -> None:
    assert np.array_equal(erode(dilate(CUBE, 3.0, ISO), 3.0, ISO), CUBE)


def test_closing_only_adds_and_opening_only_takes() -> None:
    holed = CUBE.copy()
    holed[9:11, 9:11, 9:11] = False
    assert np.array_equal(close(holed, 3.0, ISO), CUBE)
    speck = CUBE.copy()
    speck[1, 1, 1] = True
    assert not open_(speck, 2.0, ISO)[1, 1, 1]


def test_the_border_of_the_scan_does_not_erode() -> None:
    cut = np.ones((5, 9, 9), bool)
    assert erode(cut, 3.0, ISO).all()


def test_the_distance_to_nothing_is_infinite() -> None:
    assert np.isinf(distance_outside(np.zeros((3, 3, 3), bool), ISO)).all()


def test_components_are_numbered_from_the_largest() -> None:
    two = np.zeros((4, 4, 12), bool)
    two[1, 1, 1:3] = True
    two[2, 2, 5:11] = True
    labels, counts = components(two)
    assert counts.tolist() == [0, 6, 2]
    assert labels[2, 2, 5] == 1
    assert labels[1, 1, 1] == 2


def test_holes_of_slices_are_filled_and_large_ones_on_request_are_not() -> None:
    ring = np.zeros((3, 12, 12), bool)
    ring[1, 2:10, 2:10] = True
    ring[1, 4:8, 4:8] = False
    assert fill_slices(ring)[1, 2:10, 2:10].all()
    assert np.array_equal(fill_slices(ring, 15), ring)
    assert fill_slices(ring, 16)[1, 5, 5]

"""Infection told apart by density."""

from __future__ import annotations

import numpy as np
import pytest

from CovidQuantLib.ct import Geometry
from CovidQuantLib.segmentation.infection_classes import split_classes

SHAPE = (12, 14, 16)
GEOMETRY = Geometry(SHAPE, (0.7, 0.7, 1.25), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
MASK = np.zeros(SHAPE, bool)
MASK[2:10, 2:12, 2:14] = True


def test_without_smoothing_each_voxel_stands_for_itself_and_the_threshold_is_ground_glass() -> None:
    hu = np.full(SHAPE, -900, np.int16)
    hu[MASK] = -200
    hu[4, 5, 6] = -199
    labels = split_classes(hu, MASK, GEOMETRY, smoothing_mm=0.0)
    assert labels[4, 5, 6] == 2
    assert np.count_nonzero(labels == 2) == 1
    np.testing.assert_array_equal(labels > 0, MASK)


def test_smoothing_drops_a_bright_speck_and_keeps_a_solid_part() -> None:
    hu = np.full(SHAPE, -600, np.int16)
    hu[4, 4, 4] = 0
    hu[:, :, 8:] = 30
    labels = split_classes(hu, MASK, GEOMETRY)
    assert labels[4, 4, 4] == 1
    np.testing.assert_array_equal(labels[2:10, 2:12, 9:14], 2)
    np.testing.assert_array_equal(labels[2:10, 2:12, 2:7], 1)


def test_what_lies_beside_the_infection_does_not_change_its_class() -> None:
    hu = np.full(SHAPE, -150, np.int16)
    hu[~MASK] = -1000
    np.testing.assert_array_equal(split_classes(hu, MASK, GEOMETRY)[MASK], 2)


@pytest.mark.parametrize("smoothing_mm", [0.0, 1.0])
def test_a_higher_threshold_only_takes_from_consolidation(smoothing_mm: float) -> None:
    hu = np.random.default_rng(1).normal(-250.0, 150.0, SHAPE).astype(np.int16)
    lower, higher = (
        split_classes(hu, MASK, GEOMETRY, split_hu=split, smoothing_mm=smoothing_mm) for split in (-300, -150)
    )
    assert np.all(lower[higher == 2] == 2)
    assert np.count_nonzero(higher == 2) < np.count_nonzero(lower == 2)


def test_no_infection_has_no_classes() -> None:
    assert not split_classes(np.zeros(SHAPE, np.int16), np.zeros(SHAPE, bool), GEOMETRY).any()

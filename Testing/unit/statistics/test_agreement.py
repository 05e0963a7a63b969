from __future__ import annotations

import numpy as np
import pytest

from CovidQuantLib.anatomy import lobe_of_segment, lung_of_lobe
from CovidQuantLib.ct import Geometry, LabelArray
from CovidQuantLib.messages import InputError
from CovidQuantLib.statistics import Agreement, agreement

SHAPE = (4, 10, 10)
GEOMETRY = Geometry(SHAPE, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
RIGHT = np.ones(SHAPE, np.uint8)


def mask(voxels: int, shape: tuple[int, int, int] = SHAPE) -> LabelArray:
    flat = np.zeros(int(np.prod(shape)), np.uint8)
    flat[:voxels] = 1
    return flat.reshape(shape)


def on_one_lung(reference: LabelArray, prediction: LabelArray) -> Agreement:
    return agreement(reference, prediction, GEOMETRY, lungs=RIGHT)


def test_equal_masks_agree_fully() -> None:
    found = on_one_lung(mask(40), mask(40))
    assert (found.dice, found.volume_error_ml, found.poi_errors["lungs"]) == (1.0, 0.0, 0.0)


def test_two_empty_masks_have_no_dice_but_no_error() -> None:
    found = on_one_lung(mask(0), mask(0))
    assert (found.dice, found.volume_error_ml, found.poi_errors["lungs"]) == (None, 0.0, 0.0)


@pytest.mark.parametrize(("reference", "prediction"), [(0, 5), (5, 0)])
def test_one_empty_mask_has_dice_0(reference: int, prediction: int) -> None:
    assert on_one_lung(mask(reference), mask(prediction)).dice == 0.0


def test_a_half_found_lesion_can_be_checked_by_hand() -> None:
    found = on_one_lung(mask(40), mask(20))
    assert found.dice == pytest.approx(2 * 20 / 60)
    assert (found.reference_ml, found.prediction_ml) == pytest.approx((0.04, 0.02))
    assert found.volume_error_ml == pytest.approx(0.02)
    assert found.poi_errors["right"] == 5.0
    assert found.poi_errors["left"] is None
    assert found.poi_errors["RUL"] is None


def test_masks_of_equal_size_in_different_places_have_no_volume_error_and_no_overlap() -> None:
    found = on_one_lung(mask(40), mask(40)[::-1, ::-1])
    assert (found.dice, found.volume_error_ml) == (0.0, 0.0)


def test_ground_glass_and_consolidation_are_both_infection() -> None:
    assert on_one_lung(mask(40), 2 * mask(40)).dice == 1.0


def test_infection_outside_the_lungs_counts_in_dice_but_in_no_percentage() -> None:
    lungs = RIGHT.copy()
    lungs[3] = 0
    reference, prediction = np.zeros(SHAPE, np.uint8), np.zeros(SHAPE, np.uint8)
    prediction[3] = 1
    found = agreement(reference, prediction, GEOMETRY, lungs=lungs)
    assert found.dice == 0.0
    assert found.poi_errors["lungs"] == 0.0
    assert found.outside_lungs_ml == pytest.approx((0.0, 0.1))


@pytest.mark.parametrize("seed", range(4))
def test_errors_are_those_of_a_loop_over_masks(seed: int) -> None:
    random = np.random.default_rng(seed)
    segments = random.integers(0, 19, SHAPE).astype(np.uint8)
    lobes = np.asarray(lobe_of_segment(), np.uint8)[segments]
    lungs = np.asarray(lung_of_lobe(), np.uint8)[lobes]
    one, other = (random.random((2, *SHAPE)) < 0.4).astype(np.uint8)
    found = agreement(one, other, GEOMETRY, lungs=lungs, lobes=lobes, segments=segments)
    both = (one & other).sum()
    assert found.dice == pytest.approx(2 * both / (one.sum() + other.sum()))
    for key, region in {"left": lungs == 2, "RML": lobes == 2, "LS10": segments == 18, "lungs": lungs > 0}.items():
        expected = abs(100 * one[region].mean() - 100 * other[region].mean())
        assert found.poi_errors[key] == pytest.approx(expected)
    assert len(found.poi_errors) == 1 + 2 + 5 + 18


def test_swapping_the_masks_changes_no_error() -> None:
    random = np.random.default_rng(1)
    one, other = (random.random((2, *SHAPE)) < 0.4).astype(np.uint8)
    there, back = on_one_lung(one, other), on_one_lung(other, one)
    assert (there.dice, there.volume_error_ml, there.poi_errors) == (back.dice, back.volume_error_ml, back.poi_errors)


def test_masks_on_different_grids_are_refused() -> None:
    with pytest.raises(InputError, match="not on one grid"):
        on_one_lung(mask(1), mask(1, (2, 2, 2)))

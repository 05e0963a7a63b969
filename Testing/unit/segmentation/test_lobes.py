"""Lobes of the synthetic chest, whose truth is known to the voxel."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from CovidQuantLib.anatomy import LEFT_LUNG, LOBES, RIGHT_LUNG, lung_of_lobe
from CovidQuantLib.messages import Cancelled
from CovidQuantLib.segmentation.airways import AirwayTree
from CovidQuantLib.segmentation.lobes import Lobes, segment_lobes
from CovidQuantLib.segmentation.lungs import Lungs
from CovidQuantLib.synthetic_chest import SMALL, SyntheticChest, lesion_free, make_chest


@pytest.fixture(scope="module")
def chest() -> SyntheticChest:
    return make_chest(SMALL)


def lungs_of(chest: SyntheticChest) -> Lungs:
    return Lungs(chest.lungs, chest.airways, (), AirwayTree())


@pytest.fixture(scope="module")
def lobes(chest: SyntheticChest) -> Lobes:
    return segment_lobes(chest.ct, lungs_of(chest))


def dice(chest: SyntheticChest, lobes: Lobes) -> list[float]:
    pairs = [(chest.lobes == lobe.label, lobes.labels == lobe.label) for lobe in LOBES]
    return [2.0 * float((one & other).sum()) / float(one.sum() + other.sum()) for one, other in pairs]


def test_each_lobe_is_nearly_the_true_one(chest: SyntheticChest, lobes: Lobes) -> None:
    assert min(dice(chest, lobes)) > 0.97


def test_lobes_part_their_own_lung(chest: SyntheticChest, lobes: Lobes) -> None:
    np.testing.assert_array_equal(np.array(lung_of_lobe())[lobes.labels], chest.lungs)


def test_fissures_that_are_there_are_detected(lobes: Lobes) -> None:
    assert lobes.fissure_share > 0.8
    assert lobes.border_error_mm is not None
    assert 0.0 < lobes.border_error_mm < 3.0
    assert not lobes.warnings


def test_without_fissures_the_lobes_are_expected_ones_and_the_case_says_so() -> None:
    bare = make_chest(dataclasses.replace(lesion_free(SMALL), fissure_completeness=0.0))
    lobes = segment_lobes(bare.ct, lungs_of(bare))
    assert lobes.fissure_share < 0.25
    assert {warning.code for warning in lobes.warnings} >= {"fissure_hardly_seen_right_oblique"}
    assert set(np.unique(lobes.labels)) == {0, 1, 2, 3, 4, 5}
    assert np.mean(dice(bare, lobes)) > 0.7


def test_a_missing_lung_has_no_lobes(chest: SyntheticChest) -> None:
    only_left = np.where(chest.lungs == LEFT_LUNG.label, chest.lungs, 0).astype(np.uint8)
    lobes = segment_lobes(chest.ct, dataclasses.replace(lungs_of(chest), labels=only_left))
    np.testing.assert_array_equal(np.array(lung_of_lobe())[lobes.labels], only_left)


def test_no_lungs_give_no_lobes_and_no_error_figure(chest: SyntheticChest) -> None:
    lobes = segment_lobes(chest.ct, dataclasses.replace(lungs_of(chest), labels=np.zeros_like(chest.lungs)))
    assert not lobes.labels.any()
    assert lobes.border_error_mm is None


@pytest.mark.parametrize("voxels", [1, 3, 20])
def test_a_crumb_of_lung_is_still_in_some_lobe(chest: SyntheticChest, voxels: int) -> None:
    crumb = np.zeros_like(chest.lungs)
    k, j, i = (axis[:voxels] for axis in np.nonzero(chest.lungs == RIGHT_LUNG.label))
    crumb[k, j, i] = RIGHT_LUNG.label
    lobes = segment_lobes(chest.ct, dataclasses.replace(lungs_of(chest), labels=crumb))
    np.testing.assert_array_equal(np.array(lung_of_lobe())[lobes.labels], crumb)


def test_a_cancel_ends_the_work(chest: SyntheticChest) -> None:
    def cancel(fraction: float, message: str) -> None:
        if fraction > 0.1:
            raise Cancelled(message)

    with pytest.raises(Cancelled):
        segment_lobes(chest.ct, lungs_of(chest), cancel)

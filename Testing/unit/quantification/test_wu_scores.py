"""Severity and consolidation score of Wu et al. 2020, equations 14 and 15: infected and consolidated share of the lung.

The paper's are of areas; the slices of a CT are of one thickness, so that the areas of all slices are the volume.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS
from CovidQuantLib.ct import Geometry, HuArray, LabelArray
from CovidQuantLib.quantification import LabelMaps, Quantification, quantify

Nested = Callable[[LabelArray, LabelArray], LabelMaps]
NewGeometry = Callable[..., Geometry]
Case = tuple[HuArray, LabelMaps, Geometry]


@pytest.fixture
def measured(nested_maps: Nested, a_geometry: NewGeometry) -> Callable[..., Quantification]:
    """Two slices of 20 voxels, all of the right lung's first segment, of which the first so many are infected."""

    def measure(
        ground_glass: int, consolidation: int, spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)
    ) -> Quantification:
        infection = np.zeros(40, np.uint8)
        infection[:ground_glass] = GROUND_GLASS.label
        infection[ground_glass : ground_glass + consolidation] = CONSOLIDATION.label
        shape = (2, 4, 5)
        maps = nested_maps(np.ones(shape, np.uint8), infection.reshape(shape))
        return quantify(np.full(shape, -500, np.int16), maps, a_geometry(shape, spacing))

    return measure


def scores(result: Quantification, key: str = "lungs") -> tuple[float | None, float | None]:
    region = result.region(key)
    return region.severity_score, region.consolidation_score


def test_are_shares_of_the_lung_and_not_of_the_infection(measured: Callable[..., Quantification]) -> None:
    assert scores(measured(6, 2)) == pytest.approx((8 / 40, 2 / 40))


@pytest.mark.parametrize("spacing", [(0.5, 0.5, 0.5), (0.7, 0.8, 5.0)])
def test_do_not_depend_on_the_size_of_a_voxel(
    measured: Callable[..., Quantification], spacing: tuple[float, float, float]
) -> None:
    assert scores(measured(6, 2, spacing)) == pytest.approx((8 / 40, 2 / 40))


def test_are_0_without_infection(measured: Callable[..., Quantification]) -> None:
    assert scores(measured(0, 0)) == (0.0, 0.0)


def test_are_not_available_of_a_lung_that_is_absent(measured: Callable[..., Quantification]) -> None:
    assert scores(measured(6, 2), "left") == (None, None)


@pytest.mark.parametrize("infected", [1, 17, 40])
def test_are_the_same_where_all_infection_is_consolidation(
    measured: Callable[..., Quantification], infected: int
) -> None:
    severity, consolidation = scores(measured(0, infected))
    assert severity == consolidation == pytest.approx(infected / 40)


def test_are_1_of_a_lung_that_is_consolidated_throughout(measured: Callable[..., Quantification]) -> None:
    assert scores(measured(0, 40)) == (1.0, 1.0)
    assert scores(measured(40, 0)) == (1.0, 0.0)


@pytest.mark.parametrize("seed", range(3))
def test_of_any_region_consolidation_is_at_most_the_severity_and_both_lungs_are_the_mean_by_volume(
    a_random_case: Callable[[int], Case], seed: int
) -> None:
    result = quantify(*a_random_case(seed))
    for region in result.regions:
        severity, consolidation = scores(result, region.key)
        assert severity is not None
        assert consolidation is not None
        assert 0.0 <= consolidation <= severity <= 1.0
    right, left = (result.region(key) for key in ("right", "left"))
    for both, one, other in zip(scores(result), scores(result, "right"), scores(result, "left"), strict=True):
        assert one is not None
        assert other is not None
        assert right.volume_ml is not None
        assert left.volume_ml is not None
        weighted = (one * right.volume_ml + other * left.volume_ml) / (right.volume_ml + left.volume_ml)
        assert both == pytest.approx(weighted)

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy.ndimage import center_of_mass, label

from CovidQuantLib.ct import Geometry, LabelArray
from CovidQuantLib.quantification import LabelMaps, Quantification, QuantificationOptions, quantify

Nested = Callable[[LabelArray, LabelArray], LabelMaps]
GeometryOf = Callable[..., Geometry]
NO_MINIMUM = QuantificationOptions(minimum_lesion_ml=0.0)


def measured(labels: LabelMaps, geometry: Geometry) -> Quantification:
    return quantify(np.full(labels.lungs.shape, -500, np.int16), labels, geometry, options=NO_MINIMUM)


@pytest.mark.parametrize("density", [0.02, 0.1, 0.3, 0.9])
@pytest.mark.parametrize("seed", range(3))
def test_lesions_are_those_that_a_labelling_of_the_whole_volume_finds(
    nested_maps: Nested, a_geometry: GeometryOf, seed: int, density: float
) -> None:
    random = np.random.default_rng(seed)
    infection = (random.random((6, 7, 9)) < density).astype(np.uint8)
    found = measured(nested_maps(np.ones_like(infection), infection), a_geometry(infection.shape)).lesions
    components, number = label(infection, np.ones((3, 3, 3)))
    expected = [
        (round((components == n).sum() / 1000, 9), np.round(center_of_mass(components == n), 6).tolist())
        for n in range(1, number + 1)
    ]
    rounded = [(round(one.volume_ml, 9), np.round(one.centre_kji, 6).tolist()) for one in found]
    assert sorted(rounded) == sorted(expected)
    assert [one.volume_ml for one in found] == sorted((one.volume_ml for one in found), reverse=True)


def test_voxels_that_touch_at_a_corner_are_one_lesion(nested_maps: Nested, a_geometry: GeometryOf) -> None:
    for step in ((1, 1, 1), (1, -1, 1), (1, 1, -1), (1, -1, -1), (1, 0, -1), (0, 1, -1)):
        infection = np.zeros((3, 3, 3), np.uint8)
        infection[1, 1, 1] = infection[1 - step[0], 1 - step[1], 1 - step[2]] = 1
        result = measured(nested_maps(np.ones_like(infection), infection), a_geometry((3, 3, 3)))
        assert len(result.lesions) == 1


def test_the_end_of_a_row_does_not_touch_the_start_of_the_next(nested_maps: Nested, a_geometry: GeometryOf) -> None:
    infection = np.zeros((2, 4, 5), np.uint8)
    infection[0, 1, 4] = infection[0, 2, 0] = infection[0, 3, 4] = infection[1, 0, 0] = 1
    result = measured(nested_maps(np.ones_like(infection), infection), a_geometry(infection.shape))
    assert len(result.lesions) == 4


def test_a_lesion_lies_in_one_lung_also_where_the_lungs_touch(nested_maps: Nested, a_geometry: GeometryOf) -> None:
    segments = np.full((4, 5, 6), 1, np.uint8)
    segments[:, :, 3:] = 11
    found = measured(nested_maps(segments, np.ones_like(segments)), a_geometry(segments.shape)).lesions
    assert [lesion.lobes for lesion in found] == [("RUL",), ("LUL",)]
    assert [lesion.volume_ml for lesion in found] == pytest.approx([0.06, 0.06])


def test_a_lesion_names_its_lobes_the_largest_share_first(nested_maps: Nested, a_geometry: GeometryOf) -> None:
    segments = np.ones((6, 2, 2), np.uint8)
    segments[4:] = 6
    infection = np.zeros_like(segments)
    infection[3:6, 0, 0] = [1, 2, 2]
    (lesion,) = measured(nested_maps(segments, infection), a_geometry(segments.shape)).lesions
    assert lesion.lobes == ("RLL", "RUL")
    assert lesion.volume_ml == pytest.approx(0.003)
    assert lesion.ggo_ml == pytest.approx(0.001)
    assert lesion.consolidation_ml == pytest.approx(0.002)
    assert lesion.centre_kji == (4.0, 0.0, 0.0)


def test_lesions_under_the_minimum_are_counted_together(nested_maps: Nested, a_geometry: GeometryOf) -> None:
    infection = np.zeros((1, 1, 20), np.uint8)
    infection[0, 0, [0, 2, 3, 5, 6, 7]] = 1
    labels = nested_maps(np.ones_like(infection), infection)
    options = QuantificationOptions(minimum_lesion_ml=0.003)
    hu = np.full(infection.shape, -500, np.int16)
    result = quantify(hu, labels, a_geometry(infection.shape), options=options)
    assert [lesion.volume_ml for lesion in result.lesions] == pytest.approx([0.003])
    assert (result.small_lesions.count, result.small_lesions.minimum_ml) == (2, 0.003)
    assert result.small_lesions.volume_ml == pytest.approx(0.003)


def test_lungs_without_infection_have_no_lesions(nested_maps: Nested, a_geometry: GeometryOf) -> None:
    clear = np.zeros((2, 2, 2), np.uint8)
    result = measured(nested_maps(np.ones_like(clear), clear), a_geometry((2, 2, 2)))
    assert result.lesions == ()
    assert result.small_lesions.count == 0

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from CovidQuantLib.ct import Geometry, LabelArray
from CovidQuantLib.quantification import LabelMaps, Quantification, QuantificationOptions, quantify

Nested = Callable[[LabelArray, LabelArray], LabelMaps]
GeometryOf = Callable[..., Geometry]


def two_lobes(nested_maps: Nested, infected: slice) -> LabelMaps:
    """A left lung of 60 x 24 x 24 voxels: 30 slices of upper lobe beside 30 of lower, some infected."""
    segments = np.full((60, 24, 24), 11, np.uint8)
    segments[30:] = 15
    infection = np.zeros_like(segments)
    infection[infected] = 1
    return nested_maps(segments, infection)


def measured(labels: LabelMaps, geometry: Geometry, error_mm: float | None) -> Quantification:
    hu = np.full(labels.lungs.shape, -500, np.int16)
    return quantify(hu, labels, geometry, options=QuantificationOptions(border_error_mm=error_mm))


def test_the_range_of_a_plane_border_can_be_checked_by_hand(nested_maps: Nested, a_geometry: GeometryOf) -> None:
    # LUL: 30 slices, 6 of them infected and right at the border. 6 mm out: 12 of 36. 6 mm in: 0 of 24.
    labels = two_lobes(nested_maps, np.s_[24:36])
    result = measured(labels, a_geometry(labels.lungs.shape), 6.0)
    upper = result.region("LUL")
    assert upper.poi == 20.0
    assert upper.poi_range == pytest.approx((0.0, 100 * 12 / 36), abs=0.5)
    assert result.region("LLL").poi_range == pytest.approx((0.0, 100 * 12 / 36), abs=0.5)


def test_infection_far_from_the_border_changes_only_by_the_lobes_size(
    nested_maps: Nested, a_geometry: GeometryOf
) -> None:
    labels = two_lobes(nested_maps, np.s_[0:9])
    result = measured(labels, a_geometry(labels.lungs.shape), 6.0)
    assert result.region("LUL").poi_range == pytest.approx((100 * 9 / 36, 100 * 9 / 24), abs=0.5)
    assert result.region("LLL").poi_range == (0.0, 0.0)


def test_the_range_holds_the_value_and_grows_with_the_error(a_geometry: GeometryOf, nested_maps: Nested) -> None:
    random = np.random.default_rng(0)
    labels = two_lobes(nested_maps, np.s_[0:0])
    infection = (random.random(labels.lungs.shape) < 0.3).astype(np.uint8)
    labels = LabelMaps(labels.lungs, labels.lobes, labels.segments, infection)
    before = (0.0, 0.0)
    for error_mm in (0.0, 3.0, 6.0, 12.0):
        upper = measured(labels, a_geometry(labels.lungs.shape), error_mm).region("LUL")
        assert upper.poi is not None
        assert upper.poi_range is not None
        low, high = upper.poi_range
        assert low <= upper.poi <= high
        assert upper.poi - low >= before[0]
        assert high - upper.poi >= before[1]
        before = (upper.poi - low, high - upper.poi)


def test_lungs_and_a_lobe_without_a_neighbour_have_no_range(nested_maps: Nested, a_geometry: GeometryOf) -> None:
    segments = np.ones((10, 10, 10), np.uint8)
    labels = nested_maps(segments, np.zeros_like(segments))
    result = measured(labels, a_geometry(segments.shape), 5.0)
    assert all(region.poi_range is None for region in result.regions)


def test_borders_that_are_no_estimate_have_no_range(nested_maps: Nested, a_geometry: GeometryOf) -> None:
    labels = two_lobes(nested_maps, np.s_[24:36])
    result = measured(labels, a_geometry(labels.lungs.shape), None)
    assert result.region("LUL").poi_range is None


def test_segments_move_by_their_own_assumed_error(nested_maps: Nested, a_geometry: GeometryOf) -> None:
    labels = two_lobes(nested_maps, np.s_[24:36])
    result = measured(labels, a_geometry(labels.lungs.shape), 3.0)
    lobe, segment = result.region("LUL").poi_range, result.region("LS1+2").poi_range
    assert lobe is not None
    assert segment is not None
    assert segment[1] - segment[0] > lobe[1] - lobe[0]

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from CovidQuantLib.ct import Geometry, LabelArray
from CovidQuantLib.quantification import LabelMaps, QuantificationOptions, quantify
from CovidQuantLib.quantification.ct_score import points


@pytest.mark.parametrize(
    ("poi", "expected"),
    [
        (0.0, 0),
        (1e-9, 1),
        (4.999, 1),
        (5.0, 2),
        (5.5, 2),
        (25.0, 2),
        (25.001, 3),
        (49.999, 3),
        (50.0, 4),
        (75.0, 4),
        (75.001, 5),
        (100.0, 5),
    ],
)
def test_points_follow_the_stated_bounds(poi: float, expected: int) -> None:
    assert points(poi) == expected


SEGMENT_OF_LOBE = {"RUL": 1, "RML": 4, "RLL": 6, "LUL": 11, "LLL": 15}


def chest_with(infected: dict[str, int], nested_maps: Callable[[LabelArray, LabelArray], LabelMaps]) -> LabelMaps:
    """Five slices of 400 voxels, one lobe each, with so many voxels infected."""
    segments = np.zeros((5, 20, 20), np.uint8)
    infection = np.zeros((5, 400), np.uint8)
    for number, (lobe, segment) in enumerate(SEGMENT_OF_LOBE.items()):
        segments[number] = segment
        infection[number, : infected.get(lobe, 0)] = 1
    return nested_maps(segments, infection.reshape(segments.shape))


def test_exact_quarters_fall_on_the_side_that_the_bounds_say_whatever_the_voxel_size(
    nested_maps: Callable[[LabelArray, LabelArray], LabelMaps], a_geometry: Callable[..., Geometry]
) -> None:
    labels = chest_with({"RUL": 20, "RML": 100, "RLL": 101, "LUL": 200, "LLL": 301}, nested_maps)
    geometry = a_geometry((5, 20, 20), (0.703, 0.703, 1.25))
    options = QuantificationOptions(minimum_involved_ml=0.0)
    result = quantify(np.full((5, 20, 20), -500, np.int16), labels, geometry, options=options)
    assert result.ct_score.by_lobe == {"RUL": 2, "RML": 2, "RLL": 3, "LUL": 4, "LLL": 5}
    assert result.ct_score.total == 16
    assert result.ct_score.involved_lobes == 5


def test_a_lobe_is_involved_only_above_the_minimum_volume(
    nested_maps: Callable[[LabelArray, LabelArray], LabelMaps], a_geometry: Callable[..., Geometry]
) -> None:
    labels = chest_with({"RUL": 100, "LLL": 101}, nested_maps)
    hu = np.full((5, 20, 20), -500, np.int16)
    result = quantify(hu, labels, a_geometry((5, 20, 20)), options=QuantificationOptions(minimum_involved_ml=0.1))
    assert result.ct_score.involved_lobes == 1
    assert result.ct_score.by_lobe["RUL"] == 0
    assert result.ct_score.by_lobe["LLL"] == 3
    assert result.ct_score.minimum_involved_ml == 0.1

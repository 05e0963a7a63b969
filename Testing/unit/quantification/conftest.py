"""Small label maps that obey the laws."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from CovidQuantLib.anatomy import SEGMENTS, lobe_of_segment, lung_of_lobe
from CovidQuantLib.ct import Geometry, HuArray, LabelArray
from CovidQuantLib.quantification import LabelMaps

Case = tuple[HuArray, LabelMaps, Geometry]


def geometry_of(shape: tuple[int, int, int], spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)) -> Geometry:
    return Geometry(shape, spacing, (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))


def nested(segments: LabelArray, infection: LabelArray) -> LabelMaps:
    lobes = np.asarray(lobe_of_segment(), np.uint8)[segments]
    return LabelMaps(np.asarray(lung_of_lobe(), np.uint8)[lobes], lobes, segments, infection)


def random_case(seed: int, shape: tuple[int, int, int] = (7, 12, 13)) -> Case:
    """Noise in which every voxel is outside or in a random segment, and a third of the inside is infected."""
    random = np.random.default_rng(seed)
    segments = random.integers(0, len(SEGMENTS) + 1, shape).astype(np.uint8)
    segments[random.random(shape) < 0.3] = 0
    infection = random.integers(1, 3, shape).astype(np.uint8)
    infection[(segments == 0) | (random.random(shape) < 0.66)] = 0
    hu = np.clip(random.normal(-700.0, 300.0, shape), -1024, 3071).astype(np.int16)
    return hu, nested(segments, infection), geometry_of(shape, (0.7, 0.8, 1.5))


@pytest.fixture
def a_random_case() -> Callable[[int], Case]:
    return random_case


@pytest.fixture
def nested_maps() -> Callable[[LabelArray, LabelArray], LabelMaps]:
    return nested


@pytest.fixture
def a_geometry() -> Callable[..., Geometry]:
    return geometry_of

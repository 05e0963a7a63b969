"""What a model of high opacity gave by itself is kept as numbers, whatever becomes of its mask."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest

from CovidQuantLib.ct import LabelArray
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.inference import Prediction
from CovidQuantLib.models import LoadedModel
from CovidQuantLib.networks import label_set
from CovidQuantLib.segmentation.airways import AirwayTree
from CovidQuantLib.segmentation.chest import HighOpacity
from CovidQuantLib.segmentation.infection_network import NetworkInfection, drawn_infection
from CovidQuantLib.segmentation.lungs import Lungs
from Testing.model_factory import a_card
from Testing.pool_factory import GRID, tiny_ct, tiny_lungs

GROUND_GLASS, HIGH = 1, 2


def drawn(found: LabelArray, name: str = "high_opacity") -> NetworkInfection:
    lungs = tiny_lungs()
    airways = np.zeros(GRID.shape, bool)
    airways[3] = True
    whole = Box((0, 0, 0), GRID.shape)
    model = LoadedModel(a_card(label_set=label_set(name)), cast(Any, None))
    around = Lungs(lungs, airways, (), AirwayTree(()))
    return drawn_infection(tiny_ct(), lungs, around, model, Prediction(found, None, whole, ()))


@pytest.fixture
def found() -> LabelArray:
    """Both classes in a lung, of which one slice is airway; high opacity that reaches 2 voxels out of the lung."""
    labels = np.zeros(GRID.shape, np.uint8)
    labels[3:6, 5:7, 2:8] = GROUND_GLASS
    labels[3:6, 8:10, 0:8] = HIGH
    return labels


def test_its_own_classes_are_counted_in_all_and_in_the_lungs(found: LabelArray) -> None:
    voxel = GRID.voxel_ml
    own = drawn(found).high_opacity
    assert own is not None
    assert own.ground_glass_ml == pytest.approx(3 * 2 * 6 * voxel)
    assert own.high_opacity_ml == pytest.approx(3 * 2 * 8 * voxel)
    assert own.ground_glass_in_lungs_ml == pytest.approx(2 * 2 * 6 * voxel)
    assert own.high_opacity_in_lungs_ml == pytest.approx(2 * 2 * 6 * voxel)


def test_what_of_them_lies_in_the_lungs_is_the_infection(found: LabelArray) -> None:
    seen = drawn(found)
    own = seen.high_opacity
    assert own is not None
    infection_ml = np.count_nonzero(seen.labels) * GRID.voxel_ml
    assert own.ground_glass_in_lungs_ml + own.high_opacity_in_lungs_ml == pytest.approx(infection_ml)
    assert set(np.unique(seen.labels)) == {0, GROUND_GLASS}, "air of -850 HU is no consolidation, whatever it is called"


def test_nothing_found_is_nothing_and_other_models_have_no_such_classes(found: LabelArray) -> None:
    assert drawn(np.zeros_like(found)).high_opacity == HighOpacity(0.0, 0.0, 0.0, 0.0)
    assert drawn(found, "classes").high_opacity is None
    assert drawn(np.minimum(found, 1), "infection").high_opacity is None

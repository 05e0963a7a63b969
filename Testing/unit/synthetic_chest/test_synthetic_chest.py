"""The synthetic chest keeps its laws."""

from __future__ import annotations

import numpy as np
import pytest

from CovidQuantLib.anatomy import INFECTION, LOBES, LUNGS, SEGMENTS, lobe_of_segment, lung_of_lobe
from CovidQuantLib.synthetic_chest import SMALL, SyntheticChest, make_chest


@pytest.fixture(scope="module")
def chest() -> SyntheticChest:
    return make_chest(SMALL)


def test_every_structure_is_present(chest: SyntheticChest) -> None:
    for labels, structures in (
        (chest.lungs, LUNGS),
        (chest.lobes, LOBES),
        (chest.segments, SEGMENTS),
        (chest.infection, INFECTION),
    ):
        assert set(np.unique(labels)) == {0, *(structure.label for structure in structures)}


def test_segments_part_lobes_and_lobes_part_lungs(chest: SyntheticChest) -> None:
    assert np.array_equal(np.array(lobe_of_segment())[chest.segments], chest.lobes)
    assert np.array_equal(np.array(lung_of_lobe())[chest.lobes], chest.lungs)

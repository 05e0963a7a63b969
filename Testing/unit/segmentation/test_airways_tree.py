"""The airway tree: a drawn one by hand, and the synthetic chest's."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from CovidQuantLib.progress import no_progress
from CovidQuantLib.segmentation.airway_wave import AirwayWave
from CovidQuantLib.segmentation.airways import Airways, AirwayTree, grow_airways
from CovidQuantLib.segmentation.morphology import dilate
from CovidQuantLib.synthetic_chest import SMALL, SyntheticChest, lesion_free, make_chest


def drawn_y() -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """A tube of 3 x 3 voxels down 20 slices that parts into two slanting ones."""
    level = np.zeros((50, 9, 61), np.uint8)
    level[28:49, 3:6, 29:32] = 5
    for step in range(24):
        level[27 - step, 3:6, 30 + step : 33 + step] = 5
        level[27 - step, 3:6, 28 - step : 31 - step] = 5
    return level


def seed_of(level: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    seed = np.zeros(level.shape, bool)
    seed[48] = level[48] > 0
    return np.flatnonzero(seed)


def test_a_wave_takes_the_whole_tube_and_parts_where_it_parts() -> None:
    level = drawn_y()
    branches = AirwayWave(level, (1, 5)).run(seed_of(level), no_progress)
    assert [branch.parent for branch in branches] == [-1, 0, 0]
    assert sum(len(layer) for branch in branches for layer in branch.layers) == int((level > 0).sum())


def test_a_wave_stops_at_a_leak_and_keeps_what_lies_before_it() -> None:
    level = drawn_y()
    level[2:12, 1:8, 40:59] = 1
    level[10:16][level[10:16] == 5] = 1
    branches = AirwayWave(level, (1, 5)).run(seed_of(level), no_progress)
    taken = np.zeros(level.size, bool)
    for branch in branches:
        taken[np.concatenate(branch.layers)] = True
    assert taken.reshape(level.shape)[28:49, 3:6, 29:32].all()
    assert taken.reshape(level.shape)[2:10, 1:8, 50:59].sum() == 0


@pytest.fixture(scope="module")
def healthy() -> SyntheticChest:
    return make_chest(lesion_free(SMALL))


@pytest.fixture(scope="module")
def airways(healthy: SyntheticChest) -> Airways:
    return grow_airways(healthy.ct)


def test_the_lumen_lies_in_the_airways_and_holds_the_trachea(healthy: SyntheticChest, airways: Airways) -> None:
    spacing = healthy.ct.geometry.spacing_kji
    assert dilate(healthy.airways, 5.0, spacing)[airways.lumen].mean() > 0.85
    assert airways.lumen.sum() > 0.5 * healthy.airways.sum()


def test_the_trachea_parts_into_a_right_and_a_left_main_bronchus(airways: Airways) -> None:
    tree = airways.tree
    main = [tree.branches[n] for n in tree.children(0)]
    assert tree.branches[0].parent is None
    assert len(main) == 2
    ends = sorted(float(branch.points_kji[-1, 2]) for branch in main)
    carina = float(tree.branches[0].points_kji[-1, 2])
    assert ends[0] < carina < ends[1]


def test_generations_grow_by_one_from_parent_to_child(airways: Airways) -> None:
    for branch in airways.tree.branches[1:]:
        assert branch.parent is not None
        assert branch.generation == airways.tree.branches[branch.parent].generation + 1
        assert branch.radius_mm > 0.0


def test_without_a_trachea_there_are_no_airways(healthy: SyntheticChest) -> None:
    found = grow_airways(dataclasses.replace(healthy.ct, hu=np.full_like(healthy.ct.hu, 40)))
    assert not found.lumen.any()
    assert found.tree == AirwayTree()

"""Planes: the right ones are chosen, and each is turned as a radiologist expects it."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from CovidQuantLib.ct.grid import Box
from CovidQuantLib.reports.projections import project
from CovidQuantLib.reports.views import Plane, choose_planes, on_screen, position_of, shown_box
from Testing.unit.reports.small_case import SHAPE, Case

WHOLE = Box((0, 0, 0), SHAPE)


def place_on_screen(plane: Plane, voxel: tuple[int, int, int]) -> tuple[float, float]:
    """Where a voxel is seen: 0 top or left, 1 bottom or right."""
    marked = np.zeros(SHAPE, np.uint8)
    marked[voxel] = 1
    index = voxel[{"axial": 0, "coronal": 1, "sagittal": 2}[plane]]
    flat = on_screen(marked, plane, index, WHOLE)
    row, column = (int(where[0]) for where in np.nonzero(flat))
    return row / (flat.shape[0] - 1), column / (flat.shape[1] - 1)


def test_axial_planes_have_the_patients_right_on_the_left_and_the_front_up() -> None:
    assert place_on_screen("axial", (5, 0, 0)) == (0.0, 0.0)
    assert place_on_screen("axial", (5, SHAPE[1] - 1, SHAPE[2] - 1)) == (1.0, 1.0)


def test_coronal_planes_have_the_patients_right_on_the_left_and_the_head_up() -> None:
    assert place_on_screen("coronal", (SHAPE[0] - 1, 5, 0)) == (0.0, 0.0)
    assert place_on_screen("coronal", (0, 5, SHAPE[2] - 1)) == (1.0, 1.0)


def test_sagittal_planes_have_the_front_on_the_left_and_the_head_up() -> None:
    assert place_on_screen("sagittal", (SHAPE[0] - 1, 0, 5)) == (0.0, 0.0)
    assert place_on_screen("sagittal", (0, SHAPE[1] - 1, 5)) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("plane", "index", "position"),
    [("axial", 0, "I 50.0 mm"), ("coronal", 0, "A 100.0 mm"), ("sagittal", 0, "R 140.0 mm")],
)
def test_a_position_reads_as_on_slicers_sliders(a_case: Case, plane: Plane, index: int, position: str) -> None:
    assert position_of(a_case.ct, plane, index, WHOLE) == position


def test_the_planes_with_the_largest_infected_area_are_shown(a_case: Case) -> None:
    box = shown_box(a_case.ct, a_case.segmentation)
    infection = a_case.segmentation.infection.labels > 0
    choices = choose_planes(project(a_case.segmentation, box), box)
    assert [choice.plane for choice in choices] == ["axial"] * 3 + ["coronal"] + ["sagittal"] * 2
    assert infection.sum(axis=(1, 2))[choices[0].index] == infection.sum(axis=(1, 2)).max()
    assert infection.sum(axis=(0, 2))[choices[3].index] == infection.sum(axis=(0, 2)).max()
    assert choices[4].index in range(6, 12)
    assert choices[5].index in range(24, 28)


def test_without_infection_the_largest_planes_of_lung_are_shown(a_case_without_infection: Case) -> None:
    box = shown_box(a_case_without_infection.ct, a_case_without_infection.segmentation)
    choices = choose_planes(project(a_case_without_infection.segmentation, box), box)
    assert not any(choice.has_infection for choice in choices)
    assert len(choices) == 6


def test_one_lung_alone_has_one_sagittal_plane(a_case: Case) -> None:
    left = a_case.only(2)
    box = shown_box(left.ct, left.segmentation)
    choices = choose_planes(project(left.segmentation, box), box)
    assert [choice.title for choice in choices if choice.plane == "sagittal"] == ["Sagittal, left lung"]


def test_projections_count_every_infected_voxel_once(a_case: Case) -> None:
    box = shown_box(a_case.ct, a_case.segmentation)
    lungs = project(a_case.segmentation, box)
    voxels = np.count_nonzero(a_case.segmentation.infection.labels)
    assert sum(int(lung.from_front.infection.sum()) for lung in lungs) == voxels
    assert sum(int(lung.from_side.infection.sum()) for lung in lungs) == voxels


def test_a_lobe_in_front_hides_the_lobes_behind_it(a_case: Case) -> None:
    lobes = a_case.segmentation.lobes.labels.copy()
    lobes[:, 6, 4:16][lobes[:, 6, 4:16] > 0] = 2
    part = dataclasses.replace(a_case.segmentation.lobes, labels=lobes)
    segmentation = dataclasses.replace(a_case.segmentation, lobes=part)
    right = project(segmentation, WHOLE)[0]
    assert set(np.unique(right.lobes_front)) == {0, 2}
    assert set(np.unique(right.lobes_side)) == {0, 1, 2, 3}

"""The slice bar follows the views, and shows where the infection is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from Testing.embedded_host.application import Application
from Testing.unit.module.ready_results import a_ct

pytestmark = pytest.mark.slicer


@pytest.fixture
def grid(application: Application) -> Any:
    from CovidQuantLib.slicer_app.ct_export import ct_grid

    del application
    return ct_grid(a_ct())


def test_the_bar_runs_from_the_feet_to_the_head(grid: Any) -> None:
    from CovidQuantLib.slicer_app.slice_bar import place_of_slice

    assert place_of_slice(grid, 1)[2] > place_of_slice(grid, 0)[2]


def test_the_slice_that_a_view_shows_is_found(grid: Any) -> None:
    import slicer

    from CovidQuantLib.slicer_app.lesion_places import show_place
    from CovidQuantLib.slicer_app.slice_bar import place_of_slice, slice_shown

    slicer.app.layoutManager()
    for number in (0, 17, grid.geometry.shape[0] - 1):
        show_place(place_of_slice(grid, number))
        assert slice_shown(grid) == number


def test_infection_is_counted_slice_by_slice(grid: Any) -> None:
    from CovidQuantLib.slicer_app.slice_bar import infection_by_slice

    labels = np.zeros(grid.geometry.shape, np.uint8)
    labels[3, 4, 5:8] = 1
    amounts = infection_by_slice(grid.order.to_stored(labels), grid)
    assert (amounts[3], sum(amounts)) == (3.0, 3.0)

"""The slice bar runs from head to feet, follows the views, and shows where the infection is and where to look first."""

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


@pytest.mark.parametrize(("width", "count"), [(300, 94), (100, 400), (64, 64)])
def test_the_bar_runs_from_the_head_to_the_feet_and_shows_every_slice(grid: Any, width: int, count: int) -> None:
    import qt

    from CovidQuantLib.slicer_app.slice_bar import mark_place, place_of_slice, slice_bar_picture

    assert place_of_slice(grid, 1)[2] > place_of_slice(grid, 0)[2]
    palette = qt.QLabel().palette
    for number in (0, count // 3, count - 1):
        amounts = [float(k == number) for k in range(count)]
        image = slice_bar_picture(width, amounts, (), (number,), palette).toImage()
        wanted = palette.color(qt.QPalette.Highlight).rgb()
        columns = [x for x in range(width) if image.pixel(x, image.height() - 8) == wanted]
        assert columns
        assert abs(np.mean(columns) - (count - 1 - number + 0.5) * width / count) < 1 + width / count
        assert mark_place(number, width, count) in columns
        tip = [x for x in range(width) if image.pixel(x, 4) == palette.color(qt.QPalette.Text).rgb()]
        assert tip == [mark_place(number, width, count)]


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

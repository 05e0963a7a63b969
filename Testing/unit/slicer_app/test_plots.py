"""Slicer's plots of the numbers: hatched where borders are estimates, complete where histograms differ in length."""

from __future__ import annotations

import dataclasses
import math
from functools import lru_cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import pytest
import slicer

from CovidQuantLib.slicer_app.case_numbers import CaseNumbers, parse_numbers
from CovidQuantLib.slicer_app.hatching import hatched_bars, whiskers
from CovidQuantLib.slicer_app.plots import show_density_plot, show_lines, show_lobe_plot
from CovidQuantLib.slicer_app.self_test_chest import true_results
from Testing.unit.slicer_app.chest_case import a_chest

pytestmark = pytest.mark.slicer
KIND = slicer.vtkMRMLPlotSeriesNode


@lru_cache(maxsize=1)
def the_numbers() -> CaseNumbers:
    return parse_numbers(true_results(Path(mkdtemp()), a_chest()))


def shown_series() -> list[Any]:
    """The series of the chart in the plot view."""
    view = next(node for node in slicer.util.getNodesByClass("vtkMRMLPlotViewNode") if node.GetPlotChartNode())
    chart = view.GetPlotChartNode()
    return [chart.GetNthPlotSeriesNode(n) for n in range(chart.GetNumberOfPlotSeriesNodes())]


def column(series: Any, name: str) -> list[float]:
    found = series.GetTableNode().GetTable().GetColumnByName(name)
    return [found.GetValue(row) for row in range(found.GetNumberOfTuples())]


def test_a_hatched_bar_stays_within_its_outline_and_reaches_its_height() -> None:
    xs, ys = hatched_bars([1.0, 2.0, 3.0], [4.0, None, 0.5], 0.5, across=5.0, up=8.0)
    points = [(x, y) for x, y in zip(xs, ys, strict=True) if not math.isnan(x)]
    first = [(x, y) for x, y in points if x < 1.5]
    assert max(y for _x, y in first) == 4.0
    assert (min(x for x, _y in first), max(x for x, _y in first)) == (0.75, 1.25)
    assert all(0.0 <= y <= 4.0 for _x, y in first)
    assert len(first) > 12, "there are stripes"
    assert not [x for x, _y in points if 1.5 < x < 2.5], "what is not available has no bar"
    assert max(y for x, y in points if x > 2.5) == 0.5


def test_stripes_run_one_way_at_one_slope() -> None:
    xs, ys = hatched_bars([1.0], [4.0], 0.5, across=5.0, up=8.0)
    breaks = [n for n, x in enumerate(xs) if math.isnan(x)]
    slopes = {
        round((ys[end - 1] - ys[start]) / (xs[end - 1] - xs[start]), 6)
        for start, end in zip([n + 1 for n in breaks[:-1]], breaks[1:], strict=True)
    }
    assert slopes == {8.0 / 5.0}


def test_whiskers_reach_from_low_to_high() -> None:
    _xs, ys = whiskers([1.0, 2.0], [(1.0, 3.0), None], 0.2)
    assert {y for y in ys if not math.isnan(y)} == {1.0, 3.0}


def test_estimated_lobes_are_hatched_lines_and_measured_ones_filled_bars() -> None:
    show_lobe_plot(the_numbers())
    hatched = shown_series()
    assert {series.GetPlotType() for series in hatched} == {KIND.PlotTypeScatter}
    assert all("estimated" in series.GetName() for series in hatched)
    show_lobe_plot(dataclasses.replace(the_numbers(), estimated=frozenset()))
    filled = shown_series()
    assert {series.GetPlotType() for series in filled} == {KIND.PlotTypeScatterBar}
    assert [series.GetName() for series in filled] == ["POI", "Ground glass", "Consolidation"]


def test_the_bars_of_a_lobe_are_its_numbers() -> None:
    numbers = dataclasses.replace(the_numbers(), estimated=frozenset())
    show_lobe_plot(numbers)
    poi, ggo, dense = (column(series, series.GetYColumnName()) for series in shown_series())
    lower = numbers.region("RLL")
    assert (poi[2], ggo[2], dense[2]) == (lower.poi, lower.ggo_percent, lower.consolidation_percent)


def test_a_plot_shown_again_takes_its_old_nodes() -> None:
    show_lobe_plot(the_numbers())
    before = slicer.mrmlScene.GetNumberOfNodes()
    show_lobe_plot(the_numbers())
    assert slicer.mrmlScene.GetNumberOfNodes() == before


def test_infection_whose_histogram_is_shorter_is_drawn_too() -> None:
    numbers = the_numbers()
    assert len(numbers.infection_histogram.counts) < len(numbers.lung_histogram.counts), "the case that is tested"
    show_density_plot(numbers, 0.01)
    lungs, infection = shown_series()
    across = column(lungs, "HU")
    drawn = column(infection, infection.GetYColumnName())
    assert len(drawn) == len(column(lungs, lungs.GetYColumnName())) == len(across)
    assert max(drawn) > 0.0


def test_a_missing_value_of_a_line_is_a_gap() -> None:
    show_lines("course", "Infection", ("Days", [0.0, 10.0]), "ml", [("Ground glass", [5.0, None], (0, 1, 2))])
    drawn = column(shown_series()[0], "Ground glass")
    assert drawn[0] == 5.0
    assert math.isnan(drawn[1])

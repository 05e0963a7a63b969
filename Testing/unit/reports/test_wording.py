"""Numbers as text, plots as scales, and pages that hold their content."""

from __future__ import annotations

import dataclasses

import pytest

from CovidQuantLib.messages import CaseWarning
from CovidQuantLib.quantification import Histogram
from CovidQuantLib.reports.charts import hu_chart, poi_chart
from CovidQuantLib.reports.content import lesion_sentence, score_range
from CovidQuantLib.reports.gallery import make_gallery
from CovidQuantLib.reports.page_layout import print_layout
from CovidQuantLib.reports.wording import NOT_AVAILABLE, millilitres, percent, percent_range
from Testing.unit.reports.small_case import Case


def test_what_is_missing_is_not_available() -> None:
    assert millilitres(None) == NOT_AVAILABLE == percent(None)
    assert percent_range(None) == ""


@pytest.mark.parametrize(
    ("value", "exact", "estimate"),
    [(0.0, "0 %", "0 %"), (0.02, "< 0.1 %", "< 1 %"), (0.4, "0.4 %", "< 1 %"), (12.34, "12.3 %", "12 %")],
)
def test_percentages_have_one_decimal_and_estimates_none(value: float, exact: str, estimate: str) -> None:
    assert percent(value) == exact
    assert percent(value, estimated=True) == estimate


@pytest.mark.parametrize(
    ("value", "exact", "estimate"),
    [(0.0, "0", "0"), (0.01, "< 0.1", "< 1"), (7.25, "7.2", "7"), (1234.5, "1234", "1234")],
)
def test_volumes_have_one_decimal_under_100_ml_and_estimates_none(value: float, exact: str, estimate: str) -> None:
    assert millilitres(value) == exact
    assert millilitres(value, estimated=True) == estimate


def test_a_range_is_rounded_outwards() -> None:
    assert percent_range((9.7, 14.2)) == "9 to 15 %"
    assert percent_range((0.0, 0.0)) == ""


def test_the_range_of_the_score_holds_the_score(a_case: Case) -> None:
    limits = score_range(a_case.quantification)
    assert limits is not None
    assert limits[0] <= (a_case.quantification.ct_score.total or 0) <= limits[1]


def test_lesions_are_counted_in_words(a_case: Case, a_case_without_infection: Case) -> None:
    assert lesion_sentence(a_case.quantification) == "2 connected lesions of at least 0.1 ml."
    assert lesion_sentence(a_case_without_infection.quantification) == "No lesion was found."


def test_the_axis_of_bars_holds_every_bar_and_range(a_case: Case) -> None:
    regions = a_case.quantification.regions
    chart = poi_chart(regions, [region.key for region in regions], estimated=[False] * len(regions))
    highest = max(max(region.poi or 0.0, *(region.poi_range or (0.0, 0.0))) for region in regions)
    assert chart.limit >= highest
    assert chart.ticks[0] == 0
    assert chart.ticks[-1] == chart.limit


def test_a_histogram_keeps_its_volume_in_the_plot_or_says_what_lies_outside() -> None:
    histogram = Histogram(-1030, 10, tuple(range(200)))
    chart = hu_chart(histogram, voxel_ml=0.5)
    assert chart.start_hu == -1000
    assert chart.stop_hu == 200
    assert sum(chart.heights) + chart.outside_ml == pytest.approx(0.5 * sum(range(200)))
    assert chart.limit >= max(chart.heights)


@pytest.mark.parametrize(("highest", "limit"), [(1, 1.0), (2, 2.0), (3, 5.0), (7, 10.0), (120, 200.0)])
def test_an_axis_ends_at_a_round_number(highest: int, limit: float) -> None:
    counts = [0] * 130
    counts[50] = highest
    assert hu_chart(Histogram(-1000, 10, tuple(counts)), voxel_ml=1.0).limit == limit


def test_pictures_shrink_on_paper_where_many_warnings_stand_above_them(a_case: Case) -> None:
    gallery = make_gallery(a_case.ct, a_case.segmentation, synthetic=False)
    few = print_layout(gallery, ())
    many = print_layout(gallery, [CaseWarning(str(n), "A long sentence about a limit. " * 6) for n in range(12)])
    assert 0.0 < many.planes < few.planes


def test_a_wide_patient_fits_the_page(a_case: Case) -> None:
    gallery = make_gallery(a_case.ct, a_case.segmentation, synthetic=False)
    pair = gallery.axial[0]
    wide = dataclasses.replace(pair, ct=dataclasses.replace(pair.ct, width_mm=900.0))
    layout = print_layout(dataclasses.replace(gallery, axial=(wide, *gallery.axial[1:])), ())
    assert 2 * 900.0 * layout.planes <= 210.0

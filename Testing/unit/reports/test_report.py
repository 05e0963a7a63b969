"""The report: what stands on its pages, and what never does."""

from __future__ import annotations

import dataclasses
import html
import re

import pytest

from CovidQuantLib.messages import Cancelled, CaseWarning
from CovidQuantLib.quantification import ReferenceComparison
from CovidQuantLib.reports.report import report_html
from CovidQuantLib.segmentation.chest import EDITED, HighOpacity, Part
from Testing.unit.reports.small_case import SECRET, Case

PAGES = 6


def report(case: Case) -> str:
    return report_html(case.ct, case.segmentation, case.quantification, case.details)


def text_of(markup: str) -> str:
    """What a person reads, in one line."""
    body = markup[markup.index("<body>") :]
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", body)).split())


@pytest.fixture(scope="module")
def a_report(a_case: Case) -> str:
    return report(a_case)


def pages(markup: str) -> list[str]:
    return re.findall(r"<article.*?</article>", markup, flags=re.DOTALL)


def test_the_file_holds_everything_and_reaches_for_nothing(a_report: str) -> None:
    assert "http:" not in a_report
    assert "https:" not in a_report
    assert "<script" not in a_report
    assert "<link" not in a_report
    assert "default-src 'none'" in a_report
    sources = re.findall(r'(?:src|href)="([^"]*)"', a_report)
    assert len(sources) == 15
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert not re.search(r"url\((?!#)", a_report)


def test_every_page_says_that_nobody_has_reviewed_the_proposal(a_report: str) -> None:
    assert len(pages(a_report)) == PAGES
    for page in pages(a_report):
        assert "AI proposal, not reviewed" in page
        assert "Case 0123456789ab" in text_of("<body>" + page)
        assert "not a medical device" in page
        assert "Lobes: estimated" in text_of("<body>" + page)


def test_every_page_names_the_reader_who_corrected_the_case(a_case: Case) -> None:
    infection = Part(a_case.segmentation.infection.labels, EDITED)
    edited = dataclasses.replace(a_case.segmentation, infection=infection)
    case = dataclasses.replace(a_case, segmentation=edited).with_details(reader="R7")
    for page in pages(report(case)):
        assert "Corrected by reader R7" in page
        assert "AI proposal" not in page


def test_an_edit_without_a_named_reader_is_no_silent_correction(a_case: Case) -> None:
    case = a_case.with_infection(a_case.segmentation.infection.labels, source=EDITED)
    assert "corrected by a reader who is not named" in report(case)


def test_model_ids_stand_on_every_page(a_case: Case) -> None:
    case = a_case.with_infection(a_case.segmentation.infection.labels, source="vbnet-2031")
    assert all("Infection: vbnet-2031" in text_of("<body>" + page) for page in pages(report(case)))


def test_that_no_accuracy_was_measured_stands_before_the_first_number(a_report: str) -> None:
    text = text_of(a_report)
    statement = text.index("No accuracy on real 3D COVID-19 CT has been measured.")
    assert statement < text.index(" %")
    assert statement < text.index(" ml")
    assert "Opacity is taken as infection" in text


def test_pictures_come_before_numbers_and_warnings_before_pictures(a_report: str) -> None:
    assert a_report.index("The slices are thick.") < a_report.index("<img") < a_report.index('class="value"')
    assert a_report.index("<img") < a_report.index('<table class="regions"')


def test_estimates_are_whole_percents_with_their_range_and_hatched(a_case: Case, a_report: str) -> None:
    lobe = a_case.quantification.region("RLL")
    assert lobe.poi is not None
    estimated = a_report[a_report.index('<tbody class="estimated">') :]
    assert f'<td class="poi">{lobe.poi:.0f} %</td>' in estimated
    assert not re.search(r"\d\.\d %", estimated[: estimated.index("</table>")])
    assert re.search(r"\(\d+ to \d+ %\)", a_report)
    bars = a_report[a_report.index("Lungs and lobes") : a_report.index("Density of the infection")]
    assert bars.count("url(#hatch)") == 5
    assert "computed from estimated lobes" in a_report


def test_a_model_is_no_estimate(a_case: Case) -> None:
    parts = {name: Part(getattr(a_case.segmentation, name).labels, "model-3") for name in ("lobes", "segments")}
    segmentation = dataclasses.replace(
        a_case.segmentation, lobes=parts["lobes"], segments=parts["segments"], border_error_mm=None
    )
    markup = report(dataclasses.replace(a_case, segmentation=segmentation))
    assert "url(#hatch)" not in markup
    assert "estimated" not in text_of(markup)
    assert "computed from POI, not read by eye" in markup


def test_high_opacity_is_told_with_what_may_be_in_it(a_case: Case, a_report: str) -> None:
    assert "high opacity" not in a_report
    own = HighOpacity(12.5, 6.25, 10.0, 3.0)
    markup = report(
        dataclasses.replace(a_case, segmentation=dataclasses.replace(a_case.segmentation, high_opacity=own))
    )
    (line,) = (line for line in text_of(markup).splitlines() if "own classes" in line)
    assert "ground glass 12.5 ml (10.0 ml within the lungs)" in line
    assert "high opacity 6.2 ml (3.0 ml within the lungs)" in line
    assert "may hold pleural effusion" in line


def test_the_derived_score_is_said_not_to_be_the_one_read_by_eye(a_report: str) -> None:
    text = text_of(a_report)
    assert "is not the score of that paper, which two radiologists read by eye" in text
    assert "2 from 5 to 25 %" in text


def test_an_absent_lobe_is_not_available_for_its_reason(a_case: Case) -> None:
    text = text_of(report(a_case.without_middle_lobe()))
    assert "RML Right middle lobe not available: resected" in text
    assert "Derived CT score not available a lobe is not available" in text


def test_a_case_without_infection_is_told_as_such(a_case_without_infection: Case) -> None:
    text = text_of(report(a_case_without_infection))
    assert "no infection in this zone: largest area of lung" in text
    assert "No lesion was found." in text
    assert "Infection (POI) 0 %" in text
    assert "not available, since none was found" in text


def test_one_lung_is_enough_for_a_report(a_case: Case) -> None:
    text = text_of(report(a_case.only(2)))
    assert "Sagittal, left lung" in text
    assert "Sagittal, right lung" not in text
    assert "Right lung not available: nothing is labelled as right lung" in text


def test_the_reference_is_named_or_the_comparison_is_not_available(a_case: Case, a_report: str) -> None:
    assert "not available: no reference distribution was compared with" in a_report
    comparison = ReferenceComparison(0.24, 0.66, "3 chests, not a normal population")
    compared = dataclasses.replace(a_case.quantification, comparison=comparison)
    text = text_of(report(dataclasses.replace(a_case, quantification=compared)))
    assert "Hellinger distance 0.24, intersection over union 0.66. Reference: 3 chests, not a normal population" in text


def test_a_name_stands_in_the_report_only_where_the_user_has_added_it(a_case: Case, a_report: str) -> None:
    assert SECRET not in a_report
    assert report(a_case.with_details(patient_name="Ann Example")).count("Ann Example") == 1


def test_a_synthetic_chest_is_marked_on_every_page(a_case: Case) -> None:
    markup = report(a_case.with_details(synthetic=True))
    assert all("synthetic chest" in page for page in pages(markup))
    assert "it shows no patient" in markup


def test_texts_of_the_user_and_of_the_case_are_never_markup(a_case: Case) -> None:
    hostile = "<script>alert('x')</script>"
    ct = dataclasses.replace(a_case.ct, warnings=(CaseWarning("x", hostile),))
    case = dataclasses.replace(a_case, ct=ct).with_details(case_code=hostile, reader=hostile, patient_name=hostile)
    markup = report(case.with_infection(a_case.segmentation.infection.labels, source=hostile))
    assert "<script" not in markup
    assert "&lt;script&gt;" in markup


def test_the_same_case_gives_the_same_report(a_case: Case, a_report: str) -> None:
    assert report(a_case) == a_report


def test_a_cancel_ends_the_drawing(a_case: Case) -> None:
    def stop(fraction: float, message: str) -> None:
        if fraction > 0.3:
            raise Cancelled(message)

    with pytest.raises(Cancelled, match="pictures"):
        report_html(a_case.ct, a_case.segmentation, a_case.quantification, a_case.details, stop)


def test_the_density_that_splits_the_classes_is_the_one_that_was_used(a_case: Case) -> None:
    for split, shown in ((-150.0, "at \N{MINUS SIGN}150 HU"), (None, "by a reader or a model, not by density")):
        segmentation = dataclasses.replace(a_case.segmentation, split_hu=split)
        text = report_html(a_case.ct, segmentation, a_case.quantification, a_case.details)
        assert shown in text
        assert ('class="split"' in text) == (split is not None)

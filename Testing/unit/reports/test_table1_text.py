from __future__ import annotations

from CovidQuantLib.anatomy import LOBES, LUNGS_KEY, SEGMENTS
from CovidQuantLib.reports.table1 import AccuracyFacts, table1_text
from CovidQuantLib.statistics import Agreement, table1


def a_case(dice: float | None, outside_ml: float = 0.0) -> Agreement:
    keys = [LUNGS_KEY, *(region.key for region in (*LOBES, *SEGMENTS))]
    return Agreement(dice, 10.0, 12.0, 2.0, dict.fromkeys(keys, 0.5), (0.0, outside_ml))


def test_the_text_says_the_numbers_of_the_paper_and_what_they_are_not() -> None:
    text = table1_text(table1([a_case(0.9), a_case(0.8)]))
    assert "Dice (%) 2 85.0 ± 7.1 85.0 82.5 to 87.5 80.0 to 90.0" in " ".join(text.split())
    assert "POI within 1 point, segments: 100.0 % (36 of 36)" in text
    assert "the error of the infection only" in text


def test_what_is_not_stated_is_said_to_be_not_stated() -> None:
    text = table1_text(table1([a_case(0.9)]), AccuracyFacts(data="synthetic", patients=1))
    assert "CT: synthetic" in text
    assert "Patients: 1" in text
    assert "Reference drawn by: not stated" in text


def test_cases_without_a_dice_are_not_shown_as_zero() -> None:
    text = table1_text(table1([a_case(None)]))
    assert "not available" in text
    assert "without infection in either mask: 1" in text


def test_infection_outside_the_lungs_is_said() -> None:
    assert "infection outside the lungs: 1 (" in table1_text(table1([a_case(0.9, outside_ml=0.2)]))

"""The cards of the models that ship: figures with their cases, and what was aimed at and not reached."""

from __future__ import annotations

from typing import Any

import pytest

from CovidQuantLib.models.card import format_card, parse_card
from Testing.model_factory import a_card

pytest.importorskip("torch", reason="torch is not installed (extra 'networks')")

from Testing.models.shipping import infection_metrics, lungs_metrics, unreached


def scored(dice: float, ml: float = 20.0) -> list[dict[str, Any]]:
    return [
        {"chest": chest, "painter": painter, "method": method, "dice": dice, "true_ml": ml}
        for chest in ("lidc_0028", "lidc_0350")
        for painter in ("clusters", "fields")
        for method in ("network", "threshold")
    ]


def test_a_card_takes_the_figures_with_their_chests() -> None:
    metrics = infection_metrics([*scored(0.9), *scored(0.5, ml=2.0)])
    card = parse_card(format_card(a_card(metrics=metrics, sha256="0" * 64)))
    assert {one.cases for one in card.metrics} == {("lidc_0028", "lidc_0350")}
    values = {one.name: one.value for one in card.metrics}
    assert values["Dice, mean over 4 CTs, network, clusters (not trained on)"] == 70.0
    assert values["Dice, worst of 2 CTs of 10 ml or more, network, fields (trained on)"] == 90.0


def test_figures_without_a_ct_of_some_size_leave_that_size_out() -> None:
    assert all("10 ml" not in one.name for one in infection_metrics(scored(0.5, ml=2.0)))


def test_the_lungs_are_judged_backed_and_by_threshold_alone() -> None:
    metrics = lungs_metrics([{"chest": "lidc_0350", "threshold": 80.0, "backed": 96.0}])
    assert [one.value for one in metrics] == [96.0, 96.0, 80.0, 80.0]
    assert parse_card(format_card(a_card(metrics=metrics, sha256="0" * 64))).metrics == metrics


@pytest.mark.parametrize(
    ("dice", "said"), [(0.85, ()), (0.7, ("70.0 % in the mean",)), (0.5, ("50.0 % for the worst",))]
)
def test_what_was_not_reached_is_said_with_its_figure(dice: float, said: tuple[str, ...]) -> None:
    sentences = " ".join(unreached("infection", scored(dice)))
    assert all(one in sentences for one in said)
    assert bool(sentences) == bool(said)


def test_dense_lungs_that_reach_the_aim_say_nothing() -> None:
    assert unreached("lungs", [{"backed": 96.0}, {"backed": 94.5}]) == ()
    assert "94.5 % in the mean over 1 CTs (aim: 95 %)" in unreached("lungs", [{"backed": 94.5}])[0]

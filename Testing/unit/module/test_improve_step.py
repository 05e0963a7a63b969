"""Step 6: what is new, the table and its plot, a round that is started, cancelled and resumed, and what is decided."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from CovidQuantLib.hitl.pool import Pool, Reading, Start, submit_reading
from CovidQuantLib.hitl.rounds import promotions, start_round
from CovidQuantLib.models import active
from CovidQuantLib.networks import network_names
from Testing.embedded_host.application import Application
from Testing.model_factory import a_card
from Testing.pool_factory import tiny_infection
from Testing.rounds_factory import Trainer, means, part_of_lesion, read_pool
from Testing.unit.module.ready_results import do_commands, section

pytestmark = pytest.mark.slicer


@pytest.fixture
def a_pool(screen: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pool:
    """A pool whose first round has decided, behind the open section."""
    monkeypatch.setattr(active, "shipped_model", lambda _part: None)
    pool, scans = read_pool(tmp_path / "pool", training=2, held_out=1)
    first = start_round(pool, means=means(Trainer(0.9))).model
    submit_reading(pool, scans[0], Reading(tiny_infection(), "R3", Start("proposal", first), part_of_lesion(0.5)))
    screen.desk.settings.set_pool(str(pool.folder))
    screen.desk.changed()
    section(screen, "Improve").ui.section.collapsed = False
    return pool


@pytest.fixture
def asked(a_pool: Pool, monkeypatch: pytest.MonkeyPatch) -> Any:
    del a_pool
    return do_commands(monkeypatch)


def press(application: Application, screen: Any, name: str) -> Any:
    panel = section(screen, "Improve")
    button = getattr(panel.ui, name)
    assert button.isEnabled(), f"{name} cannot be pressed"
    button.click()
    application.wait_until(lambda: not panel.rounds.busy, seconds=60)
    return panel.ui


def test_the_table_names_models_by_name_and_a_short_id(application: Application, screen: Any, asked: Any) -> None:
    ui = press(application, screen, "refreshButton")
    names = [ui.modelsTable.item(row, 0).text() for row in range(ui.modelsTable.rowCount)]
    assert names[0] == "1  no model"
    number, short, name = names[-1].split("  ")
    assert (number, len(short), name) == (str(len(names)), 8, "round 1")
    full = ui.modelsTable.item(len(names) - 1, 0).toolTip().split()[-1]
    assert len(full) == 26, "the tooltip holds the whole id"
    assert full.startswith(short)
    assert "new" not in ui.poolLabel.text
    assert "used in 1 rounds" in ui.tableLabel.text
    assert asked


@pytest.mark.parametrize("judged", [True, False])
def test_the_table_says_how_many_proposals_are_left_out_by_their_score(
    application: Application, *, judged: bool
) -> None:
    from CovidQuantLib.slicer_app.rounds_text import table_note

    del application
    table = {"data": "synthetic" if judged else None, "drawn_by": None, "drawn_from": None, "uses": 1, "seen": 0}
    told = table_note({**table, "scored": 5, "unfit": 2})
    assert "scored: 5, of which 2 have a mean below 3" in told
    assert "scored" not in table_note({**table, "scored": 0, "unfit": 0})


def test_the_plot_of_the_table_has_a_bar_for_each_model(application: Application, screen: Any, asked: Any) -> None:
    del asked
    from Testing.unit.slicer_app.test_plots import column, shown_series

    ui = press(application, screen, "refreshButton")
    ui.plotBox.setCurrentIndex(1)
    ui.plotButton.click()
    bars = shown_series()[0]
    judged = [row + 1.0 for row in range(ui.modelsTable.rowCount) if ui.modelsTable.item(row, 4).text()[0].isdigit()]
    assert column(bars, "Place") == judged
    assert all(0.0 < dice <= 1.0 for dice in column(bars, "Dice on the hold-out"))


def test_the_comparison_and_the_use_of_the_hold_out_are_told(screen: Any, a_pool: Pool) -> None:
    del a_pool
    section(screen, "Improve").update()
    text = section(screen, "Improve").ui.decisionLabel.text
    for part in ("Round 1, model", "Dice, new minus old", "margin", "1 held-out patients", "used in 1 rounds"):
        assert part in text


@pytest.mark.parametrize("chosen", range(len(network_names()) + 1))
def test_the_next_rounds_network_can_be_chosen(
    application: Application, screen: Any, a_pool: Pool, monkeypatch: pytest.MonkeyPatch, chosen: int
) -> None:
    from CovidQuantLib.slicer_app.worker import Worker

    asked: list[Any] = []
    monkeypatch.setattr(Worker, "start", lambda _self, arguments, *_calls: asked.append(arguments))
    monkeypatch.setattr("CovidQuantLib.slicer_app.improve_panel.ensure_networks", lambda: True)
    panel = section(screen, "Improve")
    panel.ui.networkBox.setCurrentIndex(chosen)
    panel.ui.minutesBox.value = 7
    panel.ui.startButton.click()
    wanted = ["--from", "scratch", "--network", network_names()[chosen - 1]] if chosen else []
    assert asked == [["round", "start", str(a_pool.folder), "--minutes", "7", *wanted]]
    assert panel.rounds.busy
    assert panel.ui.cancelButton.isEnabled()
    assert not panel.ui.startButton.isEnabled()
    assert not screen.desk.jobs.busy, "the other work goes on meanwhile"
    application.process_events()
    panel.rounds.end_now()


def test_a_stopped_round_can_be_resumed_or_given_up_and_no_other_started(
    application: Application, screen: Any, a_pool: Pool, asked: Any
) -> None:
    from CovidQuantLib.messages import Cancelled

    def stop() -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        start_round(a_pool, means=means(Trainer(0.9, during=stop)))
    panel = section(screen, "Improve")
    panel.update()
    assert "Round 2 is not finished" in panel.ui.decisionLabel.text
    assert not panel.ui.startButton.isEnabled()
    assert panel.ui.resumeButton.isEnabled()
    panel.ui.reasonEdit.text = "wrong network"
    press(application, screen, "abandonButton")
    assert "not finished" not in panel.ui.decisionLabel.text
    assert panel.ui.startButton.isEnabled()
    assert asked[-1][:2] == ["round", "abandon"]


def test_promote_and_roll_back_and_the_active_model_is_always_named(
    application: Application, screen: Any, a_pool: Pool, asked: Any
) -> None:
    del asked
    panel = section(screen, "Improve")
    named = screen._ui.activeModelLabel
    before = named.text
    assert not panel.ui.promoteButton.isEnabled(), "a reason is wanted"
    panel.ui.reasonEdit.text = "looked at all held-out cases"
    press(application, screen, "promoteButton")
    assert [one.action for one in promotions(a_pool)] == ["promote"]
    assert named.text != before
    assert "active in the pool" in named.text
    panel.ui.reasonEdit.text = "misses consolidation"
    press(application, screen, "rollbackButton")
    assert [one.action for one in promotions(a_pool)] == ["promote", "rollback"]
    assert named.text == before
    assert "On record" in panel.ui.messageLabel.text
    screen.desk.settings.set_pool("")
    screen.desk.changed()
    assert panel.ui.messageLabel.text == "", "of the pool before"


def test_a_model_is_imported_from_a_folder_and_models_of_any_network_are_listed(
    application: Application, screen: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from CovidQuantLib.models.store import store_folder
    from CovidQuantLib.slicer_app.worker import Worker
    from Testing.rounds_factory import write_fake_model

    asked: list[Any] = []

    def start(_self: Any, arguments: Any, _progress: Any, on_result: Any, _error: Any) -> None:
        asked.append(arguments)
        write_fake_model(store_folder() / "one", 0.5)
        on_result({})

    monkeypatch.setattr(Worker, "start", start)
    monkeypatch.setattr(active, "shipped_model", lambda _part: None)
    application.dialogs.answer(str(tmp_path))
    ui = section(screen, "Settings").ui
    ui.section.collapsed = False
    ui.importButton.click()
    assert asked == [["models", "import", str(tmp_path)]]
    listed = [ui.modelBox.itemText(index) for index in range(ui.modelBox.count)]
    assert len([text for text in listed if f", {a_card().network}" in text]) == len(listed) >= 1
    assert ui.activateButton.isEnabled()

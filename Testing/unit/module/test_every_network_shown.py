"""A model of every network in the module: imported, listed, activated, run by the one click, its proposal submitted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from CovidQuantLib.anatomy import CONSOLIDATION, INFECTION
from CovidQuantLib.hitl.pool import Start, histories, init_pool
from CovidQuantLib.models import ModelCard, active
from CovidQuantLib.networks import network_names
from CovidQuantLib.synthetic_chest import SyntheticChest, make_chest
from Testing.conftest import require
from Testing.embedded_host.application import Application
from Testing.known_anatomy import COARSE_CHEST, know_anatomy
from Testing.model_factory import save_certain_model
from Testing.unit.module.ready_results import do_commands, section

pytestmark = pytest.mark.slicer
PATIENT = "4711"


@pytest.fixture(scope="module")
def chest() -> SyntheticChest:
    require("torch")
    require("monai")
    return make_chest(COARSE_CHEST)


@pytest.fixture(autouse=True)
def _in_this_process(application: Application, chest: SyntheticChest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands are done here, with the chest's true anatomy, by torch, which compiles nothing; and no report."""
    del application  # what makes the host
    know_anatomy(monkeypatch, chest)
    monkeypatch.setattr("CovidQuantLib.inference.engines.find_spec", lambda _: None)
    monkeypatch.setattr(active, "shipped_model", lambda _part: None)
    monkeypatch.setattr("CovidQuantLib.reports.results.report_html", lambda *_: "")
    do_commands(monkeypatch, segmentation=True)


@pytest.mark.parametrize("name", network_names())
def test_a_model_of_any_network_is_listed_run_and_its_proposal_submitted(
    name: str, application: Application, screen: Any, chest: SyntheticChest, tmp_path: Path
) -> None:
    card = save_certain_model(tmp_path / "model", name)
    import_and_activate(application, screen, tmp_path / "model", card)

    pool = init_pool(tmp_path / "pool", fraction=0.0)
    screen.desk.settings.set_pool(str(pool.folder))
    one_click(application, screen, chest)
    check_segments(screen.desk.case, chest, card)

    panel = section(screen, "Submit")
    assert panel.ui.submitButton.isEnabled()
    panel.submit()
    wait(application, screen)
    (past,) = histories(pool)
    assert past.reference is not None, screen.message
    assert past.reference.start == Start("proposal", card.id)


def import_and_activate(application: Application, screen: Any, folder: Path, card: ModelCard) -> None:
    application.dialogs.answer(str(folder))
    ui = section(screen, "Settings").ui
    ui.section.collapsed = False
    ui.importButton.click()
    wait(application, screen)
    listed = [ui.modelBox.itemText(index) for index in range(ui.modelBox.count)]
    place = listed.index(f"{card.id[:8]}, {card.network}: {card.name}")
    ui.modelBox.setCurrentIndex(place)
    ui.activateButton.click()
    wait(application, screen)
    assert f"{card.network} (active)" in ui.modelBox.itemText(place)
    assert f"{card.name} ({card.id[:8]})" in screen._ui.activeModelLabel.text


def one_click(application: Application, screen: Any, chest: SyntheticChest) -> None:
    from CovidQuantLib.slicer_app.self_test_chest import chest_volume

    screen.desk.parameters.ct = chest_volume(chest, PATIENT, "20200301")
    screen.desk.parameters.surfaces = False
    screen.desk.changed()
    section(screen, "Segment").ui.segmentButton.click()
    wait(application, screen)
    assert screen.message == ""


def check_segments(case: Any, chest: SyntheticChest, card: ModelCard) -> None:
    """All of the lungs but their airways; of the model's own class where it tells classes."""
    from CovidQuantLib.slicer_app.label_arrays import read_labels

    assert case.infection_source == card.id
    found = read_labels(case.infection, INFECTION, case.volume)
    infected = (chest.lungs > 0) & ~chest.airways
    assert np.array_equal(found > 0, chest.ct.stored.to_stored(infected))
    if card.label_set.name == "classes":
        assert set(np.unique(found)) == {0, CONSOLIDATION.label}
    else:
        assert set(np.unique(found)) == {0, 1, 2}


def wait(application: Application, screen: Any) -> None:
    application.wait_until(lambda: not screen.desk.jobs.busy, seconds=120)
    application.process_events(0.3)

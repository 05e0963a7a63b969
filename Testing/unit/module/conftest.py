"""The module open in the embedded host, with keys and drafts of the test's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from Testing.embedded_host.application import Application
from Testing.unit.module.ready_results import a_ct, hand_over_results, section

MODULE = Path(__file__).parents[3] / "CovidQuant" / "CovidQuant.py"


@pytest.fixture
def module(application: Application, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module, loaded and not yet open."""
    monkeypatch.setenv("COVIDQUANT_CONFIG", str(tmp_path / "configuration"))
    monkeypatch.setenv("COVIDQUANT_DATA", str(tmp_path / "data"))
    application.app.userSettings().setValue("CovidQuant/Reader", "R1")
    return application.load_module(MODULE)


@pytest.fixture
def screen(application: Application, module: Any) -> Any:
    """The screen of the module, open, over an empty scene."""
    import slicer

    panel = module.widgetRepresentation()
    panel.resize(440, 900)
    panel.show()
    panel.enter()
    application.process_events()
    return slicer.modules.CovidQuantWidget.screen


@pytest.fixture
def a_case(application: Application, screen: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The screen after one click on the synthetic chest."""
    hand_over_results(monkeypatch)
    screen.desk.parameters.ct = a_ct()
    screen.desk.changed()
    section(screen, "Segment").ui.segmentButton.click()
    application.wait_until(lambda: not screen.desk.jobs.busy, seconds=60)
    application.process_events(0.3)
    assert screen.message == ""
    return screen

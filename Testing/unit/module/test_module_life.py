"""The module from Slicer's start to its end: what it registers, loading it again, the end of the window."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path
from typing import Any

import pytest

from Testing.embedded_host.application import Application
from Testing.unit.module.ready_results import section

pytestmark = pytest.mark.slicer


def test_the_sample_is_registered_when_slicer_has_started(application: Application, module: Any) -> None:
    del module
    registered = sys.modules["SampleData"].SampleDataLogic.registered
    registered.clear()
    application.app.startupCompleted.emit()
    assert {source["sampleName"] for source in registered} == {"CTChest"}


def test_a_module_that_is_loaded_again_while_it_is_open_hears_its_keys(application: Application, screen: Any) -> None:
    import slicer

    slicer.modules.CovidQuantWidget.onReload()
    application.process_events()
    again = slicer.modules.CovidQuantWidget.screen
    assert again is not screen
    assert section(again, "Look").widget.findChildren("QShortcut")


def test_the_panel_is_built_where_slicer_has_no_window(
    application: Application, module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As Slicer's own test of every module does, with --no-main-window.
    monkeypatch.setattr(application.app, "_layout_manager", None)
    assert module.widgetRepresentation() is not None
    application.process_events()


def test_a_test_run_of_slicer_that_lacks_packages_skips_the_self_test(
    application: Application, screen: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from CovidQuantLib.slicer_app import self_test

    monkeypatch.setattr(application.app, "_testing", True)
    monkeypatch.setattr(self_test, "missing", lambda _wanted: ["tqdm>=4.66"])
    with pytest.raises(unittest.SkipTest, match="tqdm"):
        self_test.SelfTest(screen, print).run()


def test_entering_and_leaving_a_module_whose_screen_has_gone_does_nothing(screen: Any) -> None:
    import slicer

    del screen
    widget = slicer.modules.CovidQuantWidget
    widget.cleanup()
    widget.enter()
    widget.exit()
    assert widget.screen is None


def test_a_correction_is_kept_when_the_window_goes_before_the_module_hears_of_it(
    application: Application, a_case: Any
) -> None:
    session = a_case.desk.session
    session.drafts.changed()
    a_case.widget.setParent(None)
    a_case.widget.deleteLater()
    application.process_events()
    a_case.close()
    assert not session.is_open
    assert session.is_saved
    assert session.name.folder.is_dir()


def test_the_picture_of_the_views_shows_no_corner_text(application: Application, screen: Any, tmp_path: Path) -> None:
    import slicer

    from CovidQuantLib.slicer_app.report_panel import _with_views

    del screen
    application.open_window()
    views = slicer.app.layoutManager()
    red = views.sliceWidget("Red")
    corners = (red.sliceView().cornerAnnotation(), red.overlayCornerAnnotation(),
               views.threeDWidget(0).threeDView().cornerAnnotation())  # fmt: skip
    without = _with_views("<body></body>", tmp_path)
    for corner in corners:
        corner.SetText(2, "DOE^JANE")
    assert _with_views("<body></body>", tmp_path) == without
    assert all(corner.GetVisibility() for corner in corners)


def test_the_numbers_of_a_case_stand_in_the_scene_itself(a_case: Any) -> None:
    # Slicer gives a long text a file, and leaves the files of hidden nodes out when it saves a scene.
    node = a_case.desk.case.infection.GetNodeReference("CovidQuant.Numbers")
    assert len(node.GetText()) > 1000
    assert node.GetHideFromEditors()
    assert node.CreateDefaultStorageNode() is None

"""The eight steps, as a tutorial shows them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from CovidQuantLib.synthetic_chest import SyntheticChest
from Testing.screenshots.walker import Walker

PATIENT = "4711"
SHOWN_POOL = "/data/pool"


def walk(walker: Walker, volume: Any, places: Path, chest: SyntheticChest | None) -> None:
    """All steps on `volume`; with the synthetic chest also a second CT of the same patient."""
    _settings(walker, places / "pool")
    _segment(walker, volume)
    _look(walker)
    _correct(walker)
    _submit(walker)
    _review(walker)
    _improve(walker)
    _follow_up(walker, chest)
    _report(walker, places)


def _settings(walker: Walker, pool: Path) -> None:
    ui = walker.open("Settings")
    ui.poolEdit.currentPath = str(pool)
    walker.press(ui.initButton)
    walker.wait()
    # The picture shows a neutral folder; the pool stays where it is.
    ui.poolEdit.blockSignals(True)  # noqa: FBT003 - Qt's own signature
    ui.poolEdit.currentPath = SHOWN_POOL
    walker.picture("0-settings", "Settings")
    ui.poolEdit.currentPath = str(pool)
    ui.poolEdit.blockSignals(False)  # noqa: FBT003 - Qt's own signature


def _segment(walker: Walker, volume: Any) -> None:
    walker.screen.desk.parameters.ct = volume
    walker.screen.desk.changed()
    ui = walker.open("Segment")
    walker.press(ui.segmentButton)
    bar = walker.screen.desk.jobs.progress_bar
    walker.host.wait_until(lambda: bar.value > 150 or not walker.screen.desk.jobs.busy, seconds=600)
    walker.picture("1-segment", "Segment")
    walker.wait()


def _look(walker: Walker) -> None:
    ui = walker.open("Look")
    walker.choose_row(ui.regionTable, 5)
    walker.picture("2-look", "Look")
    walker.press(ui.plotButton)
    walker.picture("2-look-plot", "Look")
    _four_views(walker)


def _correct(walker: Walker) -> None:
    ui = walker.open("Correct")
    paint = next(button for button in ui.segmentEditor.findChildren("QToolButton") if button.objectName == "Paint")
    walker.press(paint)
    walker.drag("Red", [(0.33 + 0.007 * step, 0.60 + 0.008 * step) for step in range(10)])
    walker.rest(2.5)
    walker.picture("3-correct", "Correct")
    walker.press(paint)


def _submit(walker: Walker) -> None:
    ui = walker.open("Submit")
    if ui.patientRow.isVisible():
        ui.patientEdit.text = PATIENT
    walker.picture("4-submit", "Submit")
    walker.press(ui.facts.findChildren("QToolButton")[0])
    ui.onsetBox.value = 6
    walker.picture("4-submit-facts", "Submit")
    if ui.outsideRow.isVisible():
        walker.press(ui.cutOutsideButton)
        walker.rest(2.0)
    walker.press(ui.submitButton)
    walker.wait()
    walker.picture("4-submitted", "Submit")


def _review(walker: Walker) -> None:
    walker.screen.desk.close_case()
    walker.screen.desk.settings.set_reader("R2")
    walker.screen.desk.changed()
    ui = walker.open("Review")
    walker.press(ui.listButton)
    walker.wait()
    walker.choose_row(ui.readingsTable, 0)
    walker.press(ui.openButton)
    walker.picture("5-review", "Review")
    walker.press(ui.scoreButton)
    walker.wait()
    walker.press(ui.approveButton)
    walker.wait()


def _improve(walker: Walker) -> None:
    ui = walker.open("Improve")
    walker.press(ui.refreshButton)
    walker.wait()
    walker.press(ui.plotButton)
    walker.picture("6-improve", "Improve")
    _four_views(walker)


def _follow_up(walker: Walker, chest: SyntheticChest | None) -> None:
    if chest is None:
        walker.screen.desk.find_case()
        walker.open("FollowUp")
        walker.picture("7-follow-up", "FollowUp")
        return
    _add_later_ct(walker, chest)
    ui = walker.open("FollowUp")
    walker.press(ui.volumesButton)
    walker.rest(2.0)
    walker.picture("7-follow-up-3d", "FollowUp")
    walker.press(ui.volumesButton)
    walker.press(ui.linkButton)
    walker.picture("7-follow-up", "FollowUp")
    walker.press(ui.linkButton)
    walker.press(ui.plotButton)
    walker.picture("7-follow-up-plot", "FollowUp")
    _four_views(walker)


def _add_later_ct(walker: Walker, chest: SyntheticChest) -> None:
    """A second CT of the same patient, ten days later: what was consolidation is ground glass, as its mask says."""
    import slicer

    from CovidQuantLib.slicer_app.case_numbers import parse_numbers
    from CovidQuantLib.slicer_app.segmentation_nodes import load_results
    from CovidQuantLib.slicer_app.self_test_chest import chest_volume, true_results

    glass, solid = chest.infection == 1, chest.infection == 2
    hu = chest.ct.hu.copy()
    hu[solid] = np.random.default_rng(1).choice(hu[glass & ~chest.vessels], np.count_nonzero(solid))
    later = replace(chest, ct=replace(chest.ct, hu=hu), infection=(chest.infection > 0).astype(np.uint8))
    volume = chest_volume(later, PATIENT, "20200311")
    with TemporaryDirectory() as folder:
        text = true_results(Path(folder), later)
        nodes = load_results(Path(folder), volume)
    walker.screen.desk.parameters.ct = volume
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    walker.screen.desk.new_case(nodes, parse_numbers(text), text)


def _four_views(walker: Walker) -> None:
    import slicer

    slicer.app.layoutManager().setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)
    walker.rest()


def _report(walker: Walker, places: Path) -> None:
    ui = walker.open("Report")
    walker.host.dialogs.answer(str(places / "report.html"))
    walker.press(ui.reportButton)
    walker.wait()
    walker.picture("8-report", "Report")
    assert (places / "report.html").stat().st_size > 0, walker.screen.message

"""The Segment Editor while no correction is open: Slicer's own choices and keys change nothing."""

from __future__ import annotations

from typing import Any

import pytest

from Testing.embedded_host.application import Application
from Testing.unit.module.ready_results import section

pytestmark = pytest.mark.slicer


def test_a_segmentation_may_come_before_any_correction(application: Application, screen: Any) -> None:
    import slicer

    editor = section(screen, "Correct").ui.segmentEditor
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
    application.process_events()
    # Slicer's selector takes the first one, which it can only where the parameter node is there.
    assert editor.segmentationNode() is node
    assert not editor.autoShowSourceVolumeNode


def test_the_keys_of_effects_work_in_an_open_correction_alone(a_case: Any) -> None:
    panel = section(a_case, "Correct")
    editor = panel.ui.segmentEditor
    assert panel.correction.session is not None
    one = editor.findChildren("QShortcut")[0]
    one.activated.emit()
    assert editor.activeEffect().name == "Paint"
    a_case.desk.session.submit()
    a_case.desk.session = None
    a_case.desk.changed()
    assert editor.activeEffect() is None
    one.activated.emit()
    assert editor.activeEffect() is None

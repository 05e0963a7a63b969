"""Opening, closing and loading the module again leaves nothing behind, however often."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
import shiboken6
from PySide6 import QtCore, QtWidgets

from Testing.embedded_host.application import Application, python_observers
from Testing.unit.module.ready_results import section

pytestmark = pytest.mark.slicer
OURS = "CovidQuantLib.slicer_app"


@pytest.fixture(autouse=True)
def the_library_as_it_was() -> Iterator[None]:
    """A reload imports the library anew; the tests that follow go on with the modules that they have imported."""
    before = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "CovidQuantLib"}
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "CovidQuantLib"]:
        del sys.modules[name]
    sys.modules.update(before)


def counts(application: Application) -> dict[str, Any]:
    """Everything of which a screen that has gone could leave something."""
    import slicer

    application.process_events(0.1)
    gc.collect()
    living = [one for one in gc.get_objects() if str(type(one).__module__).startswith((OURS, "PySide6"))]
    timers = [one for one in living if isinstance(one, QtCore.QTimer) and shiboken6.isValid(one)]
    segmentations = [node.GetSegmentation() for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode")]
    return {
        "nodes": slicer.mrmlScene.GetNumberOfNodes(),
        "observers": application.observer_count() + sum(map(python_observers, segmentations)),
        "connections": application.connection_count(),
        "event filters": application.event_filter_count(),
        "widgets": len(QtWidgets.QApplication.allWidgets()),
        "children of the application": len(slicer.app.children()),
        "active timers": sum(timer.isActive() for timer in timers),
        "timers": len(timers),
        "processes": len(psutil.Process().children(recursive=True)),
        "objects": dict(Counter(type(one).__name__ for one in living if str(type(one).__module__).startswith(OURS))),
    }


def turn(application: Application) -> None:
    """Leave the module over an open correction, come back, load it again, and go on with the correction."""
    import slicer

    widget = slicer.modules.CovidQuantWidget
    widget.exit()
    application.process_events()
    widget.enter()
    application.process_events()
    widget.onReload()
    application.process_events(0.1)
    screen = slicer.modules.CovidQuantWidget.screen
    assert screen.desk.case is not None
    section(screen, "Correct").ui.resumeDraftButton.click()
    assert screen.desk.session.is_open, screen.message


def check_turns(application: Application, number: int) -> None:
    turn(application)
    first = counts(application)
    for _ in range(number):
        turn(application)
    assert counts(application) == first


def test_five_reloads_leave_nothing_behind(application: Application, a_case: Any) -> None:
    del a_case
    check_turns(application, 5)


@pytest.mark.soak
def test_50_reloads_leave_nothing_behind(application: Application, a_case: Any) -> None:
    del a_case
    check_turns(application, 50)
    sys.stdout.write("\nsoak: module loaded again 50 times over an open correction: nothing left behind\n")

"""What goes wrong outside of the screen is one plain sentence on it, and the next click works.

The processes are real, behind a launcher as in Slicer; a script stands in the command line's place.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from Testing.embedded_host.application import Application
from Testing.unit.module.ready_results import a_ct, result_folder, section

pytestmark = pytest.mark.slicer

SAY = "import json, os, shutil, subprocess, sys, time\n"
SAY += "say = lambda **v: print(json.dumps({'v': 1, **v}), flush=True)\n"
RESULTS = "results = sys.argv[sys.argv.index('--output') + 1]\n"
START = SAY + "say(type='start', pid=os.getpid())\n"
COPIES = RESULTS + "shutil.copytree(os.environ['READY_RESULTS'], results)\n"
WORKS = START + COPIES + "say(type='result')"
HANGS = START + "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
HANGS += "say(type='progress', fraction=0.5, message=f'{os.getppid()} {os.getpid()} {child.pid}'); time.sleep(60)"
ENDED, NOT_INSTALLED, DAMAGED, UNREADABLE = "ended before", "not installed whole", "are damaged", "cannot be read"

FAULTS = {
    "prints rubbish and ends": (SAY + "os.write(1, bytes(range(256)) * 50); print('{')", NOT_INSTALLED),
    "ends in the middle of a line": (START + 'os.write(1, b\'{"v": 1, "type": "resu\')', ENDED),
    "never says a word": ("pass", NOT_INSTALLED),
    "ends well without a result": (START + "say(type='progress', fraction=1, message='Done')", ENDED),
    "has a result without files": (START + "say(type='result')", UNREADABLE),
    "has numbers that are cut off": (
        START + COPIES + "os.truncate(results + '/quantification.json', 999); say(type='result')",
        UNREADABLE,
    ),
    "has segments that are cut off": (
        WORKS.replace(
            "say(type='result')", "os.truncate(results + '/segmentation.seg.nrrd', 9999); say(type='result')"
        ),
        DAMAGED,
    ),
    "finds the disk full": (
        START + "say(type='error', kind='input', message='The results cannot be written: No space left.'); sys.exit(2)",
        "No space left",
    ),
}


@pytest.fixture
def run(application: Application, screen: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Press the one button, with a script as the worker."""
    monkeypatch.setenv("READY_RESULTS", str(result_folder()))
    screen.desk.parameters.ct = a_ct()
    screen.desk.changed()
    before = set(psutil.Process().children(recursive=True))

    def press(script: str, *, until: Callable[[], bool] | None = None) -> None:
        screen.desk.jobs._worker._command = lambda arguments: [sys.executable, "-c", script, *arguments]
        button = section(screen, "Segment").ui.segmentButton
        assert button.isEnabled(), "the module cannot be used any more"
        button.click()
        application.wait_until(until or (lambda: not screen.desk.jobs.busy), seconds=60)

    def press_and_see_all_ended(script: str, *, until: Callable[[], bool] | None = None) -> None:
        press(script, until=until)
        if until is None:
            assert_gone(set(psutil.Process().children(recursive=True)) - before)

    return press_and_see_all_ended


def assert_gone(processes: set[psutil.Process]) -> None:
    stop = time.monotonic() + 5
    while left := [one for one in processes if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]:
        assert time.monotonic() < stop, left
        time.sleep(0.01)


def works(screen: Any, run: Callable[..., None]) -> None:
    """The next click gives a case on the screen and no message."""
    import slicer

    run(WORKS)
    assert screen.message == ""
    assert screen.desk.case is not None
    assert len(slicer.util.getNodesByClass("vtkMRMLSegmentationNode")) == 2


def family(screen: Any) -> list[int]:
    """Launcher, worker and the worker's child, as HANGS says them."""
    words = str(screen._ui.stepLabel.text).split()
    return [int(word) for word in words] if len(words) == 3 and "".join(words).isdigit() else []


def test_a_worker_that_goes_wrong_is_one_sentence_and_the_next_one_works(
    screen: Any, run: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import slicer

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    for name, (script, sentence) in FAULTS.items():
        run(script)
        assert sentence in screen.message, f"{name}: {screen.message}"
        assert screen.message.count("\n") == 0, name
        assert not slicer.util.getNodesByClass("vtkMRMLSegmentationNode"), name
        assert not list((tmp_path / "temporary").iterdir()), name
    works(screen, run)
    assert not list((tmp_path / "temporary").iterdir())


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_a_worker_killed_from_outside_is_one_sentence_and_leaves_no_process(
    application: Application, screen: Any, run: Callable[..., None]
) -> None:
    for killed in (0, 1):  # the launcher, then the Python behind it
        run(HANGS, until=lambda: len(family(screen)) == 3)
        processes = [psutil.Process(number) for number in family(screen)]
        os.kill(processes[killed].pid, 9)
        application.wait_until(lambda: not screen.desk.jobs.busy, seconds=20)
        assert ENDED in screen.message
        assert_gone(set(processes))
    works(screen, run)


@pytest.mark.parametrize("what", ["scene", "module"])
def test_closing_while_a_worker_runs_ends_it_with_its_children(
    what: str, application: Application, screen: Any, run: Callable[..., None]
) -> None:
    import slicer

    run(HANGS, until=lambda: len(family(screen)) == 3)
    processes = {psutil.Process(number) for number in family(screen)}
    began = time.monotonic()
    if what == "scene":
        slicer.mrmlScene.Clear(0)
    else:
        application.modules.unload_scripted()
    assert time.monotonic() - began < 5
    assert_gone(processes)
    application.process_events(0.1)
    if what == "scene":
        assert not screen.desk.jobs.busy
        screen.desk.parameters.ct = a_ct()
        screen.desk.changed()
        works(screen, run)


def test_closing_before_the_worker_has_said_a_word_ends_it_too(
    application: Application, screen: Any, run: Callable[..., None]
) -> None:
    import slicer

    own = psutil.Process()
    before = set(own.children(recursive=True))
    run("import time; time.sleep(60)", until=lambda: len(set(own.children(recursive=True)) - before) == 2)
    processes = set(own.children(recursive=True)) - before
    slicer.mrmlScene.Clear(0)
    assert_gone(processes)
    application.process_events(0.1)
    assert not screen.desk.jobs.busy


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk at hand")
def test_a_full_disk_in_the_private_folder_is_one_sentence(
    screen: Any, run: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from CovidQuantLib.slicer_app import private_folder
    from CovidQuantLib.slicer_app.case_job import CaseJob

    def full() -> Any:
        folder = private_folder.PrivateFolder()
        (folder.path / "ct.nrrd").symlink_to("/dev/full")
        return folder

    def none() -> Any:
        raise OSError(28, "No space left on device", "/SECRET/place")

    job: CaseJob = screen.desk.jobs._case_job
    for way in (full, none):
        monkeypatch.setattr(job, "_new_folder", way)
        run(WORKS)
        assert "Make room" in screen.message
        assert "/" not in screen.message
    monkeypatch.setattr(job, "_new_folder", private_folder.PrivateFolder)
    run(START + "say(type='error', kind='input', message='Another sentence.')")
    assert screen.message == "Another sentence."


def test_drafts_that_cannot_be_kept_are_one_sentence_until_they_can(
    screen: Any, run: Callable[..., None], tmp_path: Path
) -> None:
    from CovidQuantLib.slicer_app.lesion_places import fullest_place

    (tmp_path / "data").mkdir(exist_ok=True)
    in_the_way = tmp_path / "data" / "drafts"
    in_the_way.write_text("a file where the folder of drafts belongs", encoding="utf-8")
    run(WORKS)
    assert "draft" in screen.message.lower()
    assert str(tmp_path) not in screen.message
    assert screen.desk.case is not None
    assert not screen.desk.session
    in_the_way.unlink()
    screen.leave()
    screen.enter()
    session: Any = screen.desk.session
    assert session.is_open
    assert session.delete_component(fullest_place(screen.desk.case, "lungs"))
    shutil.rmtree(session.name.folder)
    session.name.folder.parent.rmdir()
    session.name.folder.parent.write_text("the folder was replaced meanwhile", encoding="utf-8")
    screen.leave()
    assert "draft" in screen.message
    assert str(tmp_path) not in screen.message


def test_a_ct_under_a_bent_transform_is_one_sentence_until_it_is_straight(
    screen: Any, run: Callable[..., None]
) -> None:
    import slicer
    import vtk

    bend = vtk.vtkThinPlateSplineTransform()
    points = [vtk.vtkPoints(), vtk.vtkPoints()]
    for at in np.ndindex(2, 2, 2):
        points[0].InsertNextPoint(*(100.0 * one for one in at))
        points[1].InsertNextPoint(*(100.0 * one + 3.0 * (sum(at) == 3) for one in at))
    bend.SetSourceLandmarks(points[0])
    bend.SetTargetLandmarks(points[1])
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode")
    node.SetAndObserveTransformToParent(bend)
    volume = screen.desk.parameters.ct
    volume.SetAndObserveTransformNodeID(node.GetID())
    run(WORKS)
    assert "non-linear transform" in screen.message
    volume.SetAndObserveTransformNodeID(None)
    works(screen, run)
    volume.SetAndObserveTransformNodeID(node.GetID())
    look = section(screen, "Look")
    look.ui.plotBox.setCurrentIndex(1)
    for use in (lambda: look._on_row(0, 0), look.ui.plotButton.click, screen.leave, screen.enter):
        use()
    assert "non-linear transform" in screen.message


def test_a_ct_or_a_scene_that_goes_meanwhile_is_one_sentence(
    screen: Any, run: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    import slicer

    from CovidQuantLib.slicer_app import segmentation_nodes

    def remove() -> None:
        if slicer.mrmlScene.IsNodePresent(ct):
            slicer.mrmlScene.RemoveNode(ct)

    def clear() -> None:
        slicer.mrmlScene.Clear(0)

    def after(function: Callable[..., None], go: Callable[[], None]) -> Callable[..., None]:
        def both(*arguments: Any) -> None:
            function(*arguments)
            go()

        return both

    add_layer, job = segmentation_nodes._add_layer, screen.desk.jobs._case_job
    for go in (remove, clear):
        ct = screen.desk.parameters.ct
        monkeypatch.setattr(segmentation_nodes, "_add_layer", after(add_layer, go))
        run(WORKS)
        assert "removed" in screen.message
        assert not slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
        screen.desk.parameters.ct = a_ct()
        screen.desk.changed()
    monkeypatch.setattr(segmentation_nodes, "_add_layer", add_layer)
    ct = screen.desk.parameters.ct
    monkeypatch.setattr(job, "_handle_events", remove)
    run(WORKS)
    assert "removed" in screen.message
    monkeypatch.setattr(job, "_handle_events", None)
    screen.desk.parameters.ct = a_ct()
    screen.desk.changed()
    works(screen, run)


def test_a_fault_of_the_program_says_so_and_leaves_it_usable(
    application: Application, screen: Any, run: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(screen.desk, "new_case", fail)
        run(WORKS)
    assert "a fault of CovidQuant" in screen.message
    assert [str(error) for error in application.errors.expect()] == ["a bug"]
    with monkeypatch.context() as patch:
        patch.setattr(screen.desk.jobs._worker, "_new_process", fail)
        run(WORKS)
    assert "a fault of CovidQuant" in screen.message
    assert [str(error) for error in application.errors.expect()] == ["a bug"]
    run(START + "say(type='error', kind='input', message='Another sentence.')")
    assert screen.message == "Another sentence."


def test_a_model_that_has_gone_is_one_sentence(screen: Any, run: Callable[..., None]) -> None:
    from CovidQuantLib.models.active import HISTORY_FILE
    from CovidQuantLib.models.store import store_folder

    store_folder().mkdir(parents=True)
    history = store_folder() / HISTORY_FILE
    entry = {"v": 1, "part": "infection", "action": "activate", "model": "0" * 32, "at": "2020-03-31T00:00:00Z"}
    history.write_text(json.dumps(entry) + "\n", encoding="utf-8")
    screen.desk.changed()
    assert "no longer here" in screen._ui.activeModelLabel.text
    section(screen, "Settings").ui.section.collapsed = False
    assert "no longer here" in screen.message
    run(START + "say(type='error', kind='input', message='The model that was active is no longer here.')")
    assert "no longer here" in screen.message
    history.unlink()
    screen.desk.changed()
    assert "no longer here" not in screen._ui.activeModelLabel.text


def test_no_button_raises_whatever_has_gone(
    application: Application, a_case: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every button that can be pressed is, with what it works on taken away; the fixture fails where one raises."""
    import qt
    import slicer
    import vtk

    from CovidQuantLib.hitl.pool import init_pool
    from CovidQuantLib.slicer_app.worker import Failure, Worker

    def refuse(*arguments: Any) -> None:
        qt.QTimer.singleShot(0, lambda: arguments[-1](Failure("input", "The pool cannot be reached.")))

    def press_all() -> int:
        pressed = 0
        for panel in a_case.panels:
            panel.ui.section.collapsed = False
            for button in panel.widget.findChildren("QAbstractButton"):
                if button.isEnabled() and button.objectName not in ("", "section"):
                    button.click()
                    application.wait_until(lambda: not a_case.desk.jobs.busy, seconds=20)
                    pressed += 1
        application.process_events(0.3)
        application.errors.check()
        return pressed

    monkeypatch.setattr(Worker, "start", refuse)
    monkeypatch.setattr(application.dialogs, "_answered", lambda *_, **__: "")
    pool = init_pool(tmp_path / "pool").folder
    a_case.desk.settings.set_pool(str(pool))
    a_case.desk.changed()
    pool.rename(tmp_path / "elsewhere")
    assert press_all() > 20
    (tmp_path / "pool").write_text("a file in the pool's place", encoding="utf-8")
    press_all()
    matrix = vtk.vtkMatrix4x4()
    matrix.SetElement(0, 3, float("nan"))
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    node.SetMatrixTransformToParent(matrix)
    a_case.desk.parameters.ct.SetAndObserveTransformNodeID(node.GetID())
    press_all()
    slicer.mrmlScene.RemoveNode(a_case.desk.parameters.ct)
    press_all()
    slicer.mrmlScene.Clear(0)
    press_all()

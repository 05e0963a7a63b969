"""One click: export, work, hand over, clean up; however it ends, nothing of the CT stays on the disk."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import slicer

from CovidQuantLib.reports.file_names import SEGMENTATION_FILE
from CovidQuantLib.slicer_app.case_job import CaseJob
from CovidQuantLib.slicer_app.private_folder import PrivateFolder
from CovidQuantLib.slicer_app.segmentation_nodes import load_results
from CovidQuantLib.slicer_app.worker import CANCELLED, ENDED, Failure, Worker
from Testing.unit.slicer_app.chest_case import a_chest, a_result_folder, ct_node

Wait = Callable[..., None]
SAY = "import json, os, shutil, sys, time; say = lambda **v: print(json.dumps({'v': 1, **v}), flush=True)\n"
SAY += "say(type='start', pid=os.getpid())\nct, results = sys.argv[2], sys.argv[4]\n"
WORKS = (
    SAY + "assert os.path.getsize(ct) > 1000000\nshutil.copytree(os.environ['PROPOSAL'], results)\nsay(type='result')"
)
HANGS = SAY + "say(type='progress', fraction=0.5, message='Working')\ntime.sleep(60)"
DIES = SAY + "os.kill(os.getpid(), 9)"


class Run:
    """A job with a script in the worker's place, and what it called."""

    def __init__(self, folder: Path, script: str) -> None:
        worker = Worker(command=lambda arguments: [sys.executable, "-c", script, *arguments])
        self.folder = folder
        self.job = CaseJob(worker, lambda: PrivateFolder(folder), slicer.app.processEvents)
        self.volume = ct_node(a_chest())
        self.messages: list[str] = []
        self.failures: list[Failure] = []
        self.done: list[Any] = []

    def start(self, on_done: Callable[[Path], object] | None = None) -> None:
        receive = on_done or (lambda folder: sorted(path.name for path in folder.iterdir()))
        self.job.start(
            self.volume,
            ["--infection", "threshold"],
            lambda _fraction, message: self.messages.append(message),
            lambda folder: self.done.append(receive(folder)),
            self.failures.append,
        )

    @property
    def is_over(self) -> bool:
        return not self.job.running

    @property
    def left(self) -> list[Path]:
        return list(self.folder.rglob("*"))


@pytest.fixture(autouse=True)
def a_proposal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROPOSAL", str(a_result_folder()))


def test_the_results_are_handed_over_and_then_gone(tmp_path: Path, wait_until: Wait) -> None:
    run = Run(tmp_path, WORKS)
    run.start()
    assert run.job.running
    wait_until(lambda: run.is_over)
    assert run.done == [[SEGMENTATION_FILE]]
    assert run.failures == []
    assert run.left == []


def test_results_that_cannot_be_loaded_leave_nothing_behind_either(
    tmp_path: Path, wait_until: Wait, application: Any
) -> None:
    def refuse(_folder: Path) -> None:
        raise RuntimeError("damaged")

    run = Run(tmp_path, WORKS)
    run.start(refuse)
    wait_until(lambda: run.is_over)
    assert run.left == []
    assert [str(error) for error in application.errors.expect()] == ["damaged"]


@pytest.mark.parametrize("moment", ["while it is exported", "while it works"])
def test_a_cancelled_job_leaves_nothing_behind(moment: str, tmp_path: Path, wait_until: Wait) -> None:
    run = Run(tmp_path, HANGS)
    if moment == "while it is exported":
        run.job._handle_events = run.job.cancel
    run.start()
    if moment == "while it works":
        wait_until(lambda: "Working" in run.messages)
        run.job.cancel()
    wait_until(lambda: run.is_over)
    assert run.failures == [Failure("cancelled", CANCELLED)]
    assert run.left == []


def test_a_worker_that_dies_leaves_nothing_behind(tmp_path: Path, wait_until: Wait) -> None:
    run = Run(tmp_path, DIES)
    run.start()
    wait_until(lambda: run.is_over)
    assert run.failures == [Failure("ended", ENDED)]
    assert run.left == []


def test_a_ct_that_is_removed_while_it_works_is_no_reason_to_fall(tmp_path: Path, wait_until: Wait) -> None:
    run = Run(tmp_path, HANGS)
    run.start()
    wait_until(lambda: "Working" in run.messages)
    slicer.mrmlScene.RemoveNode(run.volume)
    run.job.cancel()
    wait_until(lambda: run.is_over)
    assert run.left == []


def test_the_end_of_the_program_ends_the_job_without_a_word(tmp_path: Path, wait_until: Wait) -> None:
    run = Run(tmp_path, HANGS)
    run.start()
    wait_until(lambda: "Working" in run.messages)
    run.job.end_now()
    assert run.is_over
    assert (run.done, run.failures, run.left) == ([], [], [])


def test_a_volume_without_voxels_is_one_sentence(tmp_path: Path) -> None:
    run = Run(tmp_path, WORKS)
    run.volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    run.start()
    assert [failure.kind for failure in run.failures] == ["input"]
    assert "holds no CT" in run.failures[0].sentence
    assert run.left == []


def test_a_disk_without_room_is_one_sentence(tmp_path: Path) -> None:
    run = Run(tmp_path / "no such folder", WORKS)
    run.start()
    assert [failure.kind for failure in run.failures] == ["input"]
    assert "no room" in run.failures[0].sentence


def test_one_click_on_the_synthetic_chest_from_the_node_to_the_segments(tmp_path: Path, wait_until: Wait) -> None:
    run = Run(tmp_path, "")
    run.job = CaseJob(Worker(), lambda: PrivateFolder(tmp_path), slicer.app.processEvents)

    def receive(folder: Path) -> Any:
        numbers = json.loads((folder / "quantification.json").read_text(encoding="utf-8"))
        return load_results(folder, run.volume), numbers["regions"][0]["volume_ml"]

    run.start(receive)
    wait_until(lambda: run.is_over, 300)
    assert run.failures == []
    nodes, lungs_ml = run.done[0]
    truth = float((a_chest().lungs > 0).sum()) * a_chest().ct.geometry.voxel_ml
    assert lungs_ml == pytest.approx(truth, rel=0.05)
    assert nodes.infection_source == "threshold"
    assert run.left == []

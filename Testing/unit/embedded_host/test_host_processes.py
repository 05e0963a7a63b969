"""A QProcess of the host sees Slicer's launcher: the Python that works is its child."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from Testing.embedded_host.application import Application

pytestmark = pytest.mark.slicer


def test_a_process_tells_its_output_and_its_end(application: Application) -> None:
    import qt

    process = qt.QProcess()
    ended: list[tuple[Any, ...]] = []
    text: list[str] = []

    def read() -> None:
        text.append(process.readAllStandardOutput().data().decode())

    process.connect("readyReadStandardOutput()", read)
    process.connect("finished(int,QProcess::ExitStatus)", lambda *values: ended.append(values))
    process.start(sys.executable, ["-c", "import os; print(os.getpid(), os.getppid()); raise SystemExit(7)"])
    assert process.waitForStarted(10000)
    launcher = process.processId()
    application.wait_until(lambda: bool(ended), seconds=20.0)
    worker, parent = map(int, "".join(text).split())
    assert parent == launcher != worker
    assert ended[0][0] == 7


def test_killing_the_launcher_leaves_the_worker_alive(application: Application) -> None:
    """The trap that makes a worker kill the whole tree: it must show in the host too."""
    import os

    import qt

    process = qt.QProcess()
    process.start(sys.executable, ["-c", "import os, time; print(os.getpid(), flush=True); time.sleep(60)"])
    application.wait_until(lambda: process.bytesAvailable() > 0, seconds=20.0)
    worker = int(process.readAllStandardOutput().data().decode())
    process.kill()
    assert process.waitForFinished(5000)
    assert Path(f"/proc/{worker}").exists() or sys.platform != "linux"
    # Raises where there is no such process.
    os.kill(worker, 9)


def test_a_program_that_is_missing_is_told(application: Application) -> None:
    import qt

    process = qt.QProcess()
    errors: list[Any] = []
    process.connect("errorOccurred(QProcess::ProcessError)", errors.append)
    process.start("/no/such/program", [])
    application.wait_until(lambda: bool(errors), seconds=5.0)
    assert errors == [qt.QProcess.FailedToStart]

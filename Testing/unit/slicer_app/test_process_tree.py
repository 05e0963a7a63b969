"""Ending a worker's family: all of it, and nobody else."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from CovidQuantLib.slicer_app.process_tree import ProcessTree, process_table

PYTHON = sys.executable
GRANDPARENT = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', "
                  "'import time; time.sleep(60)']); time.sleep(60)"])
print("started", flush=True)
time.sleep(60)
"""


@pytest.fixture
def a_family() -> Iterator[subprocess.Popen[bytes]]:
    """A process with a child and a grandchild."""
    root = subprocess.Popen([PYTHON, "-c", GRANDPARENT], stdout=subprocess.DEVNULL)
    stop = time.monotonic() + 20
    while len(psutil.Process(root.pid).children(recursive=True)) < 2:
        assert time.monotonic() < stop
        time.sleep(0.01)
    yield root
    for child in psutil.Process(root.pid).children(recursive=True) if root.poll() is None else []:
        child.kill()
    root.kill()
    root.wait()


def is_gone(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_the_whole_family_ends(a_family: subprocess.Popen[bytes]) -> None:
    family = [psutil.Process(a_family.pid), *psutil.Process(a_family.pid).children(recursive=True)]
    ProcessTree(a_family.pid).kill()
    psutil.wait_procs(family, 5)
    assert all(is_gone(process) for process in family)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a family by its own command")
def test_a_child_whose_parent_went_before_is_found_when_it_was_seen(a_family: subprocess.Popen[bytes]) -> None:
    children = psutil.Process(a_family.pid).children(recursive=True)
    tree = ProcessTree(a_family.pid)
    tree.look()
    a_family.kill()
    a_family.wait()
    assert not any(is_gone(child) for child in children)
    tree.kill()
    psutil.wait_procs(children, 5)
    assert all(is_gone(child) for child in children)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a family by its own command")
def test_a_number_that_another_process_has_now_is_left_alone() -> None:
    stranger = psutil.Popen([PYTHON, "-c", "import time; time.sleep(60)"])
    try:
        tables = iter([{(999_999, "then"): 1, (stranger.pid, "then"): 999_999}, {(stranger.pid, "now"): 1}])
        tree = ProcessTree(999_999, lambda: next(tables))
        tree.look()
        tree.kill()
        assert not is_gone(stranger)
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such table")
def test_the_table_holds_this_process_and_its_parent() -> None:
    own = psutil.Process()
    parents = {number: parent for (number, _), parent in process_table().items()}
    assert parents[own.pid] == own.ppid()

"""Fixtures on the real MRML: an empty scene, a CT node, the results of a small case."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from Testing.unit.slicer_app.booted import slicer


@pytest.fixture(autouse=True)
def an_empty_scene() -> Iterator[None]:
    slicer.mrmlScene.Clear(0)
    yield
    slicer.mrmlScene.Clear(0)


@pytest.fixture
def wait_until() -> Callable[[Callable[[], bool], float], None]:
    def wait(done: Callable[[], bool], seconds: float = 20.0) -> None:
        stop = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < stop, "nothing happened"
            slicer.app.processEvents()
            time.sleep(0.002)

    return wait


@pytest.fixture
def a_volume() -> object:
    """A CT node of 24 x 30 x 36 voxels, stored head first and with the patient's right first."""
    hu = np.full((24, 30, 36), -850, np.int16)
    return slicer.util.addVolumeFromArray(hu, np.diag([2.0, -2.5, 3.0, 1.0]), "CT")

"""Fixtures on the real MRML of the embedded host, which is booted before any test module asks for slicer or qt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from Testing.conftest import require

require("slicer")
require("PySide6")

from Testing.embedded_host.boot import boot  # noqa: E402 - after the skip where there is no slicer-core

if TYPE_CHECKING:
    from Testing.embedded_host.application import Application
    from Testing.unit.slicer_app.sessions import Case

boot()

import slicer  # noqa: E402 - as the host has made it


@pytest.fixture(autouse=True)
def the_host(application: Application) -> Application:
    """Every test begins with an empty scene, and fails where a callback has raised something."""
    return application


@pytest.fixture
def wait_until(application: Application) -> Callable[..., None]:
    def wait(done: Callable[[], bool], seconds: float = 20.0) -> None:
        application.wait_until(done, seconds=seconds)

    return wait


@pytest.fixture
def a_volume() -> Any:
    """A CT node of 24 x 30 x 36 voxels, stored head first and with the patient's right first."""
    hu = np.full((24, 30, 36), -850, np.int16)
    return slicer.util.addVolumeFromArray(hu, np.diag([2.0, -2.5, 3.0, 1.0]), "CT")


@pytest.fixture
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drafts and keys of the test's own."""
    monkeypatch.setenv("COVIDQUANT_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("COVIDQUANT_CONFIG", str(tmp_path / "configuration"))


@pytest.fixture
def case(own_folders: None) -> Iterator[Case]:  # noqa: ARG001 - set before the session begins
    """A session on the small chest's proposal."""
    from Testing.unit.slicer_app.chest_case import case_nodes
    from Testing.unit.slicer_app.sessions import Case

    made = Case(case_nodes())
    yield made
    made.session.close()

"""Fixtures that every test may use."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from types import ModuleType

import pytest

from Testing.embedded_host.fixtures import application

__all__ = ["application", "real_data", "require"]

DATA = Path(os.environ.get("COVIDQUANT_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))
_OF_EXTRAS = {"torch", "monai", "safetensors"}


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real CT, or a skip that says where it was looked for."""
    if not DATA.is_dir():
        pytest.skip("no real CT: set COVIDQUANT_TEST_DATA to the folder that holds it")
    return DATA


def require(module: str) -> ModuleType:
    """The module, or a skip that names it; in continuous integration a missing one is a failure.

    Modules of the optional extras are skipped there too: which build of PyTorch fits depends on the machine.
    """
    if os.environ.get("CI") == "true" and module not in _OF_EXTRAS:
        return importlib.import_module(module)
    return pytest.importorskip(module, reason=f"{module} is not installed: pip install '.[dev]'")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Keep the exit status for the end of the process."""
    session.config.stash[_STATUS] = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End without taking Qt and VTK down: both do it in static destructors, in no order, and crash at times."""
    if "PySide6" in sys.modules and _STATUS in config.stash:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.stash[_STATUS])


_STATUS = pytest.StashKey[int]()

"""Slicer's self test, with real worker processes, in the embedded host."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from Testing.embedded_host.application import Application

pytestmark = pytest.mark.slicer


def test_the_whole_circle_passes(application: Application, module: Any) -> None:
    module.widgetRepresentation().show()
    sys.modules["CovidQuant"].CovidQuantTest().runTest()
    assert application.dialogs.texts == []

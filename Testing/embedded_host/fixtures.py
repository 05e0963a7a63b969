"""The fixture `application`; `Testing/conftest.py` offers it to every test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from Testing.embedded_host.application import Application


@pytest.fixture
def application() -> Iterator[Application]:
    """The host, as it is after boot; fails the test in whose callbacks something was raised."""
    from Testing.conftest import require
    from Testing.embedded_host.boot import boot

    for module in ("slicer", "PySide6"):
        require(module)

    host = boot()
    host.errors.install()
    host.launcher.install()
    try:
        yield host
        host.process_events()
        host.errors.check()
        host.dialogs.take()
    finally:
        host.launcher.remove()
        host.reset()
        host.errors.expect()
        host.errors.remove()

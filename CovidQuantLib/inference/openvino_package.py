"""The optional package `openvino`, imported so that it reports nothing to anybody."""

from __future__ import annotations

import sys
from types import ModuleType

_TELEMETRY = "openvino_telemetry"


def import_openvino() -> ModuleType:
    """The package, without its telemetry. Every import of `openvino` goes through here.

    As it comes, importing it and converting a network each send an event to its maker, unless a file in the home
    folder says no, and write a client's number into that folder. Where `openvino_telemetry` cannot be imported the
    package takes a stand-in of its own that does nothing.
    """
    if _TELEMETRY not in sys.modules:
        sys.modules[_TELEMETRY] = None  # type: ignore[assignment]
    import openvino

    return openvino

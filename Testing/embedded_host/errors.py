"""Exceptions that Qt and VTK print and forget: those of slots, event filters and observers."""

from __future__ import annotations

import sys
import traceback
from types import TracebackType


class Errors:
    """Collects what reaches `sys.excepthook`, where Qt and VTK send what Python code raised inside a callback."""

    def __init__(self) -> None:
        self.raised: list[BaseException] = []

    def install(self) -> None:
        """Take the place of the interpreter's own hook."""
        sys.excepthook = self._note

    def remove(self) -> None:
        """Give the interpreter's own hook back."""
        sys.excepthook = sys.__excepthook__

    def expect(self) -> list[BaseException]:
        """The exceptions so far, which a test meant to raise; forgets them."""
        raised = list(self.raised)
        self.raised.clear()
        return raised

    def check(self) -> None:
        """Raise AssertionError with what was raised inside callbacks, if anything was."""
        raised = self.expect()
        told = "\n".join("".join(traceback.format_exception(error)) for error in raised)
        assert not raised, f"raised inside a slot, event filter or observer:\n{told}"

    def _note(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self.raised.append(error)
        traceback.print_exception(kind, error, trace)

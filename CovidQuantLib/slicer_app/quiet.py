"""Things that are done when nothing more happens for a moment: a stroke fires dozens of events."""

from __future__ import annotations

from collections.abc import Callable

SETTLE_MS = 200
"""How long after the last event of a stroke it is taken up."""


class Quiet:
    """Waits for quiet, for each name by itself. `is_wanted` is asked before anything is done."""

    def __init__(self, single_shot: Callable[[int, Callable[[], None]], None], is_wanted: Callable[[], bool]) -> None:
        self._single_shot = single_shot
        self._is_wanted = is_wanted
        self._asked: dict[str, int] = {}
        self._waiting: set[str] = set()

    def then(self, name: str, action: Callable[[], None]) -> None:
        """Do `action` when `then` and `not_now` have not been called with this name for `SETTLE_MS`."""
        number = self.not_now(name)
        self._waiting.add(name)

        def act() -> None:
            if self._is_wanted() and self._asked[name] == number:
                self._waiting.discard(name)
                action()

        self._single_shot(SETTLE_MS, act)

    def not_now(self, name: str) -> int:
        """Let what waits under this name be: it was done by other means."""
        self._asked[name] = self._asked.get(name, 0) + 1
        self._waiting.discard(name)
        return self._asked[name]

    def is_waiting(self, name: str) -> bool:
        """Whether something waits under this name."""
        return name in self._waiting

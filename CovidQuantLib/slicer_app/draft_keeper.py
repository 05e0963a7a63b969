"""Drafts every 30 seconds, a few milliseconds at a time, so that nobody who draws notices."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from CovidQuantLib.messages import InputError

INTERVAL_S = 30.0
_AT_ONCE_S = 0.01


class DraftKeeper:
    """Saves 30 seconds after the first change that no draft holds yet.

    `steps` gives the saving in steps (`saving_draft`); each runs from a timer of its own. A disk that refuses is told
    to `on_problem` at each try, 30 seconds apart: the next act takes a message away, and the work is still unsaved.
    """

    def __init__(
        self,
        steps: Callable[[], Iterator[None]],
        on_problem: Callable[[str], None],
        clock: Callable[[], float],
        single_shot: Callable[[int, Callable[[], None]], None],
    ) -> None:
        self._new_steps = steps
        self._on_problem = on_problem
        self._clock = clock
        self._single_shot = single_shot
        self._steps: Iterator[None] | None = None
        self._last = clock()
        self._changes = self._saved = self._saving = 0

    @property
    def is_saved(self) -> bool:
        """Whether the last draft holds everything."""
        return self._saved == self._changes

    def changed(self) -> None:
        """Something is worth saving."""
        if self.is_saved:
            self._last = self._clock()
        self._changes += 1

    def tick(self) -> None:
        """To be called a few times a second: begins to save when it is time to."""
        if self._steps is None and not self.is_saved and self._clock() - self._last >= INTERVAL_S:
            self._begin()
            self._single_shot(0, self._go_on)

    def save_now(self) -> None:
        """Save what is not saved yet, and wait for it. Raises `InputError` where the disk refuses."""
        if self.is_saved:
            return
        self.stop()
        self._begin()
        for _ in self._steps or ():
            continue
        self._done()

    def stop(self) -> None:
        """Leave off a saving that is under way; the last draft stays."""
        self._steps = None

    def _begin(self) -> None:
        self._steps, self._saving, self._last = self._new_steps(), self._changes, self._clock()

    def _go_on(self) -> None:
        if self._steps is None:
            return
        began = self._clock()
        try:
            while self._clock() - began < _AT_ONCE_S:
                next(self._steps)
        except StopIteration:
            self._done()
        except InputError as error:
            self._steps = None
            self._on_problem(str(error))
        else:
            self._single_shot(0, self._go_on)

    def _done(self) -> None:
        self._steps, self._saved = None, self._saving

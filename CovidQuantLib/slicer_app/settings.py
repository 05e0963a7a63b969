"""What is kept between starts of Slicer: the pool, the reader's code, and how the screen is liked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import slicer

_GROUP = "CovidQuant"
POOL, READER, TIMER, PROCESSORS = "Pool", "Reader", "ShowTimer", "Processors"


class Settings:
    """The user's settings, in Slicer's own. `store` is a QSettings; by default the application's."""

    def __init__(self, store: Any = None) -> None:
        self._store = store if store is not None else slicer.app.userSettings()

    @property
    def pool(self) -> Path | None:
        """The folder of the pool; None where none was chosen."""
        text = self._text(POOL)
        return Path(text) if text else None

    def set_pool(self, folder: str) -> None:
        """Choose the pool's folder; empty for none."""
        self._store.setValue(f"{_GROUP}/{POOL}", folder)

    @property
    def reader(self) -> str:
        """The reader's code, empty where none was given."""
        return self._text(READER)

    def set_reader(self, code: str) -> None:
        """Set the reader's code."""
        self._store.setValue(f"{_GROUP}/{READER}", code)

    @property
    def timer_shown(self) -> bool:
        """Whether the timer is on the screen."""
        return self._text(TIMER) != "no"

    def set_timer_shown(self, shown: bool) -> None:  # noqa: FBT001 - a slot of a check box
        """Show or hide the timer."""
        self._store.setValue(f"{_GROUP}/{TIMER}", "yes" if shown else "no")

    @property
    def graphics_card(self) -> bool:
        """Whether networks may run on a graphics card, where there is one."""
        return self._text(PROCESSORS) != "cpu"

    def set_graphics_card(self, used: bool) -> None:  # noqa: FBT001 - a slot of a check box
        """Let networks run on a graphics card, or on the processor alone."""
        self._store.setValue(f"{_GROUP}/{PROCESSORS}", "all" if used else "cpu")

    def _text(self, name: str) -> str:
        value = self._store.value(f"{_GROUP}/{name}")
        return value if isinstance(value, str) else ""

"""Edits of one click: press a button and click a lesion in a slice view, or point at it and press the key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slicer.i18n import tr as _

from CovidQuantLib.slicer_app.connections import Observations
from CovidQuantLib.slicer_app.edit_session import EditSession
from CovidQuantLib.slicer_app.picking import Picking, Ras, cursor_place
from CovidQuantLib.slicer_app.shortcuts import Shortcuts

_NOTHING_THERE = "There is nothing to do at that point: it holds no lesion, or lies outside of the lungs."

Act = Callable[[EditSession, Ras], bool]


class LesionTools:
    """The buttons `deleteLesionButton`, `changeClassButton` and `growButton` of `ui`, and the keys F2, F3 and F4.

    `session()` gives the open session or None, `say` shows a sentence, `free_the_mouse` is called before a click is
    waited for.
    """

    def __init__(
        self,
        ui: Any,
        keys: Shortcuts,
        session: Callable[[], EditSession | None],
        say: Callable[[str], None],
        free_the_mouse: Callable[[], None],
    ) -> None:
        self._ui = ui
        self._keys = keys
        self._session = session
        self._say = say
        self._free_the_mouse = free_the_mouse
        self._picking = Picking(self._picked)
        self._act: Act | None = None

    def connect(self, observations: Observations) -> None:
        """Hear the buttons."""
        for button, slot in (
            (self._ui.deleteLesionButton, self._on_delete),
            (self._ui.changeClassButton, self._on_change),
            (self._ui.growButton, self._on_grow),
        ):
            observations.connect(button, "clicked(bool)", slot)

    def enter(self) -> None:
        """Hear the keys."""
        for key, slot in (("F2", self._delete_here), ("F3", self._change_here), ("F4", self._grow_here)):
            self._keys.add(key, slot)

    def stop(self) -> None:
        """Wait for no click any more."""
        self._picking.stop()
        self._act = None
        for button in (self._ui.deleteLesionButton, self._ui.changeClassButton, self._ui.growButton):
            button.checked = False

    def _on_delete(self) -> None:
        self._pick(self._ui.deleteLesionButton, EditSession.delete_component)

    def _on_change(self) -> None:
        self._pick(self._ui.changeClassButton, EditSession.change_class)

    def _on_grow(self) -> None:
        self._pick(self._ui.growButton, EditSession.grow_from)

    def _delete_here(self) -> None:
        self._at_cursor(EditSession.delete_component)

    def _change_here(self) -> None:
        self._at_cursor(EditSession.change_class)

    def _grow_here(self) -> None:
        self._at_cursor(EditSession.grow_from)

    def _pick(self, button: Any, act: Act) -> None:
        wanted = button.checked
        self.stop()
        if wanted:
            button.checked = True
            self._free_the_mouse()
            self._act = act
            self._picking.start()

    def _picked(self, ras: Ras) -> None:
        act = self._act
        self.stop()
        if act is not None:
            self._do(act, ras)

    def _at_cursor(self, act: Act) -> None:
        place = cursor_place()
        if place is not None:
            self._do(act, place)

    def _do(self, act: Act, ras: Ras) -> None:
        session = self._session()
        if session is not None:
            self._say("" if act(session, ras) else _(_NOTHING_THERE))

"""The left button over the slice views, told to the active effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import slicer

if TYPE_CHECKING:
    from Testing.embedded_host.segment_editor.editor_widget import SegmentEditorWidget

_EVENTS = ("LeftButtonPressEvent", "MouseMoveEvent", "LeftButtonReleaseEvent")
_BEFORE_THE_VIEWS = 10.0  # priority of the observers: a stroke must not also move the slice


class ViewMouse:
    """Observes the slice views' interactors between `start` and `stop`."""

    def __init__(self, editor: SegmentEditorWidget) -> None:
        self._editor, self._observed = editor, list[tuple[Any, int]]()
        self._effect: Any = None  # the one that the button went down with

    def start(self) -> None:
        if self._observed:
            return
        manager = slicer.app.layoutManager()
        for name in manager.sliceViewNames():
            for event in _EVENTS:
                self._observe(manager.sliceWidget(name).sliceView(), event)

    def stop(self) -> None:
        for interactor, tag in self._observed:
            interactor.RemoveObserver(tag)
        self._observed.clear()
        self._effect = None

    def _observe(self, view: Any, event: str) -> None:
        interactor = view.interactor()

        def told(_interactor: Any, _event: str) -> None:
            if self._tell(view, event, interactor.GetEventPosition()):
                interactor.GetCommand(tag).SetAbortFlag(1)

        tag = interactor.AddObserver(event, told, _BEFORE_THE_VIEWS)
        self._observed.append((interactor, tag))

    def _tell(self, view: Any, event: str, xy: tuple[int, int]) -> bool:
        """Whether the effect took the event, so that the view does not."""
        if event == "LeftButtonPressEvent" and self._editor.currentSegmentID():
            self._effect = self._editor.activeEffect()
            if self._effect is not None:
                self._effect.on_press(view, xy)
        taken = self._effect is not None
        if taken and event == "MouseMoveEvent":
            self._effect.on_move(view, xy)
        if taken and event == "LeftButtonReleaseEvent":
            effect, self._effect = self._effect, None
            effect.on_release()
        return taken

"""The edit log of a session, and all that it hears of: slices, effects, segments, input, focus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import slicer

from CovidQuantLib.hitl.edit_log import EditLogRecorder
from CovidQuantLib.hitl.pool import Start
from CovidQuantLib.messages import InputError
from CovidQuantLib.slicer_app.connections import Observations
from CovidQuantLib.slicer_app.ct_export import CtGrid
from CovidQuantLib.slicer_app.input_watch import InputWatch
from CovidQuantLib.slicer_app.views_watch import ViewsWatch


class SessionLog:
    """Writes into `recorder` what happens to the case of `volume`, from now until `close`.

    A disk that refuses the log is told to `on_problem` once: the correction goes on. `views` knows the slices seen.
    """

    def __init__(
        self, recorder: EditLogRecorder, start: Start, volume: Any, grid: CtGrid, on_problem: Callable[[str], None]
    ) -> None:
        self.recorder = recorder
        self._on_problem = on_problem
        self._failed = False
        self._observations = Observations()
        self.write(lambda: recorder.images_shown(start.source or start.kind))
        self.views = ViewsWatch(volume, grid, self._on_slice, self._on_screen)
        self._observations.filter_events(slicer.app, InputWatch(recorder))

    def write(self, call: Callable[[], None]) -> None:
        """Do a call of the recorder."""
        try:
            call()
        except InputError as error:
            if not self._failed:
                self._failed = True
                self._on_problem(str(error))

    def follow_editor(self, node: Any, on_segment: Callable[[str | None], None]) -> None:
        """Follow the effect and the segment of a segment editor node; `on_segment` gets the segment's id."""

        def look(*_: object) -> None:
            effect, segment = node.GetActiveEffectName() or None, node.GetSelectedSegmentID() or None
            self.write(lambda: self.recorder.effect_chosen(effect))
            self.write(lambda: self.recorder.segment_chosen(segment))
            on_segment(segment)

        self._observations.observe(node, "ModifiedEvent", look)
        look()

    def close(self) -> None:
        """Hear of nothing more; the recorder is its owner's to end."""
        self.views.close()
        self._observations.clear()

    def _on_slice(self, view: str, position: int | None) -> None:
        self.write(lambda: self.recorder.slice_shown(view, position))

    def _on_screen(self, shown: bool) -> None:  # noqa: FBT001 - called by ViewsWatch alone
        self.write(self.recorder.on_screen if shown else self.recorder.off_screen)

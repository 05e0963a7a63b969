"""The way through the slices: a slider from head to feet under the slice bar, and the marks to look at first."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

from CovidQuantLib.hitl.pool import BLANK
from CovidQuantLib.segmentation.chest import THRESHOLD
from CovidQuantLib.slicer_app.case_numbers import CaseNumbers
from CovidQuantLib.slicer_app.connections import Observations
from CovidQuantLib.slicer_app.edit_session import EditSession
from CovidQuantLib.slicer_app.lesion_places import show_place
from CovidQuantLib.slicer_app.slice_bar import infection_by_slice, place_of_slice, slice_bar_picture, slice_shown
from CovidQuantLib.slicer_app.uncertain_slices import least_sure, next_mark

_NARROWEST = 100


class SliceGuide:
    """Shows where a session's infection is and moves through its slices.

    `ui` has `marksLabel`, `sliceSlider`, `uncertainLabel` and `nextMarkButton`. `infection_changed` and `look` are
    called by the owner: after an edit, and every few seconds.
    """

    def __init__(self, ui: Any, observations: Observations) -> None:
        self._ui = ui
        self._session: EditSession | None = None
        self._showing = False
        self._amounts: list[float] = []
        self.marks: tuple[int, ...] = ()
        observations.connect(ui.sliceSlider, "valueChanged(int)", self._on_slice)
        observations.connect(ui.nextMarkButton, "clicked(bool)", self.go_to_next_mark)

    def begin(self, session: EditSession, numbers: CaseNumbers | None) -> None:
        """Guide through the CT of `session`, whose proposal has these numbers."""
        self._session, self._showing = session, True
        self._ui.sliceSlider.minimum = 0
        self._ui.sliceSlider.maximum = session.arrays.grid.geometry.shape[0] - 1
        self._showing = False
        self.marks, self._ui.uncertainLabel.text = _marks(session, numbers)
        self._ui.nextMarkButton.visible = bool(self.marks)
        self.look()

    def end(self) -> None:
        """There is no session any more."""
        self._session, self._amounts, self.marks = None, [], ()

    def infection_changed(self) -> None:
        """Show the infection as it is now."""
        if self._session is not None:
            self._amounts = infection_by_slice(self._session.ledger.labels, self._session.arrays.grid)
            self._draw()

    def look(self) -> None:
        """Follow the views, which may have been moved by something else."""
        if self._session is None:
            return
        number = slice_shown(self._session.arrays.grid)
        if number is not None and not self._ui.sliceSlider.isSliderDown():
            self._showing = True
            self._ui.sliceSlider.value = self._ui.sliceSlider.maximum - number
            self._showing = False
        self._draw()

    def go_to_next_mark(self) -> None:
        """Show the next slice with a mark, toward the feet; after the last the first."""
        if self._session is not None:
            grid = self._session.arrays.grid
            number = next_mark(self.marks, slice_shown(grid))
            if number is not None:
                show_place(place_of_slice(grid, number))
                self.look()

    def _draw(self) -> None:
        session, label = self._session, self._ui.marksLabel
        if session is not None and self._amounts:
            width = max(_NARROWEST, self._ui.sliceSlider.width)
            label.setPixmap(slice_bar_picture(width, self._amounts, session.views.seen, self.marks, label.palette))

    def _on_slice(self, from_head: int) -> None:
        if self._session is not None and not self._showing:
            show_place(place_of_slice(self._session.arrays.grid, self._ui.sliceSlider.maximum - from_head))


def _marks(session: EditSession, numbers: CaseNumbers | None) -> tuple[tuple[int, ...], str]:
    """The marks of a session, and the sentence that goes with them."""
    geometry = session.arrays.grid.geometry
    if session.start == BLANK:
        return (), _("No marks: a reading from a blank mask shows nothing of what a network thinks.")
    if numbers is not None and numbers.sources.get("infection") == THRESHOLD:
        return (), _("No marks: the threshold does not say how sure it is.")
    if numbers is None or len(numbers.uncertain_ml) != geometry.shape[0]:
        return (), _("No marks: these results do not say how sure the network was.")
    marks = least_sure(numbers.uncertain_ml, geometry.spacing_kji[0])
    if not marks:
        return (), _("No marks: the network was nowhere unsure of much.")
    return marks, _("Marks: the {count} places where the network was least sure.").format(count=len(marks))

"""The edits that a session offers beside what is drawn in the Segment Editor."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Literal

from CovidQuantLib.slicer_app.case_arrays import CaseArrays
from CovidQuantLib.slicer_app.component import Voxel
from CovidQuantLib.slicer_app.ct_export import EventsHandled
from CovidQuantLib.slicer_app.infection_edits import InfectionEdits
from CovidQuantLib.slicer_app.lesion_edits import change_class, delete_component, grow_from, split_again
from CovidQuantLib.slicer_app.lung_edits import add_outside_to_lung, infection_outside, repair_outside
from CovidQuantLib.slicer_app.outside import Outside


class SessionEdits(ABC):
    """What an `EditSession` can be asked to change; each gives whether anything was changed, and can be undone.

    The session gives `arrays`, `edits` and `is_open`, takes up what was drawn (`settle`), and tells who listens after
    an edit (`_changed`) or of what lies outside of the lungs (`_tell_outside`).
    """

    arrays: CaseArrays
    edits: InfectionEdits
    _handle_events: EventsHandled

    @property
    @abstractmethod
    def is_open(self) -> bool:
        """Whether the session runs."""

    @abstractmethod
    def settle(self) -> None:
        """Take up at once what has been drawn."""

    @abstractmethod
    def _changed(self) -> None: ...

    @abstractmethod
    def _tell_outside(self) -> None: ...

    def delete_component(self, ras: Iterable[float]) -> bool:
        """`lesion_edits.delete_component` at a point of the world (RAS, mm)."""
        return self._at(ras, lambda voxel: delete_component(self.edits, voxel))

    def change_class(self, ras: Iterable[float]) -> bool:
        """`lesion_edits.change_class` at a point of the world."""
        return self._at(ras, lambda voxel: change_class(self.edits, voxel))

    def grow_from(self, ras: Iterable[float]) -> bool:
        """`lesion_edits.grow_from` at a point of the world."""
        return self._at(ras, lambda voxel: grow_from(self.edits, voxel))

    def add_to_lung(self) -> bool:
        """`lung_edits.add_outside_to_lung`."""
        return self.change(lambda: add_outside_to_lung(self.edits))

    def split_again(self, split_hu: float) -> bool:
        """`lesion_edits.split_again`."""
        return self.change(lambda: split_again(self.edits, split_hu, self._handle_events))

    def infection_outside(self) -> Outside | None:
        """`lung_edits.infection_outside`: what would have to be repaired before submitting."""
        self.settle()
        return infection_outside(self.edits)

    def repair_outside(self, how: Literal["add", "cut"]) -> bool:
        """`lung_edits.repair_outside`."""
        return self.change(lambda: repair_outside(self.edits, how))

    @property
    def waiting_ml(self) -> float:
        """How much of the strokes lies outside of the lungs, and waits for the reader's decision."""
        outside = self.edits.outside
        return outside.voxels * self.arrays.grid.stored.voxel_ml if outside is not None else 0.0

    def dismiss_outside(self) -> None:
        """Forget the strokes that lie outside of the lungs."""
        self.edits.outside = None
        self._tell_outside()

    def change(self, edit: Callable[[], bool]) -> bool:
        """Do one of `edits`, after what was drawn by now is taken up; tells who listens, and gives what `edit` does."""
        if not self.is_open:
            return False
        self.settle()
        changed = edit()
        if changed:
            self._changed()
        return changed

    def _at(self, ras: Iterable[float], edit: Callable[[Voxel], bool]) -> bool:
        voxel = self.arrays.voxel_at(ras) if self.is_open else None
        return voxel is not None and self.change(lambda: edit(voxel))

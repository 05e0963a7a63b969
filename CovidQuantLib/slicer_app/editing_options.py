"""What is set around the Segment Editor: the class of what is painted, a range of HU, the anatomy, filling of gaps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slicer.i18n import tr as _

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS
from CovidQuantLib.slicer_app.connections import Observations
from CovidQuantLib.slicer_app.edit_session import EditSession
from CovidQuantLib.slicer_app.editor_node import editor_node, preview_between_slices
from CovidQuantLib.slicer_app.infection_edits import Drawing
from CovidQuantLib.slicer_app.segmentation_nodes import set_anatomy_editable


class EditingOptions:
    """The check boxes and boxes of `ui` beside the editor. `session()` gives the open session or None."""

    def __init__(self, ui: Any, session: Callable[[], EditSession | None], say: Callable[[str], None]) -> None:
        self._ui = ui
        self._session = session
        self._say = say
        self._showing = False

    def connect(self, observations: Observations) -> None:
        """Hear the widgets."""
        ui = self._ui
        for button, slot in (
            (ui.unclassifiedCheck, self._on_drawing),
            (ui.rangeCheck, self._on_range),
            (ui.splitButton, self._on_split),
            (ui.anatomyCheck, self._on_anatomy),
            (ui.fillButton, self.fill_between_slices),
        ):
            observations.connect(button, "clicked(bool)", slot)
        for box in (ui.lowBox, ui.highBox):
            observations.connect(box, "valueChanged(int)", self._on_range)

    def begin(self) -> None:
        """A session has begun: everything is off."""
        self._showing = True
        for box in (self._ui.unclassifiedCheck, self._ui.rangeCheck, self._ui.anatomyCheck):
            box.checked = False
        self._showing = False

    def show_drawing(self, drawing: Drawing) -> None:
        """Another class was chosen in the editor: density does not tell it any more."""
        self._ui.unclassifiedCheck.checked = drawing == "unclassified"

    def fill_between_slices(self) -> None:
        """Show what Slicer's "Fill between slices" would fill; its own Apply keeps it."""
        if self._session() is None:
            return
        if preview_between_slices(self._ui.segmentEditor):
            self._say(_("The editor shows what would be filled between painted slices. Press Apply there to keep it."))
        else:
            self._say(_('"Fill between slices" is not in this Segment Editor. Paint the slices between by hand.'))

    def _on_drawing(self) -> None:
        session = self._session()
        if session is None:
            return
        chosen = self._ui.segmentEditor.currentSegmentID()
        if self._ui.unclassifiedCheck.checked:
            self._ui.segmentEditor.setCurrentSegmentID(GROUND_GLASS.key)
            session.edits.drawing = "unclassified"
        else:
            session.edits.drawing = "consolidation" if chosen == CONSOLIDATION.key else "ggo"

    def _on_range(self) -> None:
        if not self._showing:
            node = editor_node()
            node.SetSourceVolumeIntensityMask(self._ui.rangeCheck.checked)
            node.SetSourceVolumeIntensityMaskRange(self._ui.lowBox.value, self._ui.highBox.value)

    def _on_split(self) -> None:
        session = self._session()
        if session is not None:
            session.split_again(self._ui.splitAgainBox.value)

    def _on_anatomy(self) -> None:
        session = self._session()
        if session is not None:
            edits_anatomy = self._ui.anatomyCheck.checked
            set_anatomy_editable(session.nodes, edits_anatomy)
            node = session.nodes.anatomy if edits_anatomy else session.nodes.infection
            self._ui.segmentEditor.setSegmentationNode(node)

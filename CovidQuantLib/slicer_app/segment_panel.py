"""Step 1: choose the CT, press the one button."""

from __future__ import annotations

from typing import ClassVar

from slicer.i18n import tr as _

from CovidQuantLib.segmentation.chest import ESTIMATED
from CovidQuantLib.segmentation.external import external_segmenters
from CovidQuantLib.slicer_app.case_results import segment, usual_options
from CovidQuantLib.slicer_app.desk import Desk
from CovidQuantLib.slicer_app.panel import Panel


class SegmentPanel(Panel):
    """The CT, the button, and what few users change."""

    UI: ClassVar[str] = "Segment"

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._ways = [ESTIMATED, *(segmenter.name for segmenter in external_segmenters())]
        for way in self._ways:
            self.ui.anatomyBox.addItem(_("this program's estimate") if way == ESTIMATED else way)
        self._showing = False
        connect = self.observations.connect
        connect(self.ui.ctSelector, "currentNodeChanged(vtkMRMLNode*)", self._on_ct)
        connect(self.ui.anatomyBox, "currentIndexChanged(int)", self._on_option)
        connect(self.ui.splitBox, "valueChanged(int)", self._on_option)
        connect(self.ui.surfacesCheck, "toggled(bool)", self._on_option)
        connect(self.ui.segmentButton, "clicked(bool)", self._on_segment)

    def update(self) -> None:
        """Show the parameters, and whether the button can be pressed."""
        self._showing = True
        parameters = self.desk.parameters
        if parameters.ct is not None:
            self.ui.ctSelector.setCurrentNode(parameters.ct)
        elif self.ui.ctSelector.currentNode() is not None:
            parameters.ct = self.ui.ctSelector.currentNode()
        self.ui.anatomyBox.setCurrentIndex(
            self._ways.index(parameters.anatomy) if parameters.anatomy in self._ways else 0
        )
        self.ui.splitBox.value = parameters.split_hu
        self.ui.surfacesCheck.checked = parameters.surfaces
        self._showing = False
        busy = self.desk.jobs.busy
        self.ui.segmentButton.enabled = parameters.ct is not None and not busy
        self.ui.ctSelector.enabled = not busy

    def _on_ct(self) -> None:
        if not self._showing:
            chosen = self.ui.ctSelector.currentNode()
            if chosen is not None:
                # Nothing is chosen where a scene is closed: what was said of the work in it must stay.
                self.desk.say("")
            self.desk.parameters.ct = chosen
            self.desk.find_case()
            self.desk.changed()

    def _on_option(self) -> None:
        if not self._showing:
            parameters = self.desk.parameters
            parameters.anatomy = self._ways[self.ui.anatomyBox.currentIndex]
            parameters.split_hu = self.ui.splitBox.value
            parameters.surfaces = self.ui.surfacesCheck.checked

    def _on_segment(self) -> None:
        segment(self.desk, self.desk.parameters.ct, usual_options(self.desk), "Look")

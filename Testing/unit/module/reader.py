"""A reader at the window: points, clicks and drags in slice views at places of the patient, presses buttons."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from Testing.embedded_host.application import Application

Ras = Sequence[float]


class Reader:
    """Works on the module's panel and the red view with real events of mouse and keyboard."""

    def __init__(self, application: Application, screen: Any) -> None:
        self.application, self.screen = application, screen

    @property
    def session(self) -> Any:
        return self.screen.desk.session

    @property
    def view(self) -> Any:
        import slicer

        return slicer.app.layoutManager().sliceWidget("Red").sliceView()

    def section(self, name: str) -> Any:
        """The widgets of the section `name`, unfolded."""
        panel = next(panel for panel in self.screen.panels if name == panel.UI)
        panel.ui.section.collapsed = False
        self.rest(0.05)
        return panel.ui

    def infection(self) -> Any:
        from CovidQuantLib.anatomy import INFECTION
        from CovidQuantLib.slicer_app.label_arrays import read_labels

        case = self.screen.desk.case
        return read_labels(case.infection, INFECTION, case.volume)

    def anatomy(self, name: str = "lungs") -> Any:
        from CovidQuantLib.slicer_app.case_arrays import ANATOMY
        from CovidQuantLib.slicer_app.label_arrays import read_labels

        case = self.screen.desk.case
        return read_labels(case.anatomy, ANATOMY[name], case.volume)

    def ras(self, voxel: Sequence[int]) -> Ras:
        """The middle of a stored voxel (k, j, i)."""
        lps = self.session.arrays.grid.stored.to_lps(tuple(int(v) for v in voxel))
        return (-float(lps[0]), -float(lps[1]), float(lps[2]))

    def show(self, ras: Ras) -> None:
        """Bring a place into the views."""
        from CovidQuantLib.slicer_app.lesion_places import show_place

        show_place((ras[0], ras[1], ras[2]))
        self.rest()

    def pixel(self, ras: Ras) -> tuple[int, int]:
        """Where a place is in the view, in pixels from its upper left corner."""
        import vtk

        inverse = vtk.vtkMatrix4x4()
        vtk.vtkMatrix4x4.Invert(self.view.mrmlSliceNode().GetXYToRAS(), inverse)
        x, y, _z, _w = inverse.MultiplyPoint((*ras, 1.0))
        return round(x), self.view.height - 1 - round(y)

    def point(self, ras: Ras) -> None:
        """Move the mouse over a place that the view shows."""
        from PySide6.QtCore import QPoint
        from PySide6.QtTest import QTest

        QTest.mouseMove(self.view, QPoint(*self.pixel(ras)))
        self.rest()

    def click(self, ras: Ras) -> None:
        """Click a place that the view shows."""
        self.application.mouse.click(self.view, *self.pixel(ras))
        self.settle()

    def drag(self, path: Sequence[Ras]) -> None:
        """Drag over places that the view shows; the session has taken it up afterwards."""
        self.application.mouse.drag(self.view, [self.pixel(ras) for ras in path])
        self.settle()

    def key(self, name: str) -> None:
        """Press a key by its name in Qt, as F2."""
        from PySide6.QtCore import Qt

        self.application.mouse.key(self.view, getattr(Qt.Key, f"Key_{name}"))
        self.settle()

    def press(self, button: Any) -> None:
        """Click a button that is on the screen and can be pressed."""
        assert button.isVisible(), f"{button.objectName} is not on the screen"
        assert button.isEnabled(), f"{button.objectName} cannot be pressed"
        self.application.mouse.click(button, min(button.width // 2, 8), button.height // 2)
        self.rest()

    def effect(self, name: str) -> None:
        """Press the Segment Editor's button of an effect."""
        editor = self.section("Correct").segmentEditor
        self.press(next(button for button in editor.findChildren("QToolButton") if button.objectName == name))

    def effect_is_off(self) -> None:
        """No effect of the editor is left that a click in a view would use."""
        assert self.section("Correct").segmentEditor.activeEffect() is None

    def wait(self) -> None:
        """Wait for the worker."""
        self.application.wait_until(lambda: not self.screen.desk.jobs.busy, seconds=120)
        self.rest(0.3)

    def settle(self) -> None:
        """Let the session take up what was drawn, also where drawing the views takes long."""
        self.rest(0.25)
        self.rest(0.25)

    def rest(self, seconds: float = 0.05) -> None:
        self.application.process_events(seconds)

    def lesion(self, label: int) -> tuple[int, ...]:
        """A voxel in the middle of the largest slice of a class."""
        found = self.infection() == label
        k = int(np.argmax(found.sum(axis=(1, 2))))
        places = np.argwhere(found[k])
        middle = places[np.argmin(((places - places.mean(axis=0)) ** 2).sum(axis=1))]
        return (k, int(middle[0]), int(middle[1]))

    def numbers_are_right(self) -> None:
        """The table's numbers are those of a whole count of what is in the scene."""
        import slicer

        from CovidQuantLib.quantification import LabelMaps, QuantificationOptions, quantify

        lungs, lobes, segments = (self.anatomy(name) for name in ("lungs", "lobes", "segments"))
        maps = LabelMaps(lungs, lobes, segments, self.infection())
        hu = slicer.util.arrayFromVolume(self.screen.desk.case.volume)
        options = QuantificationOptions(reference=None)
        whole = quantify(hu, maps, self.session.arrays.grid.stored, options=options)
        for region in self.screen.desk.numbers.regions:
            assert region.infection_ml == pytest.approx(whole.region(region.key).infection_ml, abs=1e-6)
            assert region.volume_ml == pytest.approx(whole.region(region.key).volume_ml, abs=1e-6)

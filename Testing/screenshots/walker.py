"""Somebody at the window: clicks buttons, opens sections, drags in views, takes pictures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from PIL import Image

from Testing.embedded_host.application import Application

_LONGEST_S = 3600.0
_PALETTE, _COLOURS = 256, 128
_MARK = "Synthetic chest, no patient"


class Walker:
    """Works on the main window of the host with real mouse events. `synthetic` is said in every picture."""

    def __init__(self, host: Application, window: Any, screen: Any, folder: Path, *, synthetic: bool) -> None:
        self.host, self.window, self.screen, self._folder, self._synthetic = host, window, screen, folder, synthetic

    def section(self, name: str) -> Any:
        """The widgets of the section with the .ui file `name`."""
        return next(panel.ui for panel in self.screen.panels if name == panel.UI)

    def open(self, name: str) -> Any:
        """Open one section by its heading, and close the others."""
        for panel in self.screen.panels:
            if panel.ui.section.collapsed == (name == panel.UI):
                self._scroll_to(panel.ui.section)
                heading = panel.ui.section.findChildren("QToolButton")[0]
                self.host.mouse.click(heading, 40, heading.height // 2)
        self.rest()
        return self.section(name)

    def press(self, button: Any) -> None:
        """Click the middle of a button."""
        self._scroll_to(button)
        assert button.isEnabled(), f"{button.objectName} cannot be pressed"
        self.host.mouse.click(button, button.width // 2, button.height // 2)
        self.rest()

    def choose_row(self, table: Any, row: int) -> None:
        """Click a row of a table."""
        self._scroll_to(table)
        place = table.visualItemRect(table.item(row, 0)).center()
        self.host.mouse.click(table.viewport(), place.x(), place.y())
        self.rest()

    def drag(self, view: str, path: Iterable[tuple[float, float]]) -> None:
        """Drag in a slice view, along shares of its width and height."""
        widget = self.view(view)
        self.host.mouse.drag(widget, [(round(x * widget.width), round(y * widget.height)) for x, y in path])
        self.rest(0.6)

    def view(self, name: str) -> Any:
        """The slice view that hears the mouse."""
        import slicer

        return slicer.app.layoutManager().sliceWidget(name).sliceView()

    def wait(self) -> None:
        """Wait for the computations of the screen."""
        rounds = next(panel for panel in self.screen.panels if panel.UI == "Improve").rounds
        self.host.wait_until(lambda: not self.screen.desk.jobs.busy and not rounds.busy, seconds=_LONGEST_S)
        self.rest(0.5)

    def rest(self, seconds: float = 0.2) -> None:
        """Let the screen draw."""
        self.host.process_events(seconds)

    def picture(self, name: str, section: str | None = None) -> None:
        """Keep the window as it is now, with the section's heading in sight."""
        import qt

        if section is not None:
            self._scroll_to(self.section(section).section)
        self.rest(1.0)
        grabbed = self.window.grab()
        if self._synthetic:
            painter = qt.QPainter()
            painter.begin(grabbed)
            painter.setPen(qt.QPen(qt.QColor(255, 255, 255)))
            foot = grabbed.height()
            painter.fillRect(grabbed.width() - 230, foot - 22, 210, 22, qt.QBrush(qt.QColor(0, 0, 0)))
            painter.drawText(grabbed.width() - 220, foot - 6, _MARK)
            painter.end()
        path = self._folder / f"{name}.png"
        assert grabbed.save(str(path), "PNG"), "the picture cannot be written"
        _in_few_colours(path)

    def _scroll_to(self, widget: Any) -> None:
        areas = self.window.findChildren("QScrollArea")
        if areas:
            areas[0].ensureWidgetVisible(widget, 0, 20)
            areas[0].horizontalScrollBar().setValue(0)
        self.rest(0.05)


def _in_few_colours(path: Path) -> None:
    """Write a picture again with a palette of greys, for the CT, and of its own colours: a third of the bytes."""
    with Image.open(path) as opened:
        whole = opened.convert("RGB")
    colours = whole.quantize(_COLOURS, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).getpalette() or []
    colours = colours[: 3 * _COLOURS]
    greys = _PALETTE - len(colours) // 3
    palette = Image.new("P", (1, 1))
    palette.putpalette(colours + [round(255 * grey / (greys - 1)) for grey in range(greys) for _ in "RGB"])
    whole.quantize(palette=palette, dither=Image.Dither.NONE).save(path, "PNG", optimize=True)

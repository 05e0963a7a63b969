"""A picture in millimetres: a figure without axes whose coordinates are mm to the right and down, and its marks.

Figures are drawn through matplotlib's objects, never through its global state, so that threads and hosts do not meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from CovidQuantLib.reports.png import encode_png

SYNTHETIC_MARK = "synthetic chest"
_DPI = 100
_SCALE_BAR_MM = 50.0
_INSET_PIXELS = 12.0
_TEXT_POINTS = 13.0
_SIDE_POINTS = 16.0


@dataclass(frozen=True)
class Style:
    """What all pictures of a case have in common: their scale, and what must be seen in each of them."""

    pixels_per_mm: float
    estimated_borders: bool = False
    synthetic: bool = False


@dataclass(frozen=True)
class Canvas:
    """A picture of `width_mm` x `height_mm` at `pixels_per_mm`, dark or light."""

    figure: Figure
    axes: Axes
    width_mm: float
    height_mm: float
    pixels_per_mm: float
    dark: bool

    @property
    def ink(self) -> str:
        """The colour of marks."""
        return "white" if self.dark else "#333333"

    @property
    def inset_mm(self) -> float:
        """Distance of marks from the border."""
        return _INSET_PIXELS / self.pixels_per_mm

    def write(self, x: float, y: float, text: str, align: tuple[str, str], *, points: float = _TEXT_POINTS) -> None:
        """Write `text` at x, y in mm; `align` is (horizontal, vertical). An outline keeps it legible on any tissue."""
        outline = [withStroke(linewidth=2.5, foreground="black" if self.dark else "white")]
        self.axes.text(
            x, y, text, ha=align[0], va=align[1], fontsize=points, color=self.ink, path_effects=outline, zorder=10
        )

    def png(self, palette: npt.NDArray[np.uint8] | None = None) -> bytes:
        """The finished picture as a PNG file, in the colours of `palette` where one is given."""
        canvas = FigureCanvasAgg(self.figure)
        canvas.draw()
        return encode_png(np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[:, :, :3]), palette)


def blank(width_mm: float, height_mm: float, *, pixels_per_mm: float, dark: bool) -> Canvas:
    """An empty picture."""
    size = [max(1.0, round(side * pixels_per_mm)) / _DPI for side in (width_mm, height_mm)]
    figure = Figure(figsize=(size[0], size[1]), dpi=_DPI, facecolor="black" if dark else "white")
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0.0, width_mm)
    axes.set_ylim(height_mm, 0.0)
    axes.axis("off")
    return Canvas(figure, axes, width_mm, height_mm, pixels_per_mm, dark)


def add_sides(canvas: Canvas, *, left: str, right: str, top: str = "") -> None:
    """Write the patient's sides at the picture's borders."""
    middle, inset = canvas.height_mm / 2.0, canvas.inset_mm
    canvas.write(inset, middle, left, ("left", "center"), points=_SIDE_POINTS)
    canvas.write(canvas.width_mm - inset, middle, right, ("right", "center"), points=_SIDE_POINTS)
    if top:
        canvas.write(canvas.width_mm / 2.0, inset, top, ("center", "top"), points=_SIDE_POINTS)


def add_scale_bar(canvas: Canvas) -> None:
    """Draw 5 cm at the lower right."""
    right, bottom = canvas.width_mm - canvas.inset_mm, canvas.height_mm - canvas.inset_mm
    left = right - _SCALE_BAR_MM
    for colour, width in (("black" if canvas.dark else "white", 4.0), (canvas.ink, 2.0)):
        canvas.axes.plot(
            [left, right], [bottom, bottom], color=colour, linewidth=width, solid_capstyle="butt", zorder=9
        )
    canvas.write((left + right) / 2.0, bottom - canvas.inset_mm / 2.0, "5 cm", ("center", "bottom"))


def add_corner_text(canvas: Canvas, lines: Sequence[str], *, synthetic: bool) -> None:
    """Write where the picture lies at the lower left, and at the upper left that the chest is synthetic, if it is."""
    inset = canvas.inset_mm
    canvas.write(inset, canvas.height_mm - inset, "\n".join(lines), ("left", "bottom"))
    if synthetic:
        canvas.write(inset, inset, SYNTHETIC_MARK, ("left", "top"), points=_SIDE_POINTS)

"""The pictures of planes: the CT in a lung window, and beside it the same plane with what was segmented."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from matplotlib.colors import to_rgb

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS, INFECTION, Structure
from CovidQuantLib.ct import LabelArray
from CovidQuantLib.reports.canvas import Style, add_corner_text, add_scale_bar, add_sides, blank
from CovidQuantLib.reports.outlines import Pen, anatomy_lines, outline
from CovidQuantLib.reports.views import Plane, View

WINDOW_WIDTH_HU, WINDOW_LEVEL_HU = 1200, -600
_FILL_ALPHA = {GROUND_GLASS.label: 0.26, CONSOLIDATION.label: 0.36}
_BORDER = Pen("#66bdf5", 0.9)
_SIDES: dict[Plane, dict[str, str]] = {
    "axial": {"left": "R", "right": "L", "top": "A"},
    "coronal": {"left": "R", "right": "L"},
    "sagittal": {"left": "A", "right": "P"},
}


def plane_picture(view: View, style: Style, *, overlay: bool) -> bytes:
    """A PNG of `view` in the lung window (width 1200, level -600 HU).

    With `overlay`: ground glass green and consolidation red, the outline of the lungs and the borders of the lobes
    thin and blue, dashed where they are estimated.
    """
    rows, columns = view.hu.shape
    canvas = blank(columns * view.column_mm, rows * view.row_mm, pixels_per_mm=style.pixels_per_mm, dark=True)
    extent = (0.0, canvas.width_mm, canvas.height_mm, 0.0)
    low = WINDOW_LEVEL_HU - WINDOW_WIDTH_HU / 2
    canvas.axes.imshow(
        view.hu,
        cmap="gray",
        vmin=low,
        vmax=low + WINDOW_WIDTH_HU,
        extent=extent,
        aspect="auto",
        interpolation="bilinear",
    )
    if overlay:
        canvas.axes.imshow(_fill(view.infection), extent=extent, aspect="auto", interpolation="nearest")
        anatomy_lines(canvas, view.lungs, view.lobes, _BORDER, estimated_borders=style.estimated_borders)
        for structure in INFECTION:
            outline(canvas, view.infection == structure.label, Pen(_hex(structure), 1.3))
    add_sides(canvas, **_SIDES[view.plane])
    add_scale_bar(canvas)
    add_corner_text(canvas, [view.position], synthetic=style.synthetic)
    return canvas.png(_palette())


@cache
def _palette() -> npt.NDArray[np.uint8]:
    """The 256 colours of an overlay: shades of grey, and each line's and fill's colour over them."""
    tints = [(np.zeros(3), 0.0, 116)]
    for structure in INFECTION:
        colour = np.asarray(structure.colour, np.float64)
        tints += [(colour, _FILL_ALPHA[structure.label], 48), (colour, 0.8, 12)]
    border = np.asarray(to_rgb(_BORDER.colour)) * 255.0
    tints += [(border, 0.5, 8), (border, 0.9, 12)]
    blends = [(1.0 - weight) * np.linspace(0.0, 255.0, n)[:, None] + weight * colour for colour, weight, n in tints]
    return np.rint(np.concatenate(blends)).astype(np.uint8)


def _fill(infection: LabelArray) -> npt.NDArray[np.uint8]:
    """The translucent colours of the infection, RGBA."""
    colours = np.zeros((len(INFECTION) + 1, 4), np.uint8)
    for structure in INFECTION:
        colours[structure.label] = (*structure.colour, round(255 * _FILL_ALPHA[structure.label]))
    return colours[infection]


def _hex(structure: Structure) -> str:
    return "#{:02x}{:02x}{:02x}".format(*structure.colour)

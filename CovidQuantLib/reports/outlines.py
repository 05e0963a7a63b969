"""Border lines of label maps in a picture, on the voxels' own grid; an estimated border is dashed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from CovidQuantLib.ct import LabelArray
from CovidQuantLib.reports.canvas import Canvas

LineStyle = str | tuple[int, tuple[float, float]]
ESTIMATED_DASHES: LineStyle = (0, (4.0, 2.5))


@dataclass(frozen=True)
class Pen:
    """How a line is drawn: colour, width in points and style."""

    colour: str
    width: float
    style: LineStyle = "solid"


def outline(canvas: Canvas, mask: npt.NDArray[np.generic], pen: Pen) -> None:
    """The border line of `mask` (rows, columns), which fills the picture; a masked array has no border at its mask.

    Nothing is drawn where the mask is empty or everything.
    """
    if min(mask.shape) < 2 or not mask.any() or mask.all():
        return
    rows, columns = mask.shape
    x = (np.arange(columns) + 0.5) * canvas.width_mm / columns
    y = (np.arange(rows) + 0.5) * canvas.height_mm / rows
    field = mask.astype(np.float32)
    canvas.axes.contour(
        x, y, field, levels=[0.5], colors=[pen.colour], linewidths=pen.width, linestyles=[pen.style], zorder=5
    )


def anatomy_lines(canvas: Canvas, lungs: LabelArray, lobes: LabelArray, pen: Pen, *, estimated_borders: bool) -> None:
    """The outline of each lung, and inside it the borders of the lobes, dashed where they are estimated."""
    inner = Pen(pen.colour, pen.width, ESTIMATED_DASHES) if estimated_borders else pen
    for lung in np.unique(lungs[lungs > 0]):
        own = lungs == lung
        outline(canvas, own, pen)
        for lobe in np.unique(lobes[own & (lobes > 0)])[:-1]:
            # A border is drawn once, from its lower label: twice would close the gaps of the dashes.
            outline(canvas, np.ma.masked_array(lobes == lobe, mask=~own | (lobes < lobe)), inner)

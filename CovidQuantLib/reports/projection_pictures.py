"""Pictures of the whole depth of the lungs: where the infection lies, and how deep it is along the line of sight."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS, LOBES, LUNGS, lung_of_lobe
from CovidQuantLib.ct import Geometry, LabelArray
from CovidQuantLib.reports.canvas import Canvas, Style, add_corner_text, add_scale_bar, add_sides, blank
from CovidQuantLib.reports.outlines import Pen, anatomy_lines
from CovidQuantLib.reports.projections import Along, LungProjections

FULL_COLOUR_MM = 60.0
"""Depth of opacity at which its colour is full."""
_DEEPEST_COLOUR = 0.9
_LUNG_SHADES = (246.0, 214.0)
_BORDER = Pen("#6b7c8c", 0.9)
_RESOLUTION = 0.8
"""Projections stand smaller than planes on a page, and are smooth."""
_SMALLEST_LABELLED_SHARE = 0.01


def coronal_projection(lungs: Sequence[LungProjections], geometry: Geometry, style: Style) -> bytes:
    """A PNG of both lungs from the front, the patient's right on the left."""
    depth = Along(*(sum(parts) for parts in zip(*(_parts(lung.from_front) for lung in lungs), strict=True)))
    lobes = np.max([lung.lobes_front for lung in lungs], axis=0)
    row_mm, depth_mm, column_mm = geometry.spacing_kji
    canvas = _picture(depth, lobes, (row_mm, column_mm, depth_mm), style)
    add_sides(canvas, left="R", right="L")
    add_scale_bar(canvas)
    add_corner_text(canvas, [], synthetic=style.synthetic)
    return canvas.png()


def sagittal_projection(lung: LungProjections, geometry: Geometry, style: Style) -> bytes:
    """A PNG of one lung along the line from side to side, anterior on the left; the lobes as its outer side shows."""
    row_mm, column_mm, depth_mm = geometry.spacing_kji
    spacing = (row_mm, column_mm, depth_mm)
    canvas = _picture(lung.from_side, lung.lobes_side, spacing, style)
    add_sides(canvas, left="A", right="P")
    add_corner_text(canvas, [], synthetic=style.synthetic)
    return canvas.png()


def _parts(along: Along) -> tuple[npt.NDArray[np.int32], ...]:
    return along.lung, along.ground_glass, along.consolidation


def _picture(along: Along, lobes: LabelArray, spacing: tuple[float, float, float], style: Style) -> Canvas:
    """The lungs as a grey shadow, the infection over it, the visible lobes' borders; `spacing`: row, column, depth."""
    row_mm, column_mm, depth_mm = spacing
    height, width = along.lung.shape
    canvas = blank(width * column_mm, height * row_mm, pixels_per_mm=_RESOLUTION * style.pixels_per_mm, dark=False)
    extent = (0.0, canvas.width_mm, canvas.height_mm, 0.0)
    # Slices run to the head, rows of a picture run down.
    shades = _shades(along, depth_mm)[::-1]
    canvas.axes.imshow(shades, extent=extent, aspect="auto", interpolation="bilinear")
    visible = lobes[::-1]
    anatomy_lines(canvas, _silhouettes(along, visible), visible, _BORDER, estimated_borders=style.estimated_borders)
    for lobe in LOBES:
        rows, columns = np.nonzero(visible == lobe.label)
        if rows.size > _SMALLEST_LABELLED_SHARE * visible.size:
            x, y = (columns.mean() + 0.5) * column_mm, (rows.mean() + 0.5) * row_mm
            canvas.write(x, y, lobe.key, ("center", "center"))
    return canvas


def _silhouettes(along: Along, visible: LabelArray) -> LabelArray:
    """Where there is lung, told apart by the lobe in view; a value of its own where no lobe is known."""
    unknown = len(LUNGS) + 1
    lungs = np.asarray(lung_of_lobe(), np.uint8)[visible]
    return np.where((lungs == 0) & (along.lung[::-1] > 0), np.uint8(unknown), lungs)


def _shades(along: Along, depth_mm: float) -> npt.NDArray[np.uint8]:
    """White outside, grey with the lungs' depth, over it green and red with the depth of the opacity."""
    light, dark = _LUNG_SHADES
    thickness = along.lung / max(1, int(along.lung.max()))
    grey = np.where(along.lung > 0, light - (light - dark) * thickness, 255.0)
    pixels = np.repeat(grey[:, :, None], 3, axis=2)
    for structure, voxels in ((GROUND_GLASS, along.ground_glass), (CONSOLIDATION, along.consolidation)):
        weight = _DEEPEST_COLOUR * np.clip(voxels * depth_mm / FULL_COLOUR_MM, 0.0, 1.0)[:, :, None]
        pixels = (1.0 - weight) * pixels + weight * np.asarray(structure.colour, np.float64)
    return np.rint(pixels).astype(np.uint8)

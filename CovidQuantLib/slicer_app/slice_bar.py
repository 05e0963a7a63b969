"""The slice bar: axial slices from head to feet, with bars of infection, a line where slices were seen, and marks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
import qt
import slicer

from CovidQuantLib.slicer_app.ct_export import CtGrid

_HEIGHT, _LINE = 36, 4
_MARK = 5
"""Height in pixels of a mark, which is twice as wide and stands on its tip."""


def slice_bar_picture(
    width: int, amounts: Sequence[float], seen: Collection[int], marks: Collection[int], palette: Any
) -> Any:
    """A pixmap of `width` pixels, the head on the left.

    `amounts` of infection for each slice from the feet; `seen` are the slices that were on screen, `marks` those that a
    mark stands over.
    """
    picture = qt.QPixmap(width, _HEIGHT)
    picture.fill(palette.color(qt.QPalette.Base))
    highest, count = max(amounts, default=0.0), max(1, len(amounts))
    painter = qt.QPainter()
    painter.begin(picture)
    bar, line = palette.color(qt.QPalette.Highlight), palette.color(qt.QPalette.Mid)
    for x in range(width):
        slices = _slices_at(x, width, count)
        amount = max((amounts[number] for number in slices if number < len(amounts)), default=0.0)
        if amount > 0.0:
            height = max(2, round((_HEIGHT - _LINE - _MARK - 3) * amount / highest))
            painter.fillRect(x, _HEIGHT - _LINE - 1 - height, 1, height, bar)
        if any(number in seen for number in slices):
            painter.fillRect(x, _HEIGHT - _LINE, 1, _LINE, line)
    for mark in marks:
        middle = mark_place(mark, width, count)
        for row in range(_MARK):
            painter.fillRect(middle - _MARK + 1 + row, row, 2 * (_MARK - row) - 1, 1, palette.color(qt.QPalette.Text))
    painter.end()
    return picture


def mark_place(number: int, width: int, count: int) -> int:
    """The pixel column of slice `number` of `count` in a bar of `width` pixels."""
    return min(width - 1, int((count - number - 0.5) * width / count))


def _slices_at(x: int, width: int, count: int) -> range:
    """The slices, counted from the feet, that stand in the pixel column `x`."""
    first = x * count // width
    return range(max(0, count - max(first + 1, (x + 1) * count // width)), count - first)


def infection_by_slice(labels: Any, grid: CtGrid) -> list[float]:
    """Infected voxels of each axial slice, from the feet; `labels` stand as the volume node stores them."""
    turned = grid.order.from_stored(labels)
    return [float(np.count_nonzero(plane)) for plane in turned]


def slice_shown(grid: CtGrid) -> int | None:
    """The axial slice of the library's order that a view shows; None where no view shows one."""
    first, second = place_of_slice(grid, 0)[2], place_of_slice(grid, 1)[2]
    for node in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
        if node.IsMappedInLayout() and node.GetOrientation() == "Axial":
            number = round((node.GetSliceOffset() - first) / (second - first))
            return min(max(0, number), grid.geometry.shape[0] - 1)
    return None


def place_of_slice(grid: CtGrid, number: int) -> tuple[float, float, float]:
    """The middle of an axial slice of the library's order (RAS, mm)."""
    shape = grid.geometry.shape
    left, posterior, superior = grid.geometry.to_lps((number, shape[1] // 2, shape[2] // 2))
    return (-float(left), -float(posterior), float(superior))

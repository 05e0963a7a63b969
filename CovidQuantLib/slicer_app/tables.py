"""Tables of the screen: headings, rows of texts, and a height that shows what is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import qt

ROW_HEIGHT = 24
_FRAME = 4


def set_up_table(table: Any, headings: Sequence[str], *, wide: int | None = None) -> None:
    """Give a table its headings; column `wide` takes the room that is left, or all share it."""
    table.setColumnCount(len(headings))
    table.setHorizontalHeaderLabels(list(headings))
    table.verticalHeader().setVisible(False)
    header = table.horizontalHeader()
    header.setSectionResizeMode(qt.QHeaderView.Stretch if wide is None else qt.QHeaderView.ResizeToContents)
    if wide is not None:
        header.setSectionResizeMode(wide, qt.QHeaderView.Stretch)


def fill_row(table: Any, row: int, cells: Sequence[str], *, tip: str = "", words: int = 1) -> None:
    """Write a row: `words` columns of words, then numbers, to the right; `tip` or the text is the tooltip."""
    for column, text in enumerate(cells):
        item = qt.QTableWidgetItem(text)
        item.setToolTip(tip or text)
        if column >= words:
            item.setTextAlignment(qt.Qt.AlignRight | qt.Qt.AlignVCenter)
        table.setItem(row, column, item)
    table.setRowHeight(row, ROW_HEIGHT)


def fit_table(table: Any, most_rows: int) -> None:
    """Make a table as high as its rows, or as `most_rows` of them; the rest is scrolled to."""
    rows = min(max(table.rowCount, 1), most_rows)
    height = table.horizontalHeader().height + rows * ROW_HEIGHT + _FRAME
    table.setMinimumHeight(height)
    table.setMaximumHeight(height)

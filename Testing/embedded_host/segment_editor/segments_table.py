"""qMRMLSegmentsTableView: the segments of a segmentation, with colour and visibility."""

from __future__ import annotations

from typing import Any, ClassVar

import slicer
from PySide6.QtCore import Property, QItemSelection, Qt, Signal
from PySide6.QtGui import QColor, QIcon, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem, QVBoxLayout, QWidget

_EVENTS = ("SegmentAdded", "SegmentRemoved", "SegmentModified", "SegmentsOrderModified")


class SegmentsTable(QWidget):
    """One row a segment; a row selected is told by `selectionChanged`."""

    stands_for_native: ClassVar[bool] = True
    selectionChanged = Signal(QItemSelection, QItemSelection)
    segmentClicked = Signal(str)
    _table: QTableWidget
    _node: Any
    _ids: list[str]
    _tags: list[tuple[Any, int]]

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._node, self._ids, self._tags = None, [], []
        self._table = QTableWidget(0, 3)
        self._table.setHorizontalHeaderLabels(["", "", "Name"])
        self._table.verticalHeader().hide()
        self._table.horizontalHeader().setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        self._table.setColumnWidth(0, 26)
        self._table.setColumnWidth(1, 26)
        self._table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self._table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._table)
        self._table.selectionModel().connect(
            "selectionChanged(QItemSelection,QItemSelection)", self.selectionChanged.emit
        )
        self._table.connect("cellClicked(int,int)", self._clicked)
        self.connect("destroyed()", self._forget)

    def setSegmentationNode(self, node: Any) -> None:
        self._forget()
        self._node = node
        if node is not None:
            for name in _EVENTS:
                self._tags.append((node, node.AddObserver(getattr(slicer.vtkSegmentation, name), self._changed)))
            if node.GetDisplayNode() is not None:
                self._tags.append(
                    (node.GetDisplayNode(), node.GetDisplayNode().AddObserver("ModifiedEvent", self._changed))
                )
        self._fill()

    def segmentationNode(self) -> Any:
        return self._node

    def selectedSegmentIDs(self) -> list[str]:
        return [self._ids[index.row()] for index in self._table.selectionModel().selectedRows()]

    def setSelectedSegmentIDs(self, segment_ids: list[str]) -> None:
        if self.selectedSegmentIDs() == list(segment_ids):
            return
        self._table.clearSelection()
        for segment_id in segment_ids:
            if segment_id in self._ids:
                self._table.selectRow(self._ids.index(segment_id))

    def _changed(self, _caller: Any, _event: str) -> None:
        self._fill()

    def _fill(self) -> None:
        chosen = self.selectedSegmentIDs()
        self._ids = list(self._node.GetSegmentation().GetSegmentIDs()) if self._node is not None else []
        self._table.blockSignals(True)
        self._table.setRowCount(len(self._ids))
        for row, segment_id in enumerate(self._ids):
            segment, display = self._node.GetSegmentation().GetSegment(segment_id), self._node.GetDisplayNode()
            shown = display is None or display.GetSegmentVisibility(segment_id)
            colour = QPixmap(16, 16)
            colour.fill(QColor.fromRgbF(*segment.GetColor()))
            swatch = QTableWidgetItem(QIcon(colour), "")
            eye = QTableWidgetItem("\u25c9" if shown else "\u25cb")
            eye.setTextAlignment(Qt.AlignmentFlag.AlignCenter)
            for column, item in enumerate((eye, swatch, QTableWidgetItem(segment.GetName()))):
                self._table.setItem(row, column, item)
        self._table.blockSignals(False)
        self.setSelectedSegmentIDs(chosen)

    def _clicked(self, row: int, column: int) -> None:
        segment_id, display = self._ids[row], self._node.GetDisplayNode()
        if column == 0 and display is not None:
            display.SetSegmentVisibility(segment_id, not display.GetSegmentVisibility(segment_id))
        self.segmentClicked.emit(segment_id)

    def _forget(self) -> None:
        for node, tag in self._tags:
            node.RemoveObserver(tag)
        self._tags.clear()

    def _selection_mode(self) -> int:
        return int(self._table.selectionMode())

    def _set_selection_mode(self, mode: int) -> None:
        self._table.setSelectionMode(QAbstractItemView.SelectionMode(mode))

    def _hidden(column: int) -> Any:
        return Property(
            bool,
            lambda self: not self._table.isColumnHidden(column),
            lambda self, shown: self._table.setColumnHidden(column, not shown),
        )

    selectionMode = Property(int, _selection_mode, _set_selection_mode)
    visibilityColumnVisible = _hidden(0)
    colorColumnVisible = _hidden(1)

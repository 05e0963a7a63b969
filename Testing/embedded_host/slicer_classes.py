"""The widget classes that the application adds to the module `slicer`."""

from __future__ import annotations

from PySide6 import QtWidgets

from Testing.embedded_host.ctk_module import named, native_class
from Testing.embedded_host.segment_editor.editor_widget import SegmentEditorWidget
from Testing.embedded_host.segment_editor.segments_table import SegmentsTable
from Testing.embedded_host.widgets.mrml_widget import MRMLWidget
from Testing.embedded_host.widgets.node_combo_box import NodeComboBox
from Testing.embedded_host.widgets.slider_widget import SliderWidget


def slicer_widget_classes() -> dict[str, type]:
    """The stand-ins under the names of the classes that they stand for."""
    return {
        "qMRMLWidget": named(MRMLWidget, "qMRMLWidget"),
        "qSlicerWidget": named(MRMLWidget, "qSlicerWidget"),
        "qMRMLNodeComboBox": named(NodeComboBox, "qMRMLNodeComboBox"),
        "qMRMLSegmentEditorWidget": named(SegmentEditorWidget, "qMRMLSegmentEditorWidget"),
        "qMRMLSegmentsTableView": named(SegmentsTable, "qMRMLSegmentsTableView"),
        "qMRMLSliderWidget": named(SliderWidget, "qMRMLSliderWidget"),
        "qMRMLSpinBox": native_class("qMRMLSpinBox", QtWidgets.QDoubleSpinBox),
    }

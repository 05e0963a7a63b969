"""The Segment Editor inside the module: its parameter node, its effects in order, a brush of sensible size."""

from __future__ import annotations

from typing import Any

import slicer

from CovidQuantLib.anatomy import GROUND_GLASS

EFFECTS = (
    "Paint",
    "Erase",
    "Draw",
    "Scissors",
    "Fill between slices",
    "Grow from seeds",
    "Islands",
    "Smoothing",
    "Margin",
    "Threshold",
)
BRUSH_MM = 12
_TAG = "CovidQuant.SegmentEditor"
_UNDO_STATES = 10


def set_up_editor(editor: Any) -> None:
    """Give the embedded editor its effects; the nodes are chosen by the module."""
    editor.setEffectNameOrder(list(EFFECTS))
    editor.unorderedEffectsVisible = False
    editor.segmentationNodeSelectorVisible = False
    editor.sourceVolumeNodeSelectorVisible = False
    editor.maximumNumberOfUndoStates = _UNDO_STATES


def editor_node() -> Any:
    """The module's own parameter node of the Segment Editor in this scene."""
    node = slicer.mrmlScene.GetSingletonNode(_TAG, "vtkMRMLSegmentEditorNode")
    if node is None:
        node = slicer.mrmlScene.CreateNodeByClass("vtkMRMLSegmentEditorNode")
        node.UnRegister(None)
        node.SetSingletonTag(_TAG)
        node = slicer.mrmlScene.AddNode(node)
    return node


def open_in_editor(editor: Any, segmentation: Any, volume: Any) -> Any:
    """Show a segmentation in the editor, ready to paint ground glass; gives the editor's parameter node."""
    node = editor_node()
    editor.setMRMLSegmentEditorNode(node)
    editor.setSegmentationNode(segmentation)
    editor.setSourceVolumeNode(volume)
    node.SetOverwriteMode(node.OverwriteAllSegments)
    node.SetMaskMode(slicer.vtkMRMLSegmentationNode.EditAllowedEverywhere)
    node.SetSourceVolumeIntensityMask(False)
    if GROUND_GLASS.key in segmentation.GetSegmentation().GetSegmentIDs():
        editor.setCurrentSegmentID(GROUND_GLASS.key)
    for name in ("Paint", "Erase"):
        effect = editor.effectByName(name)
        effect.setCommonParameter("BrushDiameterIsRelative", "0")
        effect.setCommonParameter("BrushAbsoluteDiameter", str(BRUSH_MM))
    return node


def stop_effect(editor: Any) -> None:
    """Choose no effect, so that a click in a view paints nothing."""
    if editor.mrmlSegmentEditorNode() is not None:
        editor.setActiveEffect(None)


def close_editor(editor: Any) -> None:
    """Let the editor go of its nodes."""
    stop_effect(editor)
    if editor.mrmlSegmentEditorNode() is not None:
        editor.setSegmentationNode(None)
        editor.setSourceVolumeNode(None)

"""The Segment Editor inside the module: its parameter node, its effects in order, a brush of sensible size."""

from __future__ import annotations

from typing import Any

import slicer

from CovidQuantLib.anatomy import GROUND_GLASS

FILL = "Fill between slices"
EFFECTS = (
    "Paint",
    "Erase",
    "Draw",
    "Scissors",
    FILL,
    "Grow from seeds",
    "Islands",
    "Smoothing",
    "Margin",
    "Threshold",
)
BRUSH_MM = 12
_TAG = "CovidQuant.SegmentEditor"
_UNDO_STATES = 10
_PREVIEW_ROLE, _PREVIEW_OWNER = "SegmentationResultPreview", "SegmentationResultPreviewOwnerEffect"
"""Where an effect of Slicer that shows its result first keeps it: on the editor's parameter node."""


def set_up_editor(editor: Any) -> None:
    """Give the embedded editor its effects and its parameter node; the other nodes are chosen by the module.

    Slicer's editor takes the first segmentation of a scene by itself, and shows that one's CT in all views: it is
    ready for the one, and does not do the other.
    """
    editor.setEffectNameOrder(list(EFFECTS))
    editor.unorderedEffectsVisible = False
    editor.segmentationNodeSelectorVisible = False
    editor.sourceVolumeNodeSelectorVisible = False
    editor.autoShowSourceVolumeNode = False
    editor.addRemoveSegmentButtonsVisible = False
    editor.maximumNumberOfUndoStates = _UNDO_STATES
    editor.setMRMLSegmentEditorNode(editor_node())


def let_edit(editor: Any, allowed: bool) -> None:  # noqa: FBT001 - a switch
    """Let the editor edit or not: its keys are heard in the whole window, whether it is enabled or not."""
    if editor.readOnly == allowed:
        editor.readOnly = not allowed


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


def preview_between_slices(editor: Any) -> bool:
    """Let Slicer's effect show what it would fill between painted slices; False where the editor has no such effect."""
    if FILL not in editor.availableEffectNames():
        return False
    editor.setActiveEffectByName(FILL)
    editor.activeEffect().self().onPreview()
    return True


def stop_effect(editor: Any) -> None:
    """Choose no effect, so that a click in a view paints nothing. What one shows and has not applied is put away."""
    node = editor.mrmlSegmentEditorNode()
    if node is None:
        return
    if node.GetNodeReference(_PREVIEW_ROLE) is not None and node.GetSegmentationNode() is not None:
        editor.effectByName(node.GetAttribute(_PREVIEW_OWNER)).self().onCancel()
    if editor.activeEffect() is not None:
        editor.setActiveEffect(None)


def close_editor(editor: Any) -> None:
    """Let the editor go of its nodes."""
    stop_effect(editor)
    if editor.mrmlSegmentEditorNode() is not None:
        editor.setSegmentationNode(None)
        editor.setSourceVolumeNode(None)

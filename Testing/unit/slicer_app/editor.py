"""A reader at the Segment Editor: strokes and undo through Slicer's own segment editor logic."""

from __future__ import annotations

from typing import Any

import slicer
from vtk.util import numpy_support

from CovidQuantLib.ct.grid import Box
from CovidQuantLib.slicer_app.segmentation_nodes import CaseNodes


class Editor:
    """Paints boxes of voxels as an effect would."""

    def __init__(self, nodes: CaseNodes) -> None:
        self.node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentEditorNode")
        self.logic = slicer.vtkSlicerSegmentEditorLogic()
        self.logic.SetMRMLScene(slicer.mrmlScene)
        self.logic.SetSegmentEditorNode(self.node)
        self.open(nodes.infection, nodes.volume)

    def open(self, segmentation: Any, volume: Any) -> None:
        self.node.SetAndObserveSegmentationNode(segmentation)
        self.node.SetAndObserveSourceVolumeNode(volume)
        self.logic.SetSegmentationNode(segmentation)
        self.logic.SetSourceVolumeNode(volume)
        self.node.SetOverwriteMode(self.node.OverwriteAllSegments)
        self.logic.UpdateReferenceGeometryImage()

    def save_state(self) -> None:
        self.logic.SaveStateForUndo()

    def paint(self, key: str, box: Box, *, erase: bool = False) -> None:
        """One stroke: `box` of voxels (k, j, i) is added to the segment, or taken from it."""
        self.save_state()
        self.node.SetSelectedSegmentID(key)
        self.logic.ResetModifierLabelmapToDefault()
        modifier = self.logic.GetModifierLabelmap()
        sizes = modifier.GetDimensions()
        voxels = numpy_support.vtk_to_numpy(modifier.GetPointData().GetScalars()).reshape(sizes[::-1])
        voxels[box.slices] = 1
        modifier.Modified()
        (k0, j0, i0), (k1, j1, i1) = box.start, box.stop
        mode = self.logic.ModificationModeRemove if erase else self.logic.ModificationModeAdd
        extent = [i0, i1 - 1, j0, j1 - 1, k0, k1 - 1]
        segmentation = self.node.GetSegmentationNode()
        self.logic.ModifySegmentByLabelmap(segmentation, key, modifier, mode, extent, False, False)

    def undo(self) -> None:
        self.logic.Undo()

    def redo(self) -> None:
        self.logic.Redo()

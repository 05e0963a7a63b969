"""Fill between slices: what lies between painted ones, by Slicer's own interpolation, shown before it is kept."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import slicer
import vtk
from numpy.typing import NDArray
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from Testing.embedded_host.segment_editor.effect import Implementation, ScriptedEffect

_PREVIEW, _OWNER = "SegmentationResultPreview", "SegmentationResultPreviewOwnerEffect"


class FillImplementation(Implementation):
    """`onPreview` computes and shows; `onApply` raises without it, as in Slicer; `onCancel` puts it away."""

    def onPreview(self) -> None:
        self.scriptedEffect.preview()

    def onCancel(self) -> None:
        self.scriptedEffect.cancel()


class FillEffect(ScriptedEffect):
    """Works on all visible segments. The preview is a node of the scene, named by the parameter node."""

    stands_for_native: ClassVar[bool] = True

    def self(self) -> Implementation:
        return FillImplementation(self)

    def preview(self) -> None:
        self.cancel()
        node, parameters = slicer.vtkMRMLSegmentationNode(), self.parameterSetNode()
        node.SetName(f"{parameters.GetSegmentationNode().GetName()} preview")
        node = slicer.mrmlScene.AddNode(node)
        parameters.SetNodeReferenceID(_PREVIEW, node.GetID())
        self.setCommonParameter(_OWNER, self.name)
        filled = _filled(self._merged())
        for number, segment_id in enumerate(self._segment_ids(), start=1):
            node.GetSegmentation().AddEmptySegment(segment_id)
            slicer.util.updateSegmentBinaryLabelmapFromArray(
                (filled == number).astype(np.uint8), node, segment_id, parameters.GetSourceVolumeNode()
            )

    def cancel(self) -> None:
        node = self.parameterSetNode().GetNodeReference(_PREVIEW)
        if node is not None:
            self.parameterSetNode().SetNodeReferenceID(_PREVIEW, None)
            slicer.mrmlScene.RemoveNode(node)

    def apply_script(self) -> None:
        node = self.parameterSetNode().GetNodeReference(_PREVIEW)
        if node is None:
            raise RuntimeError("there is no preview to apply: Slicer's effect fails there")
        self.saveStateForUndo()
        volume = self.parameterSetNode().GetSourceVolumeNode()
        for segment_id in list(node.GetSegmentation().GetSegmentIDs()):
            mask = slicer.util.arrayFromSegmentBinaryLabelmap(node, segment_id, volume)
            self.blank()
            self.change(mask, "Set", segment_id=segment_id)
        self.cancel()

    def _segment_ids(self) -> list[str]:
        segmentation = self.parameterSetNode().GetSegmentationNode()
        shown = vtk.vtkStringArray()
        segmentation.GetDisplayNode().GetVisibleSegmentIDs(shown)
        return [shown.GetValue(index) for index in range(shown.GetNumberOfValues())]

    def _merged(self) -> NDArray[np.int16]:
        segmentation, volume = (
            self.parameterSetNode().GetSegmentationNode(),
            self.parameterSetNode().GetSourceVolumeNode(),
        )
        merged = np.zeros(slicer.util.arrayFromVolume(volume).shape, np.int16)
        for number, segment_id in enumerate(self._segment_ids(), start=1):
            merged[slicer.util.arrayFromSegmentBinaryLabelmap(segmentation, segment_id, volume) > 0] = number
        return merged


def _filled(merged: NDArray[np.int16]) -> NDArray[Any]:
    image = vtk.vtkImageData()
    image.SetDimensions(merged.shape[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(merged.ravel(), deep=True, array_type=vtk.VTK_SHORT))
    interpolator = slicer.vtkITKMorphologicalContourInterpolator()
    interpolator.SetInputData(image)
    interpolator.Update()
    return np.asarray(vtk_to_numpy(interpolator.GetOutput().GetPointData().GetScalars())).reshape(merged.shape)

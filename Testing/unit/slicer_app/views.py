"""Slice views without a window: the nodes of one, showing a CT."""

from __future__ import annotations

from typing import Any

import slicer


def a_slice_view(volume: Any, name: str = "Red", orientation: str = "Axial") -> Any:
    """The slice node of a view in the layout that shows `volume`."""
    node = slicer.vtkMRMLSliceNode()
    node.SetLayoutName(name)
    node.SetName(name)
    node = slicer.mrmlScene.AddNode(node)
    composite = slicer.vtkMRMLSliceCompositeNode()
    composite.SetLayoutName(name)
    composite = slicer.mrmlScene.AddNode(composite)
    node.SetMappedInLayout(1)
    node.SetOrientation(orientation)
    composite.SetBackgroundVolumeID(volume.GetID())
    bounds = [0.0] * 6
    volume.GetRASBounds(bounds)
    node.JumpSliceByCentering(*(sum(bounds[axis : axis + 2]) / 2 for axis in (0, 2, 4)))
    return node


def composite_of(node: Any) -> Any:
    """The composite node beside a slice node."""
    return next(
        one
        for one in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
        if one.GetLayoutName() == node.GetLayoutName()
    )

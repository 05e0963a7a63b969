"""What all views show, to bring them back as they were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import slicer
import vtk


@dataclass(frozen=True)
class _SliceView:
    """The plane of a slice view, and how much of it is seen."""

    name: str
    plane: Any
    field_of_view: tuple[float, ...]
    origin: tuple[float, ...]

    def show(self, layout: Any) -> None:
        node = layout.sliceWidget(self.name).mrmlSliceNode()
        node.GetSliceToRAS().DeepCopy(self.plane)
        node.UpdateMatrices()
        node.SetFieldOfView(*self.field_of_view)
        node.SetXYZOrigin(*self.origin)


@dataclass(frozen=True)
class ViewsState:
    """The arrangement of the views, the planes of the slices, and the volumes at the back and in front of each.

    state = ViewsState.of(layout)
    state.show(layout)
    """

    arrangement: int
    slices: tuple[_SliceView, ...]
    layers: dict[str, tuple[str | None, str | None]]

    @classmethod
    def of(cls, layout: Any) -> ViewsState:
        """The views as they are now; `layout` is Slicer's layout manager."""
        composites = slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
        layers = {node.GetID(): (node.GetBackgroundVolumeID(), node.GetForegroundVolumeID()) for node in composites}
        return cls(layout.layout, tuple(_slice_view(layout, name) for name in layout.sliceViewNames()), layers)

    def show(self, layout: Any) -> None:
        """Show everything again that is still in the scene."""
        for name, (back, front) in self.layers.items():
            node = slicer.mrmlScene.GetNodeByID(name)
            if node is not None:
                node.SetBackgroundVolumeID(_there(back))
                node.SetForegroundVolumeID(_there(front))
        layout.setLayout(self.arrangement)
        if not slicer.mrmlScene.IsClosing():  # what was pressed meanwhile is not for a scene that goes
            slicer.app.processEvents()  # the views take their old size, for which their fields of view were
        for view in self.slices:
            view.show(layout)


def _slice_view(layout: Any, name: str) -> _SliceView:
    node, plane = layout.sliceWidget(name).mrmlSliceNode(), vtk.vtkMatrix4x4()
    plane.DeepCopy(node.GetSliceToRAS())
    return _SliceView(name, plane, tuple(node.GetFieldOfView()), tuple(node.GetXYZOrigin()))


def _there(node_id: str | None) -> str | None:
    return node_id if node_id and slicer.mrmlScene.GetNodeByID(node_id) is not None else None

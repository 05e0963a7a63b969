"""Two CTs beside each other: axial slices that follow each other by height within the lungs, and two 3D views."""

from __future__ import annotations

from typing import Any

import numpy as np
import slicer
import vtk

from CovidQuantLib.anatomy import LUNGS
from CovidQuantLib.slicer_app.connections import Observations
from CovidQuantLib.slicer_app.ct_export import ct_grid
from CovidQuantLib.slicer_app.label_arrays import nonzero_box, read_labels, whole_box
from CovidQuantLib.slicer_app.segmentation_nodes import CaseNodes
from CovidQuantLib.slicer_app.surfaces import show_surfaces

_LEFT, _RIGHT = "Red", "Yellow"


def lung_heights(nodes: CaseNodes) -> tuple[float, float]:
    """Where the lungs begin and end, from the feet (RAS, mm); by it two CTs are compared, not by table position."""
    volume = nodes.volume
    box = nonzero_box(read_labels(nodes.anatomy, LUNGS, volume), whole_box(volume))
    grid = ct_grid(volume).stored
    corners = [grid.to_lps(corner) for corner in ((0, 0, 0), grid.shape)] if box is None else [
        grid.to_lps(box.start), grid.to_lps(tuple(stop - 1 for stop in box.stop))]  # fmt: skip
    heights = sorted(float(corner[2]) for corner in corners)
    return heights[0], heights[1]


class LinkedViews:
    """Shows two cases in two axial views; scrolling one scrolls the other to the same relative lung height."""

    def __init__(self) -> None:
        self._observations = Observations()
        self._moving = False
        self._sides: dict[str, tuple[float, float]] = {}

    @property
    def is_on(self) -> bool:
        """Whether two views are linked."""
        return bool(self._sides)

    def link(self, first: CaseNodes, last: CaseNodes) -> None:
        """Show both, and link them."""
        self.unlink()
        layout = slicer.app.layoutManager()
        layout.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutSideBySideView)
        for name, nodes in ((_LEFT, first), (_RIGHT, last)):
            widget = layout.sliceWidget(name)
            widget.mrmlSliceNode().SetOrientation("Axial")
            composite = widget.mrmlSliceCompositeNode()
            composite.SetBackgroundVolumeID(nodes.volume.GetID())
            composite.SetForegroundVolumeID(None)
            _only_in(nodes, [widget.mrmlSliceNode()])
            self._sides[name] = lung_heights(nodes)
        layout.resetSliceViews()
        for name in (_LEFT, _RIGHT):
            node = layout.sliceWidget(name).mrmlSliceNode()
            self._observations.observe(node, vtk.vtkCommand.ModifiedEvent, self._on_slice)
        self._follow(_LEFT)

    def unlink(self) -> None:
        """Let both go their own ways."""
        self._observations.clear()
        self._sides = {}

    def _on_slice(self, caller: Any, event: Any) -> None:  # noqa: ARG002 - the signature of VTK
        if not self._moving:
            self._follow(caller.GetLayoutName())

    def _follow(self, moved: str) -> None:
        other = _RIGHT if moved == _LEFT else _LEFT
        layout = slicer.app.layoutManager()
        offset = layout.sliceWidget(moved).mrmlSliceNode().GetSliceOffset()
        self._moving = True
        try:
            node = layout.sliceWidget(other).mrmlSliceNode()
            node.SetSliceOffset(float(np.interp(offset, self._sides[moved], self._sides[other])))
        finally:
            self._moving = False


def show_side_by_side(first: CaseNodes, last: CaseNodes) -> None:
    """Both infections in 3D, each in a view of its own, with the lungs translucent around them."""
    layout = slicer.app.layoutManager()
    layout.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutDual3DView)
    views = [layout.threeDWidget(index).mrmlViewNode() for index in range(2)]
    for view, nodes in zip(views, (first, last), strict=True):
        _only_in(nodes, [view])
        show_surfaces(nodes.anatomy)
        show_surfaces(nodes.infection)
    layout.resetThreeDViews()


def show_everywhere(nodes: CaseNodes) -> None:
    """Show a case in all views again."""
    _only_in(nodes, [])


def _only_in(nodes: CaseNodes, views: list[Any]) -> None:
    for node in (nodes.anatomy, nodes.infection):
        display = node.GetDisplayNode()
        display.SetVisibility(True)
        display.RemoveAllViewNodeIDs()
        for view in views:
            display.AddViewNodeID(view.GetID())

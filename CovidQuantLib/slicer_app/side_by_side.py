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
from CovidQuantLib.slicer_app.views_state import ViewsState

_LEFT, _RIGHT = "Red", "Yellow"
_ANTERIOR = 3
"""As ctkAxesWidget numbers the sides of the patient."""
_NEARER = 0.75
"""What VTK takes for the view to hold leaves much room around it."""


def lung_heights(nodes: CaseNodes) -> tuple[float, float]:
    """Where the lungs begin and end, from the feet (RAS, mm); by it two CTs are compared, not by table position."""
    volume = nodes.volume
    box = nonzero_box(read_labels(nodes.anatomy, LUNGS, volume), whole_box(volume))
    grid = ct_grid(volume).stored
    corners = [grid.to_lps(corner) for corner in ((0, 0, 0), grid.shape)] if box is None else [
        grid.to_lps(box.start), grid.to_lps(tuple(stop - 1 for stop in box.stop))]  # fmt: skip
    heights = sorted(float(corner[2]) for corner in corners)
    return heights[0], heights[1]


class SideBySide:
    """Shows two cases beside each other, in slices or in 3D, until `end`, which brings the views back as they were.

    In slices, scrolling one view scrolls the other to the same relative height within the lungs.
    """

    def __init__(self) -> None:
        self._observations = Observations()
        self._moving = False
        self._heights: dict[str, tuple[float, float]] = {}
        self._cases: tuple[CaseNodes, ...] = ()
        self._before: ViewsState | None = None

    @property
    def is_on(self) -> bool:
        """Whether two cases are shown beside each other."""
        return bool(self._cases)

    def link_slices(self, first: CaseNodes, last: CaseNodes) -> None:
        """Show both in axial slices that follow each other."""
        layout = self._begin(first, last, slicer.vtkMRMLLayoutNode.SlicerLayoutSideBySideView)
        for name, nodes in ((_LEFT, first), (_RIGHT, last)):
            widget = layout.sliceWidget(name)
            widget.mrmlSliceNode().SetOrientation("Axial")
            composite = widget.mrmlSliceCompositeNode()
            composite.SetBackgroundVolumeID(nodes.volume.GetID())
            composite.SetForegroundVolumeID(None)
            _only_in(nodes, [widget.mrmlSliceNode()])
            self._heights[name] = lung_heights(nodes)
        slicer.app.processEvents()  # the views take their new size, to which the slices are fitted
        layout.resetSliceViews()
        for name in (_LEFT, _RIGHT):
            node = layout.sliceWidget(name).mrmlSliceNode()
            self._observations.observe(node, vtk.vtkCommand.ModifiedEvent, self._on_slice)
        self._follow(_LEFT)

    def show_volumes(self, first: CaseNodes, last: CaseNodes) -> None:
        """Show both infections in 3D, each in a view of its own, with the lungs translucent around them."""
        layout = self._begin(first, last, slicer.vtkMRMLLayoutNode.SlicerLayoutDual3DView)
        slices = [layout.sliceWidget(name).mrmlSliceNode() for name in layout.sliceViewNames()]
        for index, nodes in enumerate((first, last)):
            _only_in(nodes, [layout.threeDWidget(index).mrmlViewNode(), *([] if index == 0 else slices)])
            show_surfaces(nodes.anatomy)
            show_surfaces(nodes.infection)
        slicer.app.processEvents()  # the views take their new size
        _look_alike([layout.threeDWidget(index).threeDView() for index in (0, 1)])

    def end(self) -> None:
        """Show each case in all views again, and the views as they were."""
        self._observations.clear()
        self._heights = {}
        cases, self._cases = self._cases, ()
        for nodes in cases:
            if nodes.is_there:
                _only_in(nodes, [])
        before, self._before = self._before, None
        layout = slicer.app.layoutManager()
        if before is not None and layout is not None:
            before.show(layout)

    def _begin(self, first: CaseNodes, last: CaseNodes, arrangement: int) -> Any:
        self.end()
        layout = slicer.app.layoutManager()
        self._before, self._cases = ViewsState.of(layout), (first, last)
        layout.setLayout(arrangement)
        return layout

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
            node.SetSliceOffset(float(np.interp(offset, self._heights[moved], self._heights[other])))
        finally:
            self._moving = False


def _look_alike(views: list[Any]) -> None:
    """Look at each scene from the front and from equally far, so that sizes can be compared."""
    cameras = []
    for view in views:
        view.resetFocalPoint()
        view.rotateToViewAxis(_ANTERIOR)
        renderer = view.renderWindow().GetRenderers().GetFirstRenderer()
        renderer.ResetCamera()
        cameras.append((renderer, renderer.GetActiveCamera()))
    distance = _NEARER * max(camera.GetDistance() for _renderer, camera in cameras)
    for renderer, camera in cameras:
        focus, towards = camera.GetFocalPoint(), camera.GetDirectionOfProjection()
        camera.SetPosition(*(f - distance * t for f, t in zip(focus, towards, strict=True)))
        renderer.ResetCameraClippingRange()


def _only_in(nodes: CaseNodes, views: list[Any]) -> None:
    """Show a case in these views alone; in all of them where none is named."""
    for node in (nodes.anatomy, nodes.infection):
        display = node.GetDisplayNode()
        display.SetVisibility(True)
        display.RemoveAllViewNodeIDs()
        for view in views:
            display.AddViewNodeID(view.GetID())

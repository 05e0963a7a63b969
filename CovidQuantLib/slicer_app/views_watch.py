"""Which slices of a CT are on screen, and which of them have been: for the edit log and for "n of N slices seen"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import slicer
import vtk

from CovidQuantLib.slicer_app.connections import Observations
from CovidQuantLib.slicer_app.ct_export import CtGrid

VIEW_OF_AXIS = ("axial", "coronal", "sagittal")
"""The view across each axis of the library's order (k, j, i)."""
_PARALLEL = 0.99


class ViewsWatch:
    """Follows the slice views that show `volume`.

    `on_slice(view, position)`: a view shows another slice; `view` is axial, coronal, sagittal or oblique, `position`
    the nearest slice along its axis in the library's order (k for axial), None outside of the CT. `on_screen(shown)`:
    the CT came into a view, or left the last one. `seen` are the axial slices that have been on screen.
    """

    def __init__(
        self,
        volume: Any,
        grid: CtGrid,
        on_slice: Callable[[str, int | None], None],
        on_screen: Callable[[bool], None],
    ) -> None:
        self._volume = volume
        self._grid = grid
        self._on_slice = on_slice
        self._on_screen = on_screen
        self._is_shown: bool | None = None
        self.seen: set[int] = set()
        self._observations = Observations()
        scene = slicer.mrmlScene
        self._observations.observe(scene, scene.NodeAddedEvent, self._on_views_changed)
        self._observe_views()

    def close(self) -> None:
        """Stop following."""
        self._observations.clear()

    def look(self) -> None:
        """Look at all views now."""
        shown = False
        for node in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
            if self._shows_the_ct(node):
                shown = True
                view, position = self._slice(node)
                if view == VIEW_OF_AXIS[0] and position is not None:
                    self.seen.add(position)
                self._on_slice(view, position)
        if shown != self._is_shown:
            self._is_shown = shown
            self._on_screen(shown)

    def _observe_views(self) -> None:
        for class_name in ("vtkMRMLSliceNode", "vtkMRMLSliceCompositeNode"):
            for node in slicer.util.getNodesByClass(class_name):
                self._observations.forget(node)
                self._observations.observe(node, vtk.vtkCommand.ModifiedEvent, self._on_view)
        self.look()

    def _on_view(self, caller: Any, event: Any) -> None:  # noqa: ARG002 - the signature of VTK
        self.look()

    def _on_views_changed(self, caller: Any, event: Any) -> None:  # noqa: ARG002 - the signature of VTK
        self._observe_views()

    def _shows_the_ct(self, node: Any) -> bool:
        if not node.IsMappedInLayout():
            return False
        own = {self._volume.GetID()}
        return any(
            composite.GetLayoutName() == node.GetLayoutName()
            and own & {composite.GetBackgroundVolumeID(), composite.GetForegroundVolumeID()}
            for composite in slicer.util.getNodesByClass("vtkMRMLSliceCompositeNode")
        )

    def _slice(self, node: Any) -> tuple[str, int | None]:
        to_ras = slicer.util.arrayFromVTKMatrix(node.GetSliceToRAS())
        to_lps = np.diag([-1.0, -1.0, 1.0]) @ to_ras[:3, :]
        geometry = self._grid.geometry
        axes: npt.NDArray[np.float64] = np.reshape(geometry.direction, (3, 3))
        along = np.abs(axes.T @ to_lps[:, 2])[::-1]  # in the order k, j, i
        axis = int(np.argmax(along))
        if along[axis] < _PARALLEL:
            return "oblique", None
        ijk = np.linalg.solve(axes * np.asarray(geometry.spacing), to_lps[:, 3] - np.asarray(geometry.origin))
        position = round(float(ijk[::-1][axis]))
        return VIEW_OF_AXIS[axis], position if 0 <= position < geometry.shape[axis] else None

"""Paint and Erase: a brush over the slices, applied when the button is let go, as Slicer does by default."""

from __future__ import annotations

from typing import Any, ClassVar

import slicer

from Testing.embedded_host.segment_editor.brush import Brush, Point, painted
from Testing.embedded_host.segment_editor.effect import Effect


class PaintEffect(Effect):
    """Adds the stroke to the selected segment, or removes it from it."""

    stands_for_native: ClassVar[bool] = True
    common_defaults: ClassVar[dict[str, str]] = {
        "BrushSphere": "0",
        "BrushDiameterIsRelative": "1",
        "BrushRelativeDiameter": "3",
        "BrushAbsoluteDiameter": "5",
    }
    _path: list[Point]
    _brush: Brush | None

    def __init__(self, name: str, editor: Any, logic: Any) -> None:
        super().__init__(name, editor, logic)
        self._path, self._brush = [], None

    def on_press(self, view: Any, xy: tuple[int, int]) -> None:
        self.saveStateForUndo()
        self._brush = self._brush_in(view)
        self._path = [self._place(view, xy)]

    def on_move(self, view: Any, xy: tuple[int, int]) -> None:
        if self._path:
            self._path.append(self._place(view, xy))

    def on_release(self) -> None:
        path, brush = self._path, self._brush
        self._path, self._brush = [], None
        if not path or brush is None:
            return
        mask, extent = painted(self.blank(), path, brush)
        if extent is not None:
            self.change(mask, "Remove" if self._name == "Erase" else "Add", extent)

    def _brush_in(self, view: Any) -> Brush:
        node = view.mrmlSliceNode()
        if self.integerParameter("BrushDiameterIsRelative"):
            diameter = node.GetFieldOfView()[1] * self.doubleParameter("BrushRelativeDiameter") / 100.0
        else:
            diameter = self.doubleParameter("BrushAbsoluteDiameter")
        to_ras = node.GetSliceToRAS()
        normal = (to_ras.GetElement(0, 2), to_ras.GetElement(1, 2), to_ras.GetElement(2, 2))
        sphere = bool(self.integerParameter("BrushSphere"))
        slice_logic = slicer.app.applicationLogic().GetSliceLogic(node)
        return Brush(diameter / 2, sphere, normal, self._logic.GetSliceSpacing(node, slice_logic))

    def _place(self, view: Any, xy: tuple[int, int]) -> Point:
        x, y, z, _ = view.mrmlSliceNode().GetXYToRAS().MultiplyPoint((*xy, 0.0, 1.0))
        return x, y, z

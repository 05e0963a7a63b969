"""qSlicerSegmentEditorAbstractEffect: an effect's parameters, and how it changes the selected segment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import slicer
from numpy.typing import NDArray
from PySide6.QtCore import Property, QObject
from vtkmodules.util.numpy_support import vtk_to_numpy

if TYPE_CHECKING:
    from Testing.embedded_host.segment_editor.editor_widget import SegmentEditorWidget


class Effect(QObject):
    """An effect of C++, and by itself one that the host offers by name but cannot carry out."""

    stands_for_native: ClassVar[bool] = True
    defaults: ClassVar[dict[str, str]] = {}
    common_defaults: ClassVar[dict[str, str]] = {}
    _name: str
    _editor: SegmentEditorWidget
    _logic: Any

    def __init__(self, name: str, editor: SegmentEditorWidget, logic: Any) -> None:
        super().__init__()
        self._name, self._editor, self._logic = name, editor, logic

    def parameterSetNode(self) -> Any:
        return self._editor.mrmlSegmentEditorNode()

    def parameter(self, name: str) -> str:
        """The effect's own value, else the common one; raises KeyError where Slicer logs an error and gives ""."""
        node = self.parameterSetNode()
        for attribute in (f"{self._name}.{name}", name):
            value = node.GetAttribute(attribute)
            if value is not None:
                return str(value)
        raise KeyError(f"{self._name} has no parameter {name}")

    def doubleParameter(self, name: str) -> float:
        return float(self.parameter(name))

    def integerParameter(self, name: str) -> int:
        return int(self.parameter(name))

    def setParameter(self, name: str, value: Any) -> None:
        self.setCommonParameter(f"{self._name}.{name}", value)

    def setCommonParameter(self, name: str, value: Any) -> None:
        """As Slicer does: an attribute of the parameter node, and no ModifiedEvent of it."""
        node, text = self.parameterSetNode(), value if isinstance(value, str) else f"{value:g}"
        if node.GetAttribute(name) == text:
            return
        before = node.GetDisableModifiedEvent()
        node.SetDisableModifiedEvent(1)
        node.SetAttribute(name, text)
        node.SetDisableModifiedEvent(before)
        node.InvokeCustomModifiedEvent(slicer.vtkMRMLSegmentEditorNode.EffectParameterModified)

    def saveStateForUndo(self) -> None:
        self._editor.saveStateForUndo()

    def set_defaults(self) -> None:
        """The values that the parameter node does not have yet."""
        node = self.parameterSetNode()
        own = {f"{self._name}.{name}": value for name, value in self.defaults.items()}
        for name, value in (own | self.common_defaults).items():
            if not node.GetAttribute(name):
                self.setCommonParameter(name, value)

    def on_press(self, view: Any, xy: tuple[int, int]) -> None:
        """The left button went down in a slice view, at its own xy."""
        del view, xy
        self._refuse()

    def on_move(self, view: Any, xy: tuple[int, int]) -> None:
        """The mouse moved with the button down."""

    def on_release(self) -> None:
        """The button was let go."""

    def change(
        self, mask: NDArray[np.uint8], mode: str, extent: tuple[int, ...] | None = None, segment_id: str | None = None
    ) -> None:
        """Put a mask, on the grid of `blank`, into a segment (the selected one), with the editor node's masks applied.

        mode: "Set", "Add" or "Remove". extent: where the mask is not empty, as VTK counts it.
        """
        logic, node = self._logic, self.parameterSetNode()
        modifier = logic.GetModifierLabelmap()
        array_of(modifier)[:] = mask
        modifier.Modified()
        of_mode = getattr(logic, f"ModificationMode{mode}")
        target = (node.GetSegmentationNode(), segment_id or node.GetSelectedSegmentID(), modifier, of_mode)
        logic.ModifySegmentByLabelmap(*target, *([extent] if extent else []), False, False)

    def blank(self) -> Any:
        """The modifier labelmap on the segmentation's grid, empty."""
        self._logic.UpdateReferenceGeometryImage()
        if not self._logic.ResetModifierLabelmapToDefault():
            raise RuntimeError("the segmentation has no reference geometry: set a source volume")
        return self._logic.GetModifierLabelmap()

    def selected_mask(self) -> NDArray[np.uint8]:
        """The selected segment on the grid of `blank`."""
        self.blank()
        self._logic.UpdateSelectedSegmentLabelmap()
        return (array_of(self._logic.GetSelectedSegmentLabelmap()) > 0).astype(np.uint8)

    def _refuse(self) -> None:
        raise NotImplementedError(f"the host has no {self._name}: test it in the application")

    name = Property(str, lambda self: self._name)


class Implementation:
    """What `effect.self()` gives for an effect that is a script."""

    def __init__(self, effect: ScriptedEffect) -> None:
        self.scriptedEffect = effect

    def onApply(self) -> None:
        self.scriptedEffect.apply_script()


class ScriptedEffect(Effect):
    """An effect that Slicer has as a script; only these have `self()`."""

    stands_for_native: ClassVar[bool] = True

    def self(self) -> Implementation:
        return Implementation(self)

    def apply_script(self) -> None:
        """What the effect's Apply button does."""
        self._refuse()


def array_of(image: Any) -> NDArray[Any]:
    """The voxels of an oriented image, axes (k, j, i)."""
    i, j, k = image.GetDimensions()
    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(k, j, i)

"""qMRMLSliceView: a slice of the scene."""

from __future__ import annotations

from typing import Any, ClassVar

import slicer
import vtk

from Testing.embedded_host.views.render_view import RenderView

_MANAGERS = (
    "vtkMRMLVolumeGlyphSliceDisplayableManager",
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLCrosshairDisplayableManager",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
    "vtkMRMLScalarBarDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
)


class SliceView(RenderView):
    """The picture of a slice logic, with what the displayable managers draw over it."""

    stands_for_native: ClassVar[bool] = True
    _logic: Any
    _mapper: Any
    _group: Any

    def __init__(self, logic: Any, application_logic: Any) -> None:
        super().__init__()
        self._logic = logic
        self._mapper = vtk.vtkImageMapper()
        self._mapper.SetColorWindow(255)
        self._mapper.SetColorLevel(127.5)
        picture = vtk.vtkActor2D()
        picture.SetMapper(self._mapper)
        picture.GetProperty().SetDisplayLocationToBackground()
        self._renderer.AddViewProp(picture)
        self._renderer.GetActiveCamera().ParallelProjectionOn()
        factory = slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance()
        self._group = managed(factory, _MANAGERS, application_logic, self._renderer, logic.GetSliceNode())
        style = slicer.vtkMRMLSliceViewInteractorStyle()
        style.SetSliceLogic(logic)
        self.show_managed(style, self._group)
        logic.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda _logic, _event: self.scheduleRender())
        self._fit()

    def mrmlSliceNode(self) -> Any:
        return self._logic.GetSliceNode()

    def forceRender(self) -> None:
        self._fit()
        layers = self._logic.GetSliceCompositeNode()
        shown = layers.GetBackgroundVolumeID() or layers.GetForegroundVolumeID() or layers.GetLabelVolumeID()
        self._mapper.SetInputConnection(self._logic.GetImageDataConnection() if shown else None)
        super().forceRender()

    def _fit(self) -> tuple[int, int]:
        width, height = super()._fit()
        if self._logic.GetSliceNode().GetDimensions()[:2] != (width, height):
            self._logic.ResizeSliceNode(width, height)
        return width, height


def managed(factory: Any, managers: tuple[str, ...], application_logic: Any, renderer: Any, node: Any) -> Any:
    """A group of displayable managers that draws the node's view into the renderer."""
    factory.SetMRMLApplicationLogic(application_logic)
    for manager in managers:
        if not factory.IsDisplayableManagerRegistered(manager):
            factory.RegisterDisplayableManager(manager)
    group = slicer.vtkMRMLDisplayableManagerGroup()
    group.Initialize(factory, renderer)
    group.SetMRMLDisplayableNode(node)
    return group

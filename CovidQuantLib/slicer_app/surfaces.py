"""Segments in 3D: one surface after the other, with events handled in between."""

from __future__ import annotations

from typing import Any

import slicer
import vtk

from CovidQuantLib.slicer_app.ct_export import EventsHandled
from CovidQuantLib.slicer_app.label_arrays import BINARY_LABELMAP

CLOSED_SURFACE = "Closed surface"
SMOOTHING = "0.3"


def show_surfaces(node: Any, handle_events: EventsHandled | None = None, *, anew: bool = False) -> None:
    """Make the surfaces of all segments that are visible in 3D and have none yet (or all `anew`), and show them.

    A surface of a large segment takes up to a second; `handle_events` (the application's own by default) is called
    after each. Nothing more is made once the node has gone. Hidden segments get an empty surface, since Slicer shows
    surfaces only where each segment has one: call this again when one of them is to be seen. While surfaces are shown,
    Slicer makes them anew after each edit: hide them before long edits.
    """
    handle_events = handle_events or slicer.app.processEvents
    segmentation, display = node.GetSegmentation(), node.GetDisplayNode()
    made = {}
    for key in list(segmentation.GetSegmentIDs()):
        has_one = not anew and _has_surface(segmentation.GetSegment(key))
        if has_one or not display.GetSegmentVisibility3D(key):
            continue
        made[key] = _surface(segmentation, key)
        handle_events()
        if not slicer.mrmlScene.IsNodePresent(node):
            return
    # vtkSegmentation takes the first segment by name for all: once that one has a surface, Slicer makes those that
    # others lack, in seconds. So that one comes last.
    for key in sorted(segmentation.GetSegmentIDs(), reverse=True):
        segment = segmentation.GetSegment(key)
        if key in made or segment.GetRepresentation(CLOSED_SURFACE) is None:
            segment.AddRepresentation(CLOSED_SURFACE, made.get(key) or vtk.vtkPolyData())
    display.SetPreferredDisplayRepresentationName3D(CLOSED_SURFACE)
    display.SetVisibility3D(True)


def hide_surfaces(node: Any) -> None:
    """Remove the surfaces of a segmentation node, so that edits do not wait for them."""
    node.RemoveClosedSurfaceRepresentation()


def has_surfaces(node: Any) -> bool:
    """Whether surfaces are there."""
    return bool(node.GetSegmentation().ContainsRepresentation(CLOSED_SURFACE))


def _has_surface(segment: Any) -> bool:
    surface = segment.GetRepresentation(CLOSED_SURFACE)
    return surface is not None and surface.GetNumberOfPoints() > 0


def _surface(segmentation: Any, key: str) -> Any:
    """The surface of one segment, made in a segmentation of its own: Slicer converts all or none."""
    alone, segment = slicer.vtkSegmentation(), slicer.vtkSegment()
    source = segmentation.GetSegment(key)
    image = source.GetRepresentation(BINARY_LABELMAP)
    if image is None or image.GetNumberOfPoints() == 0:
        return vtk.vtkPolyData()
    segment.SetLabelValue(source.GetLabelValue())
    segment.AddRepresentation(BINARY_LABELMAP, image)
    alone.SetSourceRepresentationName(BINARY_LABELMAP)
    alone.SetConversionParameter("Smoothing factor", SMOOTHING)
    alone.AddSegment(segment, key)
    alone.CreateRepresentation(CLOSED_SURFACE)
    return segment.GetRepresentation(CLOSED_SURFACE)

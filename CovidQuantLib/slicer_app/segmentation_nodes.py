"""The two segmentation nodes of a case: anatomy and infection, made from a result folder, found again in a scene.

They are always new: nothing is ever written into a node or a segment that a person has made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import slicer
import vtk
from slicer.i18n import tr as _

from CovidQuantLib.anatomy import INFECTION, LOBES, LUNGS, SEGMENTS
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.messages import Cancelled, InputError
from CovidQuantLib.reports.file_names import SEGMENTATION_FILE
from CovidQuantLib.reports.seg_nrrd import SOURCE_TAG
from CovidQuantLib.slicer_app.ct_export import EventsHandled, ct_grid
from CovidQuantLib.slicer_app.label_arrays import add_segment, inside, new_image, nonzero_box
from CovidQuantLib.slicer_app.seg_file import FileSegment, SegFile, read_seg_file

LUNG_WINDOW, LUNG_LEVEL = 1200, -600
MEDIASTINAL_WINDOW, MEDIASTINAL_LEVEL = 350, 40
LUNG_OPACITY_3D, LOBE_OPACITY_3D = 0.2, 0.3
_FILL_OPACITY_2D = {"anatomy": 0.0, "infection": 0.35}

PART = "CovidQuant.Part"
"""The node attribute that marks our nodes: `anatomy` or `infection`."""
_CT_ROLE, _ANATOMY_ROLE = "CovidQuant.Ct", "CovidQuant.Anatomy"
_EDITED, _EDITABLE, _NUMBER = "CovidQuant.Edited", "CovidQuant.Editable", "CovidQuant.Number"
_TINY = Box((0, 0, 0), (1, 1, 1))


@dataclass(frozen=True)
class CaseNodes:
    """A CT and its two segmentation nodes."""

    volume: Any
    anatomy: Any
    infection: Any

    @property
    def infection_source(self) -> str:
        """Where the infection was proposed by: `threshold`, or a model's id; empty where nothing says it."""
        return next((_source(self.infection, structure.key) for structure in INFECTION), "")

    @property
    def is_there(self) -> bool:
        """Whether all three are still in the scene."""
        return all(slicer.mrmlScene.IsNodePresent(node) for node in (self.volume, self.anatomy, self.infection))


def load_results(folder: Path, volume: Any, handle_events: EventsHandled | None = None) -> CaseNodes:
    """Make the two nodes of a result folder of `covidquant quantify`, on the grid of `volume`, and show them.

    The segments are hidden, the anatomy is locked, the CT gets the lung window. `handle_events` is called between long
    calls (the application's own by default). Raises `InputError` where the results are damaged or of another CT, and
    `Cancelled` where the CT goes meanwhile.
    """
    handle_events = handle_events or slicer.app.processEvents

    def wait() -> None:
        handle_events()
        if not slicer.mrmlScene.IsNodePresent(volume):
            raise Cancelled("The CT was removed from the scene. Its results were not loaded.")

    found = read_seg_file(folder / SEGMENTATION_FILE, wait)
    if any(stop > size for stop, size in zip(found.box.stop, ct_grid(volume).stored.shape, strict=True)):
        raise InputError("The results are of another CT than the chosen volume. Start the computation again.")
    anatomy, infection = _new_node(volume, "anatomy"), _new_node(volume, "infection")
    try:
        for node, structures in ((anatomy, (*LUNGS, *LOBES, *SEGMENTS)), (infection, INFECTION)):
            own = [segment for segment in found.segments if segment.structure in structures]
            for layer in sorted({segment.layer for segment in own}):
                _add_layer(node, volume, found, [segment for segment in own if segment.layer == layer])
                wait()
    except Cancelled:
        for node in (anatomy, infection):
            slicer.mrmlScene.RemoveNode(node)
        raise
    infection.SetNodeReferenceID(_ANATOMY_ROLE, anatomy.GetID())
    nodes = CaseNodes(volume, anatomy, infection)
    _set_display(nodes)
    show_lung_window(volume)
    return nodes


def case_nodes_of(volume: Any) -> list[CaseNodes]:
    """The cases of a CT that are in the scene, the newest last; also of a scene that was saved and loaded."""
    found = []
    for infection in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
        anatomy = infection.GetNodeReference(_ANATOMY_ROLE)
        if infection.GetAttribute(PART) == "infection" and infection.GetNodeReference(_CT_ROLE) is volume and anatomy:
            found.append(CaseNodes(volume, anatomy, infection))
    return sorted(found, key=lambda nodes: int(nodes.infection.GetAttribute(_NUMBER) or 0))


def remove_case_nodes(nodes: CaseNodes) -> None:
    """Take the two segmentation nodes out of the scene. Whoever calls has asked where `is_edited` says so."""
    for node in (nodes.infection, nodes.anatomy):
        if slicer.mrmlScene.IsNodePresent(node):
            slicer.mrmlScene.RemoveNode(node)


def is_edited(nodes: CaseNodes) -> bool:
    """Whether a reader has changed one of the two since they were made."""
    return any(was_edited(node) for node in (nodes.anatomy, nodes.infection))


def was_edited(node: Any) -> bool:
    """Whether a reader has changed one of our nodes since it was made."""
    return bool(node.GetAttribute(_EDITED) == "1")


def mark_edited(node: Any) -> None:
    """Remember that a reader has changed a node."""
    if not was_edited(node):
        node.SetAttribute(_EDITED, "1")


def is_anatomy_editable(nodes: CaseNodes) -> bool:
    """Whether "edit anatomy" is on; it is off in new nodes. An edit session takes changes back where it is off."""
    return bool(nodes.anatomy.GetAttribute(_EDITABLE) == "1")


def set_anatomy_editable(nodes: CaseNodes, editable: bool) -> None:  # noqa: FBT001 - a slot of a check box
    """Turn "edit anatomy" on or off."""
    nodes.anatomy.SetAttribute(_EDITABLE, "1" if editable else "0")


def show_lung_window(volume: Any) -> None:
    """Show the CT with the lung window: width 1200, level -600 HU."""
    _set_window(volume, LUNG_WINDOW, LUNG_LEVEL)


def show_mediastinal_window(volume: Any) -> None:
    """Show the CT with the mediastinal window: width 350, level 40 HU."""
    _set_window(volume, MEDIASTINAL_WINDOW, MEDIASTINAL_LEVEL)


def _set_window(volume: Any, width: float, level: float) -> None:
    if volume.GetDisplayNode() is None:
        volume.CreateDefaultDisplayNodes()
    display = volume.GetDisplayNode()
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(width, level)


def _new_node(volume: Any, part: str) -> Any:
    # Never the CT's name, which may be a patient's: Slicer proposes file names from those of nodes.
    name = slicer.mrmlScene.GenerateUniqueName(_("CovidQuant {part}").format(part=part))
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.SetAttribute(PART, part)
    numbers = [int(other.GetAttribute(_NUMBER) or 0) for other in _own_nodes()]
    node.SetAttribute(_NUMBER, str(max(numbers, default=0) + 1))
    node.SetNodeReferenceID(_CT_ROLE, volume.GetID())
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    node.SetAndObserveTransformNodeID(volume.GetTransformNodeID())
    node.CreateDefaultDisplayNodes()
    _place_beside(volume, node)
    return node


def _place_beside(volume: Any, node: Any) -> None:
    """Put a node into the patient's study, where the CT is in one."""
    hierarchy = slicer.mrmlScene.GetSubjectHierarchyNode()
    if hierarchy is not None:
        ct, own = hierarchy.GetItemByDataNode(volume), hierarchy.GetItemByDataNode(node)
        if ct and own:
            hierarchy.SetItemParent(own, hierarchy.GetItemParent(ct))


def _own_nodes() -> Iterator[Any]:
    for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
        if node.GetAttribute(PART):
            yield node


def _add_layer(node: Any, volume: Any, found: SegFile, own: list[FileSegment]) -> None:
    """Add the segments of one layer of the file, which share one image that is cut to what they hold."""
    layer = found.layers[own[0].layer]
    box = nonzero_box(layer, found.box)
    if box is None and own[0].structure not in INFECTION:
        return
    image, voxels = new_image(volume, box or _TINY)
    if box is not None:
        voxels[:] = layer[inside(box, found.box)]
    for segment in own:
        add_segment(node, segment.structure, image, segment.name)
        node.GetSegmentation().GetSegment(segment.structure.key).SetTag(SOURCE_TAG, segment.source)


def _set_display(nodes: CaseNodes) -> None:
    for part, node in (("anatomy", nodes.anatomy), ("infection", nodes.infection)):
        display = node.GetDisplayNode()
        for key in node.GetSegmentation().GetSegmentIDs():
            display.SetSegmentOpacity2DFill(key, _FILL_OPACITY_2D[part])
    display = nodes.anatomy.GetDisplayNode()
    for structures, opacity in ((LUNGS, LUNG_OPACITY_3D), (LOBES, LOBE_OPACITY_3D), (SEGMENTS, LOBE_OPACITY_3D)):
        for structure in structures:
            display.SetSegmentOpacity3D(structure.key, opacity)
            display.SetSegmentVisibility(structure.key, structures is not SEGMENTS)
            # In 3D the lungs stand for their lobes: two translucent skins on one another show neither.
            display.SetSegmentVisibility3D(structure.key, structures is LUNGS)


def _source(node: Any, key: str) -> str:
    segment, value = node.GetSegmentation().GetSegment(key), vtk.reference("")
    return str(value.get()) if segment is not None and segment.GetTag(SOURCE_TAG, value) else ""

"""Segments and label arrays: the voxels of a segmentation node on the grid of its CT, whole or a box of it.

Arrays are uint8, axes (k, j, i) as the volume node stores them, with the label values of `anatomy`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import slicer
import vtk
from vtk.util import numpy_support

from CovidQuantLib.anatomy import Structure
from CovidQuantLib.ct import LabelArray
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.reports.terminology import terminology_entry

BINARY_LABELMAP = "Binary labelmap"
_SAME_GRID_MM = 1e-3
"""Largest difference of two grids' matrices, in mm, that counts as rounding."""
_VALUES = 256


def whole_box(volume: Any) -> Box:
    """The box of all voxels of a volume node."""
    sizes = volume.GetImageData().GetDimensions()
    return Box((0, 0, 0), (sizes[2], sizes[1], sizes[0]))


def read_labels(node: Any, structures: Sequence[Structure], volume: Any, box: Box | None = None) -> LabelArray:
    """The label array of `structures` (one map of `anatomy`) in `box` of the grid of `volume`, the whole by default.

    Segment ids are the keys of the structures; where two overlap the one with the higher label counts. A segment that
    the user has removed is empty.
    """
    box = box or whole_box(volume)
    labels = np.zeros(box.shape, np.uint8)
    for image, own in _by_image(node, structures):
        if _stands_on(image, volume):
            _read_image(labels, box, image, own, plain=_is_plain(node, image, own))
        else:
            for _, structure in own:
                whole = slicer.util.arrayFromSegmentBinaryLabelmap(node, structure.key, volume)
                labels[whole[box.slices] > 0] = structure.label
    return labels


def write_labels(node: Any, structures: Sequence[Structure], box: Box, labels: LabelArray, volume: Any) -> None:
    """Make `labels` what `structures` hold in `box` of the grid of `volume`; nothing outside of it is touched.

    Segments of a person that share the voxels' image keep theirs. One event of each changed segment tells of it. An
    image that has to grow is cut at the border of the CT. Raises `ValueError` where the box is none of the CT's grid.
    """
    whole = whole_box(volume)
    if labels.shape != box.shape or shared_box(box, whole) != box:
        raise ValueError("labels must stand on a box of the CT's own grid")
    for structure in structures:
        _ensure(node, structure, volume)
    for image, own in _by_image(node, structures):
        if not _stands_on(image, volume):
            for _, structure in own:
                _replace(node, structure, volume)
    changed = [
        image for image, own in _by_image(node, structures) if _write_image(node, image, own, whole, (box, labels))
    ]
    for image in changed:
        image.GetPointData().GetScalars().Modified()
        image.Modified()


def new_image(volume: Any, box: Box) -> tuple[Any, LabelArray]:
    """An empty label image of `box` on the grid of `volume`, and its voxels to write into."""
    image = slicer.vtkOrientedImageData()
    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    image.SetImageToWorldMatrix(matrix)
    _give_voxels(image, box, vtk.VTK_UNSIGNED_CHAR)
    return image, voxels_of(image)


def voxels_of(image: Any) -> npt.NDArray[Any]:
    """The voxels of an image as a view, axes (k, j, i)."""
    box = extent_box(image)
    return numpy_support.vtk_to_numpy(image.GetPointData().GetScalars()).reshape(box.shape)


def extent_box(image: Any) -> Box:
    """Where an image lies on its grid; of no size where it is empty."""
    i0, i1, j0, j1, k0, k1 = image.GetExtent()
    if i1 < i0 or j1 < j0 or k1 < k0 or image.GetPointData().GetScalars() is None:
        return Box((0, 0, 0), (0, 0, 0))
    return Box((k0, j0, i0), (k1 + 1, j1 + 1, i1 + 1))


def shared_box(one: Box, other: Box) -> Box | None:
    """The voxels that both boxes have; None where they have none."""
    start = tuple(max(a, b) for a, b in zip(one.start, other.start, strict=True))
    stop = tuple(min(a, b) for a, b in zip(one.stop, other.stop, strict=True))
    if any(first >= last for first, last in zip(start, stop, strict=True)):
        return None
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


def covering_box(boxes: Iterable[Box]) -> Box | None:
    """The smallest box that holds all of `boxes`; None where there is none of any size."""
    sized = [box for box in boxes if 0 not in box.shape]
    if not sized:
        return None
    start = [min(box.start[axis] for box in sized) for axis in range(3)]
    stop = [max(box.stop[axis] for box in sized) for axis in range(3)]
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


def nonzero_box(labels: LabelArray, box: Box) -> Box | None:
    """The smallest box that holds what `labels`, which stand on `box`, mark; None where that is nothing."""
    slices = np.flatnonzero([plane.any() for plane in labels])
    if not slices.size:
        return None
    first, last = int(slices[0]), int(slices[-1]) + 1
    seen = np.bitwise_or.reduce(labels[first:last], axis=0)
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    (k, j, i), stop = box.start, (int(rows[-1]) + 1, int(columns[-1]) + 1)
    return Box((k + first, j + int(rows[0]), i + int(columns[0])), (k + last, j + stop[0], i + stop[1]))


def inside(box: Box, frame: Box) -> tuple[slice, slice, slice]:
    """The index of `box` in an array that stands on `frame`."""
    slices = [slice(a - o, b - o) for a, b, o in zip(box.start, box.stop, frame.start, strict=True)]
    return slices[0], slices[1], slices[2]


def add_segment(node: Any, structure: Structure, image: Any, name: str = "") -> None:
    """Add the segment of `structure` whose voxels are those of its label in `image`, with name, colour and codes."""
    segment = slicer.vtkSegment()
    segment.SetName(name or structure.name)
    segment.SetColor(*(channel / 255.0 for channel in structure.colour))
    segment.SetTag(segment.GetTerminologyEntryTagName(), terminology_entry(structure))
    segment.SetLabelValue(structure.label)
    segment.AddRepresentation(BINARY_LABELMAP, image)
    node.GetSegmentation().AddSegment(segment, structure.key)


def _by_image(node: Any, structures: Sequence[Structure]) -> list[tuple[Any, list[tuple[int, Structure]]]]:
    """The images of the structures' segments, each with the values in it that stand for which structure."""
    found: list[tuple[Any, list[tuple[int, Structure]]]] = []
    segmentation = node.GetSegmentation()
    for structure in structures:
        segment = segmentation.GetSegment(structure.key)
        image = segment.GetRepresentation(BINARY_LABELMAP) if segment is not None else None
        if image is None:
            continue
        entry = next((own for known, own in found if known is image), None)
        if entry is None:
            found.append((image, entry := []))
        entry.append((int(segment.GetLabelValue()), structure))
    return found


def _stands_on(image: Any, volume: Any) -> bool:
    """Whether an image has the grid of the volume; a segmentation that was resampled has another one."""
    own, wanted = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(own)
    volume.GetIJKToRASMatrix(wanted)
    difference = slicer.util.arrayFromVTKMatrix(own) - slicer.util.arrayFromVTKMatrix(wanted)
    return bool(np.abs(difference).max() < _SAME_GRID_MM) or extent_box(image).shape == (0, 0, 0)


def _is_plain(node: Any, image: Any, own: list[tuple[int, Structure]]) -> bool:
    """Whether the values of an image are the labels themselves, so that no voxel has to be looked up."""
    segmentation = node.GetSegmentation()
    sharing = [
        segment_id
        for segment_id in segmentation.GetSegmentIDs()
        if segmentation.GetSegment(segment_id).GetRepresentation(BINARY_LABELMAP) is image
    ]
    return len(sharing) == len(own) and all(value == structure.label for value, structure in own)


def _read_image(labels: LabelArray, box: Box, image: Any, own: list[tuple[int, Structure]], *, plain: bool) -> None:
    frame = extent_box(image)
    both = shared_box(box, frame)
    if both is None:
        return
    found, part = voxels_of(image)[inside(both, frame)], labels[inside(both, box)]
    if not plain:
        table = np.zeros(_VALUES, np.uint8)
        for value, structure in own:
            table[value] = structure.label
        found = table[found]
    # Where classes overlap, the later one has the higher label.
    np.maximum(part, found, out=part, casting="unsafe")


def _write_image(
    node: Any, image: Any, own: list[tuple[int, Structure]], whole: Box, part: tuple[Box, LabelArray]
) -> bool:
    """Write a box with its labels into one image, which grows where it has to; gives whether anything changed."""
    box, labels = part
    table = np.zeros(_VALUES, np.uint8)
    for value, structure in own:
        table[structure.label] = value
    wanted = table[labels]
    frame = extent_box(image)
    needed = nonzero_box(wanted, box)
    if needed is not None and covering_box([needed, frame]) != frame:
        on_the_ct = shared_box(frame, whole)
        _grow(image, covering_box([needed, *([] if on_the_ct is None else [on_the_ct])]) or needed)
        frame = extent_box(image)
    both = shared_box(box, frame)
    if both is None:
        return False
    voxels, wanted = voxels_of(image)[inside(both, frame)], wanted[inside(both, box)]
    of_own = np.zeros(_VALUES, np.bool_)
    of_own[[value for value, _ in own]] = True
    is_own = of_own[voxels]
    if ((wanted > 0) & ~is_own & (voxels > 0)).any():
        _move_others_away(node, image, own)
        return _write_image(node, image, own, whole, part)
    is_own |= wanted > 0
    if np.array_equal(voxels[is_own], wanted[is_own]):
        return False
    np.copyto(voxels, wanted, where=is_own, casting="unsafe")
    return True


def _grow(image: Any, frame: Box) -> None:
    old = extent_box(image)
    if 0 in old.shape:
        _give_voxels(image, frame, vtk.VTK_UNSIGNED_CHAR)
        return
    kept, both = voxels_of(image).copy(), shared_box(old, frame)
    _give_voxels(image, frame, image.GetScalarType(), None if both is None else (both, kept[inside(both, old)]))


def _give_voxels(image: Any, box: Box, scalar_type: int, kept: tuple[Box, npt.NDArray[Any]] | None = None) -> None:
    """Make `image` stand on `box`, empty but for `kept`, a part of it and its voxels.

    The voxels come before the extent: whoever hears that an extent has changed reads all of it at once, and there must
    be no moment at which it is larger than the voxels that are there.
    """
    scalars = vtk.vtkDataArray.CreateDataArray(scalar_type)
    scalars.SetName("ImageScalars")
    scalars.SetNumberOfTuples(int(np.prod(box.shape)))
    voxels = numpy_support.vtk_to_numpy(scalars).reshape(box.shape)
    voxels[:] = 0
    if kept is not None:
        voxels[inside(kept[0], box)] = kept[1]
    image.GetPointData().SetScalars(scalars)
    (k0, j0, i0), (k1, j1, i1) = box.start, box.stop
    image.SetExtent(i0, i1 - 1, j0, j1 - 1, k0, k1 - 1)


def _move_others_away(node: Any, image: Any, own: list[tuple[int, Structure]]) -> None:
    """Give every segment in `image` that is not in `own` an image of its own."""
    segmentation, keys = node.GetSegmentation(), {structure.key for _, structure in own}
    for segment_id in list(segmentation.GetSegmentIDs()):
        if segment_id not in keys and segmentation.GetSegment(segment_id).GetRepresentation(BINARY_LABELMAP) is image:
            segmentation.SeparateSegmentLabelmap(segment_id)


def _ensure(node: Any, structure: Structure, volume: Any) -> None:
    """Add the segment of `structure`, empty, where the user has removed it."""
    segment = node.GetSegmentation().GetSegment(structure.key)
    if segment is None:
        add_segment(node, structure, new_image(volume, Box((0, 0, 0), (1, 1, 1)))[0])
    elif segment.GetRepresentation(BINARY_LABELMAP) is None:
        segment.AddRepresentation(BINARY_LABELMAP, new_image(volume, Box((0, 0, 0), (1, 1, 1)))[0])


def _replace(node: Any, structure: Structure, volume: Any) -> None:
    """Bring a resampled segment back onto the grid of the CT."""
    whole = slicer.util.arrayFromSegmentBinaryLabelmap(node, structure.key, volume)
    image, voxels = new_image(volume, whole_box(volume))
    voxels[whole > 0] = structure.label
    segment = node.GetSegmentation().GetSegment(structure.key)
    segment.SetLabelValue(structure.label)
    segment.AddRepresentation(BINARY_LABELMAP, image)

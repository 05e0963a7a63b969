"""The segmentation as a `.seg.nrrd` that 3D Slicer opens as editable segments, written without Slicer.

Lungs, lobes, segments and infection overlap, so each label map is a layer of its own: a 4D NRRD whose first axis is the
list of layers. Fields follow Slicer's developer guide ("Segmentation labelmap file format") and its
vtkMRMLSegmentationStorageNode. The image is cut to the lungs; `Segmentation_ReferenceImageExtentOffset` and the
reference geometry lead back to the CT's own grid.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from CovidQuantLib.anatomy import INFECTION, LOBES, LUNGS, SEGMENTS, Structure
from CovidQuantLib.ct import CtVolume, Geometry, LabelArray, StoredOrder
from CovidQuantLib.ct.grid import Box, bounding_box
from CovidQuantLib.files import whole_file
from CovidQuantLib.progress import Progress, no_progress
from CovidQuantLib.reports.terminology import terminology_entry
from CovidQuantLib.segmentation.chest import ChestSegmentation, Part

_GZIP_WINDOW = 31
_LEVEL = 1
_SLAB_VOXELS = 1 << 22
_LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])
SOURCE_TAG = "CovidQuant.Source"
"""The segment tag that says where a segment came from: `threshold`, `estimated`, `edited` or a model's id."""


@dataclass(frozen=True)
class _Layer:
    """One label map of the file: cut, and in the order of the source."""

    part: Part
    structures: tuple[Structure, ...]
    labels: LabelArray


def write_seg_nrrd(path: Path, ct: CtVolume, segmentation: ChestSegmentation, progress: Progress = no_progress) -> None:
    """Write all parts of `segmentation` to `path`, on the grid that the CT is stored on.

    Segment ids are the keys of `anatomy`. A lung, lobe or segment without a voxel is left out; both kinds of infection
    are always there, so that a reader can paint into them.
    """
    box = bounding_box(segmentation.lungs.labels | segmentation.infection.labels, ct.geometry)
    stored_box = box_in_stored(box, ct.geometry.shape, ct.stored)
    layers = [
        _Layer(part, structures, ct.stored.to_stored(part.labels[box.slices]))
        for part, structures in zip(segmentation.parts.values(), (LUNGS, LOBES, SEGMENTS, INFECTION), strict=True)
    ]
    header = "\n".join([*_geometry_fields(ct.stored_geometry, stored_box, len(layers)), *_segment_fields(layers)])
    with whole_file(path) as temporary, temporary.open("wb") as file:
        file.write(header.encode() + b"\n\n")
        for block in _compressed(layers, progress):
            file.write(block)


def box_in_stored(box: Box, shape: tuple[int, int, int], stored: StoredOrder) -> Box:
    """A box of the library's grid of `shape`, in the axes of the source."""
    start, stop = [0, 0, 0], [0, 0, 0]
    for axis in range(3):
        low, high = box.start[axis], box.stop[axis]
        if stored.flipped[axis]:
            low, high = shape[axis] - high, shape[axis] - low
        start[stored.axes[axis]], stop[stored.axes[axis]] = low, high
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))


def _geometry_fields(geometry: Geometry, box: Box, layers: int) -> list[str]:
    """The NRRD header and the fields about the whole segmentation; `geometry` and `box` in the order of the source."""
    axes = np.asarray(geometry.direction).reshape(3, 3) * np.asarray(geometry.spacing)
    sizes = (layers, *box.shape[::-1])
    offset = box.start[::-1]
    return [
        "NRRD0004",
        "type: unsigned char",
        "dimension: 4",
        "space: left-posterior-superior",
        f"sizes: {_spaced(sizes)}",
        f"space directions: none {' '.join(_vector(axes[:, axis]) for axis in range(3))}",
        "kinds: list domain domain domain",
        "encoding: gzip",
        f"space origin: {_vector(geometry.to_lps(box.start))}",
        "Segmentation_ContainedRepresentationNames:=Binary labelmap|",
        "Segmentation_MasterRepresentation:=Binary labelmap",
        f"Segmentation_ReferenceImageExtentOffset:={_spaced(offset)}",
        f"Segmentation_ConversionParameters:=Reference image geometry|{_reference_geometry(geometry)}|"
        "Image geometry description string determining the geometry of the labelmap&",
    ]


def _reference_geometry(geometry: Geometry) -> str:
    """The CT's whole grid as Slicer serialises it: the matrix from voxels (i, j, k) to RAS mm, then the extent."""
    matrix = np.eye(4)
    matrix[:3, :3] = np.asarray(geometry.direction).reshape(3, 3) * np.asarray(geometry.spacing)
    matrix[:3, 3] = geometry.origin
    numbers = [repr(float(value)) for value in (_LPS_TO_RAS @ matrix).ravel()]
    extent = [str(bound) for size in geometry.shape[::-1] for bound in (0, size - 1)]
    return ";".join([*numbers, *extent]) + ";"


def _segment_fields(layers: Sequence[_Layer]) -> Iterator[str]:
    number = 0
    for index, layer in enumerate(layers):
        extents = _extents(layer.labels, len(layer.structures))
        for structure, extent in zip(layer.structures, extents, strict=True):
            if extent is None and structure not in INFECTION:
                continue
            colour = " ".join(f"{channel / 255:.6g}" for channel in structure.colour)
            fields = {
                "ID": structure.key,
                "Name": structure.name + (" (estimated)" if layer.part.is_estimated else ""),
                "NameAutoGenerated": "0",
                "Color": colour,
                "ColorAutoGenerated": "0",
                "LabelValue": str(structure.label),
                "Layer": str(index),
                "Extent": _spaced(extent or (0, -1, 0, -1, 0, -1)),
                "Tags": f"{SOURCE_TAG}:{_tag_value(layer.part.source)}|"
                f"TerminologyEntry:{terminology_entry(structure)}|",
            }
            yield from (f"Segment{number}_{field}:={value}" for field, value in fields.items())
            number += 1


def _extents(labels: LabelArray, count: int) -> list[tuple[int, ...] | None]:
    """For each label 1 to `count` its first and last voxel along i, j, k; None where it has no voxel."""
    present = [np.zeros((count + 1, size), bool) for size in labels.shape]
    for k, plane in enumerate(labels):
        for found in np.flatnonzero(np.bincount(plane.ravel(), minlength=count + 1)[1:]) + 1:
            own = plane == found
            present[0][found, k] = True
            present[1][found] |= own.any(axis=1)
            present[2][found] |= own.any(axis=0)
    extents: list[tuple[int, ...] | None] = []
    for label in range(1, count + 1):
        hits = [np.flatnonzero(axis[label]) for axis in present[::-1]]
        ends = [int(hit[end]) for hit in hits if hit.size for end in (0, -1)]
        extents.append(tuple(ends) if ends else None)
    return extents


def _compressed(layers: Sequence[_Layer], progress: Progress) -> Iterator[bytes]:
    """The voxels, layers side by side in each voxel, as one gzip stream without a name and a time."""
    shape = layers[0].labels.shape
    step = max(1, _SLAB_VOXELS // (shape[1] * shape[2] * len(layers)))
    stream = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP_WINDOW)
    for start in range(0, shape[0], step):
        progress(start / shape[0], "Writing the segmentation")
        yield stream.compress(np.stack([layer.labels[start : start + step] for layer in layers], axis=-1).tobytes())
    yield stream.flush()


def _tag_value(text: str) -> str:
    """`text` without the characters that part Slicer's tags and NRRD's lines."""
    return text.replace("|", " ").replace("\n", " ")


def _spaced(values: Sequence[int]) -> str:
    return " ".join(str(int(value)) for value in values)


def _vector(values: npt.NDArray[np.float64]) -> str:
    return "(" + ",".join(repr(float(value)) for value in values) + ")"

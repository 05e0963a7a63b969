"""The `.seg.nrrd`: what its header says, and what 3D Slicer's own reader makes of it."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from CovidQuantLib.anatomy import INFECTION, LOBES, LUNGS, SEGMENTS, Structure
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.reports.seg_nrrd import SOURCE_TAG, box_in_stored, write_seg_nrrd
from CovidQuantLib.reports.terminology import terminology_entry
from CovidQuantLib.segmentation.chest import ChestSegmentation, Part
from Testing.conftest import require
from Testing.unit.reports.small_case import SECRET, SHAPE, STORED, Case

ALL = (*LUNGS, *LOBES, *SEGMENTS, *INFECTION)


@pytest.fixture
def a_file(a_case: Case, tmp_path: Path) -> Path:
    path = tmp_path / "segmentation.seg.nrrd"
    write_seg_nrrd(path, a_case.ct, a_case.segmentation)
    return path


def header_and_voxels(path: Path) -> tuple[list[str], bytes]:
    header, _, data = path.read_bytes().partition(b"\n\n")
    return header.decode().split("\n"), data


def part_of(structure: Structure, segmentation: ChestSegmentation) -> Part:
    if structure in LUNGS:
        return segmentation.lungs
    if structure in LOBES:
        return segmentation.lobes
    return segmentation.segments if structure in SEGMENTS else segmentation.infection


def test_a_box_keeps_its_voxels_in_the_order_of_the_source() -> None:
    marked = np.zeros(SHAPE, np.uint8)
    box = Box((3, 5, 7), (10, 9, 30))
    marked[box.slices] = 1
    stored = box_in_stored(box, SHAPE, STORED)
    turned = STORED.to_stored(marked)
    assert turned[stored.slices].all()
    assert turned.sum() == turned[stored.slices].sum()


def test_the_header_names_every_structure_once(a_file: Path) -> None:
    header, _ = header_and_voxels(a_file)
    ids = [line.split(":=")[1] for line in header if line.split(":=")[0].endswith("_ID")]
    assert ids == [structure.key for structure in ALL]


def test_the_voxels_are_a_gzip_stream_without_name_and_time(a_file: Path) -> None:
    header, data = header_and_voxels(a_file)
    sizes = next(line for line in header if line.startswith("sizes:")).split()[1:]
    assert data[:4] == b"\x1f\x8b\x08\x00"
    assert data[4:8] == bytes(4)
    assert len(gzip.decompress(data)) == np.prod([int(size) for size in sizes])


def test_the_same_case_gives_the_same_bytes(a_case: Case, a_file: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.seg.nrrd"
    write_seg_nrrd(again, a_case.ct, a_case.segmentation)
    assert again.read_bytes() == a_file.read_bytes()


def test_nothing_of_the_source_but_its_grid_is_in_the_header(a_file: Path) -> None:
    header, _ = header_and_voxels(a_file)
    assert SECRET not in "".join(header)
    assert not any(line.startswith("#") for line in header)


def test_an_absent_lobe_has_no_segment_but_infection_can_always_be_painted(a_case: Case, tmp_path: Path) -> None:
    left = a_case.only(2).with_infection(np.zeros(SHAPE, np.uint8))
    write_seg_nrrd(tmp_path / "left.seg.nrrd", left.ct, left.segmentation)
    header, _ = header_and_voxels(tmp_path / "left.seg.nrrd")
    ids = [line.split(":=")[1] for line in header if line.split(":=")[0].endswith("_ID")]
    assert ids[:3] == ["left", "LUL", "LLL"]
    assert ids[-2:] == ["ggo", "consolidation"]
    numbers = [int(line.split("_")[0].removeprefix("Segment")) for line in header if "_ID:=" in line]
    assert numbers == list(range(len(ids)))


def test_a_source_cannot_break_the_header(a_case: Case, tmp_path: Path) -> None:
    case = a_case.with_infection(a_case.segmentation.infection.labels, source="model|7\nSegment0_Name:=x")
    write_seg_nrrd(tmp_path / "odd.seg.nrrd", case.ct, case.segmentation)
    header, _ = header_and_voxels(tmp_path / "odd.seg.nrrd")
    assert sum(line.startswith("Segment0_Name:=") for line in header) == 1


class SlicersReading:
    """The file as Slicer's segmentation storage node reads it."""

    def __init__(self, path: Path) -> None:
        slicer = require("slicer")
        self.slicer = slicer
        self.scene = slicer.vtkMRMLScene()
        self.node = self.scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
        storage = self.scene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
        storage.SetFileName(str(path))
        assert storage.ReadData(self.node) == 1
        self.segmentation = self.node.GetSegmentation()

    def segment(self, key: str) -> Any:
        return self.segmentation.GetSegment(key)

    def tag(self, key: str, name: str) -> str:
        from vtkmodules.vtkCommonCore import reference

        text = reference("")
        assert self.segment(key).GetTag(name, text)
        return str(text)

    def voxels(self, key: str, shape: tuple[int, int, int]) -> npt.NDArray[np.bool_]:
        """The segment's voxels on a grid of `shape` (k, j, i), placed by the extent that Slicer gives them."""
        from vtkmodules.util.numpy_support import vtk_to_numpy

        image = self.segment(key).GetRepresentation("Binary labelmap")
        i, i2, j, j2, k, k2 = image.GetExtent()
        values = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(k2 - k + 1, j2 - j + 1, i2 - i + 1)
        whole = np.zeros(shape, bool)
        whole[k : k2 + 1, j : j2 + 1, i : i2 + 1] = values == self.segment(key).GetLabelValue()
        return whole

    def lps_of(self, key: str, voxel_kji: tuple[int, int, int]) -> npt.NDArray[np.float64]:
        from vtkmodules.vtkCommonMath import vtkMatrix4x4

        matrix = vtkMatrix4x4()
        self.segment(key).GetRepresentation("Binary labelmap").GetImageToWorldMatrix(matrix)
        ras = matrix.MultiplyPoint((*map(float, voxel_kji[::-1]), 1.0))
        return np.array([-ras[0], -ras[1], ras[2]])


@pytest.fixture
def slicers_reading(a_file: Path) -> SlicersReading:
    return SlicersReading(a_file)


@pytest.mark.slicer
def test_slicer_reads_every_voxel_of_every_segment(a_case: Case, slicers_reading: SlicersReading) -> None:
    shape = a_case.ct.stored_geometry.shape
    assert slicers_reading.segmentation.GetNumberOfSegments() == len(ALL)
    for structure in ALL:
        labels = a_case.ct.stored.to_stored(part_of(structure, a_case.segmentation).labels)
        assert np.array_equal(slicers_reading.voxels(structure.key, shape), labels == structure.label), structure.key


@pytest.mark.slicer
def test_slicer_places_the_voxels_where_the_ct_has_them(a_case: Case, slicers_reading: SlicersReading) -> None:
    for voxel in ((0, 0, 0), (5, 7, 11)):
        expected = a_case.ct.stored_geometry.to_lps(voxel)
        assert slicers_reading.lps_of("right", voxel) == pytest.approx(expected, abs=1e-6)


@pytest.mark.slicer
def test_slicer_knows_the_whole_grid_of_the_ct(a_case: Case, slicers_reading: SlicersReading) -> None:
    image = slicers_reading.slicer.vtkOrientedImageData()
    text = slicers_reading.segmentation.GetConversionParameter("Reference image geometry")
    assert slicers_reading.slicer.vtkSegmentationConverter.DeserializeImageGeometry(text, image)
    assert image.GetDimensions() == a_case.ct.stored_geometry.shape[::-1]


@pytest.mark.slicer
def test_slicer_shows_names_and_colours_and_says_what_is_estimated(slicers_reading: SlicersReading) -> None:
    for structure in ALL:
        segment = slicers_reading.segment(structure.key)
        suffix = " (estimated)" if structure in (*LOBES, *SEGMENTS) else ""
        assert segment.GetName() == structure.name + suffix
        assert segment.GetColor() == pytest.approx([channel / 255 for channel in structure.colour], abs=1e-5)
    assert slicers_reading.tag("RUL", SOURCE_TAG) == "estimated"
    assert slicers_reading.tag("ggo", SOURCE_TAG) == "threshold"


@pytest.mark.slicer
def test_slicer_understands_the_terminology(slicers_reading: SlicersReading) -> None:
    terminologies = slicers_reading.slicer.vtkSlicerTerminologiesModuleLogic
    for structure in ALL:
        text = slicers_reading.tag(structure.key, "TerminologyEntry")
        assert text == terminology_entry(structure)
        entry = slicers_reading.slicer.vtkSlicerTerminologyEntry()
        assert terminologies.DeserializeTerminologyEntry(text, entry)
        assert terminologies.SerializeTerminologyEntry(entry) == text
        assert entry.GetTypeObject().GetCodeValue() == structure.type.value
        assert entry.GetCategoryObject().GetCodeValue() == structure.category.value
        if structure.modifier:
            assert entry.GetTypeModifierObject().GetCodeValue() == structure.modifier.value
        if structure in INFECTION:
            assert entry.GetRegionObject().GetCodeMeaning() == "Lung"

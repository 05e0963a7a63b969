"""A result folder that is damaged is one sentence, and nothing half of it stays in the scene."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import slicer

from CovidQuantLib.messages import InputError
from CovidQuantLib.reports.file_names import SEGMENTATION_FILE
from CovidQuantLib.reports.seg_nrrd import write_seg_nrrd
from CovidQuantLib.segmentation.chest import THRESHOLD, ChestSegmentation, Part
from CovidQuantLib.slicer_app.case_numbers import parse_numbers
from CovidQuantLib.slicer_app.ct_export import ct_grid
from CovidQuantLib.slicer_app.seg_file import read_seg_file
from CovidQuantLib.slicer_app.segmentation_nodes import load_results
from Testing.unit.module.ready_results import a_chest, result_folder

SHAPE = (24, 30, 36)
_HEADER_ENDS = b"\n\n"


def a_ct() -> object:
    hu = np.full(SHAPE, -850, np.int16)
    return slicer.util.addVolumeFromArray(hu, np.diag([2.0, -2.5, 3.0, 1.0]), "CT")


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The segmentation of a small box of lungs with a lesion in each, on the grid of `a_ct`."""
    grid = ct_grid(a_ct())
    shape = grid.geometry.shape
    maps = [np.zeros(shape, np.uint8) for _ in range(4)]
    for labels in maps:
        labels[4:20, 5:25, 6:18], labels[4:20, 5:25, 18:30] = 1, 2
    hu = np.full(shape, -850, np.int16)
    ct = replace(a_chest().ct, hu=hu, geometry=grid.geometry, stored=grid.order, stored_geometry=grid.stored)
    lungs, lobes, segments, infection = (Part(labels, THRESHOLD) for labels in maps)
    path = tmp_path_factory.mktemp("results") / SEGMENTATION_FILE
    write_seg_nrrd(path, ct, ChestSegmentation(lungs, lobes, segments, infection))
    slicer.mrmlScene.Clear(0)
    return path.read_bytes()


def outcome(folder: Path, content: bytes) -> str:
    """What loading says; empty where it works. The scene holds both nodes then, or none."""
    volume = a_ct()
    (folder / SEGMENTATION_FILE).write_bytes(content)
    said = ""
    try:
        load_results(folder, volume, lambda: None)
    except InputError as error:
        said = str(error)
    assert len(slicer.util.getNodesByClass("vtkMRMLSegmentationNode")) == (0 if said else 2), said
    slicer.mrmlScene.Clear(0)
    return said


def test_what_is_whole_is_loaded(content: bytes, tmp_path: Path) -> None:
    assert outcome(tmp_path, content) == ""


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="damaged"):
        read_seg_file(tmp_path / SEGMENTATION_FILE)


def test_a_file_that_is_cut_off_anywhere_is_one_sentence(content: bytes, tmp_path: Path) -> None:
    voxels = content.index(_HEADER_ENDS)
    for end in (0, 1, 100, voxels, voxels + 2, voxels + 40, (voxels + len(content)) // 2, len(content) - 12):
        assert "damaged" in outcome(tmp_path, content[:end]), end


@pytest.mark.parametrize(
    ("field", "damaged"),
    [
        (b"sizes: 4 ", b"sizes: 0 "),
        (b"sizes: 4 ", b"sizes: -4 "),
        (b"sizes: 4 ", b"sizes: 4 99999999 99999999 "),
        (b"sizes: 4 ", b"sizes: "),
        (b"ExtentOffset:=", b"ExtentOffset:=-"),
        (b"ExtentOffset:=", b"ExtentOffset:=9"),
        (b"Segment0_Layer:=0", b"Segment0_Layer:=7"),
        (b"Segment0_Layer:=0", b"Segment0_Layer:=-1"),
        (b"Segment0_ID:=", b"Segment0_ID:=no such structure "),
        (b"Segment0_Tags", b"Segment0_Nothing"),
        (b"Segment0_Name", b"Segment0_\xff\xfe"),
    ],
)
def test_a_header_that_says_something_else_is_one_sentence(
    field: bytes, damaged: bytes, content: bytes, tmp_path: Path
) -> None:
    assert field in content
    said = outcome(tmp_path, content.replace(field, damaged, 1))
    assert "damaged" in said or "another CT" in said


def test_no_flipped_byte_is_more_than_one_sentence(content: bytes, tmp_path: Path) -> None:
    chance = random.Random(20200331)
    for _ in range(20):
        damaged = bytearray(content)
        at = chance.randrange(len(content))
        damaged[at] ^= 1 << chance.randrange(8)
        said = outcome(tmp_path, bytes(damaged))
        assert said == "" or said.endswith("."), at
        assert "\n" not in said, at


def test_numbers_that_are_cut_off_or_of_another_kind_are_one_sentence() -> None:
    text = (result_folder() / "quantification.json").read_text(encoding="utf-8")
    assert parse_numbers(text).regions
    for end in range(0, len(text) - 2, len(text) // 40):
        with pytest.raises(InputError, match="cannot be read"):
            parse_numbers(text[:end])
    for whole, damaged in (
        ('"regions": [', '"regions": [7, '),
        ('"counts": [', '"counts": ["many", '),
        ('"sources": {', '"sources": {"lungs_": 1, '),
    ):
        assert whole in text, whole
        with pytest.raises(InputError, match="cannot be read"):
            parse_numbers(text.replace(whole, damaged, 1))

"""Label maps of any editor come onto the CT's grid, and ours go back onto the grid that the CT was stored on."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from CovidQuantLib.ct import CtVolume, Geometry, ScanFacts
from CovidQuantLib.ct.orientation import image_of, library_order
from CovidQuantLib.ct.reading import read_ct, read_labelmap
from CovidQuantLib.ct.writing import write_ct, write_labelmap
from CovidQuantLib.messages import InputError
from Testing.dicom_factory import SeriesSpec, small_chest, write_series

HU = small_chest()
LABELS = np.where(HU < -500, 3, 0).astype(np.uint8)
LABELS[:, 30:] = 0
LABELS[5, 20, 10] = 200

LPS = Geometry(
    shape=(20, 48, 64), spacing=(0.7, 0.8, 2.0), origin=(-20.1, 30.2, 5.3), direction=(1, 0, 0, 0, 1, 0, 0, 0, 1)
)
TILT = 0.1
OBLIQUE = replace(LPS, direction=(1, 0, 0, 0, np.cos(TILT), -np.sin(TILT), 0, np.sin(TILT), np.cos(TILT)))
RAS = replace(LPS, direction=(-1, 0, 0, 0, -1, 0, 0, 0, 1))
SAGITTAL = replace(LPS, shape=(64, 48, 20), spacing=(2.0, 0.8, 0.7), direction=(0, 0, 1, 0, -1, 0, 1, 0, 0))
GRIDS = {"LPS": LPS, "RAS": RAS, "sagittal storage": SAGITTAL, "oblique": OBLIQUE}


def ct_on(stored: Geometry) -> CtVolume:
    order, geometry = library_order(stored)
    return CtVolume(hu=HU, geometry=geometry, stored=order, stored_geometry=stored, scan=ScanFacts(b""))


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("ending", [".nii.gz", ".nii", ".nrrd", ".mha"])
def test_labels_come_back_as_they_were_written(tmp_path: Path, grid: str, ending: str) -> None:
    ct = ct_on(GRIDS[grid])
    write_labelmap(tmp_path / f"labels{ending}", LABELS, ct)
    np.testing.assert_array_equal(read_labelmap(tmp_path / f"labels{ending}", ct), LABELS)


@pytest.mark.parametrize("grid", GRIDS)
def test_written_labels_stand_on_the_grid_of_the_source(tmp_path: Path, grid: str) -> None:
    ct = ct_on(GRIDS[grid])
    write_labelmap(tmp_path / "labels.nii.gz", LABELS, ct)
    image = sitk.ReadImage(str(tmp_path / "labels.nii.gz"))
    assert image.GetSize() == ct.stored_geometry.shape[::-1]
    np.testing.assert_allclose(image.GetDirection(), ct.stored_geometry.direction, atol=1e-6)
    np.testing.assert_allclose(image.GetOrigin(), ct.stored_geometry.origin, atol=1e-4)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), ct.stored.to_stored(LABELS))


def test_a_dicom_series_and_its_labels_cover_the_same_voxels_for_other_programs(tmp_path: Path) -> None:
    orientation = (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
    paths = write_series(tmp_path / "dicom", HU, SeriesSpec(orientation=orientation))
    ct = read_ct(tmp_path / "dicom")
    write_labelmap(tmp_path / "labels.nii.gz", np.where(ct.hu < -500, 1, 0).astype(np.uint8), ct)
    theirs = sitk.ReadImage([str(path) for path in paths])
    ours = sitk.ReadImage(str(tmp_path / "labels.nii.gz"))
    np.testing.assert_allclose(ours.GetOrigin(), theirs.GetOrigin(), atol=1e-4)
    np.testing.assert_allclose(ours.GetDirection(), theirs.GetDirection(), atol=1e-6)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(ours), sitk.GetArrayFromImage(theirs) < -500)


@pytest.mark.parametrize("axes", ["RAI", "RAS", "SAR", "PIL"])
def test_an_editor_may_store_the_mask_in_another_axis_order(tmp_path: Path, axes: str) -> None:
    ct = ct_on(LPS)
    mask = image_of(LABELS, LPS)
    sitk.WriteImage(sitk.DICOMOrient(mask, axes), str(tmp_path / "mask.nrrd"))
    np.testing.assert_array_equal(read_labelmap(tmp_path / "mask.nrrd", ct), LABELS)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int64, np.float32, np.float64])
def test_whole_numbers_of_any_type_are_labels(tmp_path: Path, kind: type) -> None:
    sitk.WriteImage(image_of(LABELS.astype(kind), LPS), str(tmp_path / "mask.mha"))
    read = read_labelmap(tmp_path / "mask.mha", ct_on(LPS))
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, LABELS)


def test_a_mask_cropped_to_what_was_drawn_is_put_in_its_place(tmp_path: Path) -> None:
    mask = image_of(LABELS, LPS)
    sitk.WriteImage(mask[4:40, 3:30, 2:19], str(tmp_path / "mask.nrrd"))
    expected = np.zeros_like(LABELS)
    expected[2:19, 3:30, 4:40] = LABELS[2:19, 3:30, 4:40]
    np.testing.assert_array_equal(read_labelmap(tmp_path / "mask.nrrd", ct_on(LPS)), expected)


def test_an_empty_border_beyond_the_ct_is_cut_but_labels_there_are_refused(tmp_path: Path) -> None:
    wide = sitk.ConstantPad(image_of(LABELS, LPS), [3, 0, 2], [1, 4, 0], 0)
    sitk.WriteImage(wide, str(tmp_path / "mask.nrrd"))
    np.testing.assert_array_equal(read_labelmap(tmp_path / "mask.nrrd", ct_on(LPS)), LABELS)
    wide[0, 0, 0] = 1
    sitk.WriteImage(wide, str(tmp_path / "mask.nrrd"))
    with pytest.raises(InputError, match="reaches beyond the CT"):
        read_labelmap(tmp_path / "mask.nrrd", ct_on(LPS))


def test_a_slicer_segmentation_of_one_layer_is_a_label_map(tmp_path: Path) -> None:
    mask = image_of(LABELS, LPS)[4:40, 3:30, 2:19]
    for key, value in {
        "Segment0_ID": "Segment_1",
        "Segment0_LabelValue": "3",
        "Segment0_Layer": "0",
        "Segmentation_ReferenceImageExtentOffset": "4 3 2",
    }.items():
        mask.SetMetaData(key, value)
    sitk.WriteImage(mask, str(tmp_path / "mask.seg.nrrd"), useCompression=True)
    assert read_labelmap(tmp_path / "mask.seg.nrrd", ct_on(LPS))[5, 20, 10] == 200


def test_a_slicer_segmentation_of_several_layers_is_refused(tmp_path: Path) -> None:
    sitk.WriteImage(sitk.Compose([image_of(LABELS, LPS)] * 2), str(tmp_path / "mask.seg.nrrd"))
    with pytest.raises(InputError, match="layers"):
        read_labelmap(tmp_path / "mask.seg.nrrd", ct_on(LPS))


@pytest.mark.parametrize(
    "grid",
    [
        replace(LPS, spacing=(0.7, 0.8, 2.05)),
        replace(LPS, origin=(-20.1, 30.6, 5.3)),
        replace(LPS, direction=OBLIQUE.direction),
    ],
)
def test_a_mask_on_another_grid_is_refused(tmp_path: Path, grid: Geometry) -> None:
    sitk.WriteImage(image_of(LABELS, grid), str(tmp_path / "mask.nrrd"))
    with pytest.raises(InputError, match="another grid"):
        read_labelmap(tmp_path / "mask.nrrd", ct_on(LPS))


def test_header_rounding_is_the_same_grid(tmp_path: Path) -> None:
    rounded = replace(LPS, spacing=(0.70001, 0.8, 2.0), origin=(-20.1001, 30.2, 5.31))
    sitk.WriteImage(image_of(LABELS, rounded), str(tmp_path / "mask.nrrd"))
    np.testing.assert_array_equal(read_labelmap(tmp_path / "mask.nrrd", ct_on(LPS)), LABELS)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (HU, "outside 0 to 255"),
        (LABELS.astype(np.int32) * 100, "outside 0 to 255"),
        (LABELS * np.float32(0.5), "fractions"),
        (np.where(LABELS, np.nan, 0.0), "outside 0 to 255"),
    ],
)
def test_what_is_no_label_map_is_refused(tmp_path: Path, values: np.ndarray, sentence: str) -> None:
    sitk.WriteImage(image_of(values, LPS), str(tmp_path / "mask.mha"))
    with pytest.raises(InputError, match=sentence):
        read_labelmap(tmp_path / "mask.mha", ct_on(LPS))


def test_a_mask_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_labelmap(tmp_path / "mask.nii.gz", ct_on(LPS))


def test_a_written_file_carries_no_name_no_time_and_no_text(tmp_path: Path) -> None:
    path = tmp_path / "labels.nii.gz"
    write_labelmap(path, LABELS, ct_on(LPS))
    content = path.read_bytes()
    assert content[3] == 0, "gzip flags: no file name, no comment"
    assert content[4:8] == bytes(4), "gzip's time"
    header = gzip.decompress(content)[:352]
    assert header[4:40].strip(b"\0") in (b"", b"r"), "data_type, db_name, extents, session_error, regular"
    assert header[148:252] == bytes(104), "descrip and aux_file"
    assert header[328:344].strip(b"\0") == b"", "intent_name"
    assert header[348:352] == bytes(4), "no extension"


def test_the_same_labels_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.nii.gz", "b.nii.gz"):
        write_labelmap(tmp_path / name, LABELS, ct_on(LPS))
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()


@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize("ending", [".nii.gz", ".nii", ".nrrd", ".mha"])
def test_a_written_ct_reads_as_the_same_ct(tmp_path: Path, grid: str, ending: str) -> None:
    ct = ct_on(GRIDS[grid])
    write_ct(tmp_path / f"ct{ending}", ct)
    again = read_ct(tmp_path / f"ct{ending}")
    np.testing.assert_array_equal(again.hu, HU)
    np.testing.assert_allclose(again.geometry.origin, ct.geometry.origin, atol=1e-4)
    np.testing.assert_allclose(again.geometry.direction, ct.geometry.direction, atol=1e-6)


def test_a_folder_that_cannot_be_written_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_labelmap(tmp_path / "absent" / "labels.nii.gz", LABELS, ct_on(LPS))
    assert list(tmp_path.iterdir()) == []


def test_labels_of_another_shape_are_a_bug_of_the_caller(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="grid"):
        write_labelmap(tmp_path / "labels.nii.gz", LABELS[1:], ct_on(LPS))

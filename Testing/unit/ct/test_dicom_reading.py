"""DICOM folders as scanners and archives write them, read into HU and into the patient's axes."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import FileDataset

from CovidQuantLib.ct.reading import read_ct
from CovidQuantLib.messages import InputError
from Testing.dicom_factory import AXIAL, SAGITTAL, SeriesSpec, small_chest, write_series

HU = small_chest()


def codes(folder: Path) -> set[str]:
    return {warning.code for warning in read_ct(folder).warnings}


def test_hu_and_geometry_come_back_as_written(tmp_path: Path) -> None:
    write_series(tmp_path, HU, SeriesSpec(spacing=(0.8, 0.9, 2.0), origin=(-30, -40, 100)))
    ct = read_ct(tmp_path)
    np.testing.assert_array_equal(ct.hu, HU)
    assert ct.geometry.spacing == (0.8, 0.9, 2.0)
    assert ct.geometry.origin == (-30.0, -40.0, 100.0)
    assert ct.warnings == ()


@pytest.mark.parametrize("compressor", ["JPEG", "JPEG2000"])
def test_compressed_pixels_are_the_same_hu(tmp_path: Path, compressor: str) -> None:
    write_series(tmp_path, HU, SeriesSpec(compressor=compressor))
    np.testing.assert_array_equal(read_ct(tmp_path).hu, HU)


def test_a_rescale_with_fractions_is_rounded_to_whole_hu(tmp_path: Path) -> None:
    write_series(tmp_path, HU, SeriesSpec(slope=0.3, intercept=-1024.5))
    np.testing.assert_array_equal(read_ct(tmp_path).hu, HU)


def test_the_rescale_may_differ_between_slices(tmp_path: Path) -> None:
    def shift(number: int, dataset: FileDataset) -> None:
        dataset.RescaleIntercept = str(-1024 + number)

    write_series(tmp_path, HU, SeriesSpec(each=shift))
    np.testing.assert_array_equal(read_ct(tmp_path).hu, HU + np.arange(len(HU), dtype=np.int16)[:, None, None])


def test_files_need_no_ending_no_order_and_no_flat_folder(tmp_path: Path) -> None:
    for number, path in enumerate(write_series(tmp_path / "all", HU)):
        target = tmp_path / "disc" / f"S{number % 3}" / f"{(7 * number) % 20:04d}"
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    (tmp_path / "disc" / "README").write_text("no image")
    np.testing.assert_array_equal(read_ct(tmp_path / "disc").hu, HU)


def test_a_file_without_preamble_is_dicom_too(tmp_path: Path) -> None:
    for path in write_series(tmp_path, HU):
        path.write_bytes(path.read_bytes()[132:])
    np.testing.assert_array_equal(read_ct(tmp_path).hu, HU)


def test_one_dicom_file_stands_for_its_series(tmp_path: Path) -> None:
    write_series(tmp_path, HU)
    other = write_series(tmp_path, HU[:12], SeriesSpec(series_uid="1.2.3", name="other{:03d}"))
    assert len(read_ct(other[5]).hu) == 12


@pytest.mark.parametrize(
    "orientation",
    [AXIAL, (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0), (0.0, 1.0, 0.0, 1.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)],
)
def test_every_axial_orientation_shows_the_same_patient(tmp_path: Path, orientation: tuple[float, ...]) -> None:
    directions = np.stack(
        [orientation[:3], orientation[3:], np.cross(orientation[:3], orientation[3:])], axis=1
    )  # columns: i, j, k
    stored = HU
    if directions[0, 0] == 0:
        stored = stored.transpose(0, 2, 1)
    flips = tuple(axis for axis in range(3) if directions[:, 2 - axis].sum() < 0)
    stored = np.ascontiguousarray(np.flip(stored, flips))
    write_series(tmp_path, stored, SeriesSpec(orientation=orientation))
    ct = read_ct(tmp_path)
    np.testing.assert_array_equal(ct.hu, HU)
    assert ct.geometry.direction == (1, 0, 0, 0, 1, 0, 0, 0, 1)


def test_padding_reads_as_air_and_is_said(tmp_path: Path) -> None:
    padded = HU.copy()
    padded[:, :6] = -3024
    write_series(tmp_path, padded, SeriesSpec(tags={"PixelPaddingValue": -2000}))
    ct = read_ct(tmp_path)
    assert (ct.hu[:, :6] == -1024).all()
    np.testing.assert_array_equal(ct.hu[:, 6:], HU[:, 6:])
    assert {warning.code for warning in ct.warnings} == {"padding"}
    assert "12.5 %" in ct.warnings[0].sentence


def test_padding_of_0_hu_is_padding_outside_the_scanned_circle_only(tmp_path: Path) -> None:
    padded = HU.copy()
    padded[:, :2, :2] = 0
    padded[:, 24, 32] = 0
    write_series(tmp_path, padded, SeriesSpec(intercept=0, tags={"PixelPaddingValue": 0}))
    ct = read_ct(tmp_path)
    assert (ct.hu[:, :2, :2] == -1024).all()
    assert (ct.hu[:, 24, 32] == 0).all()


def test_identical_duplicates_are_dropped_with_a_warning(tmp_path: Path) -> None:
    for path in write_series(tmp_path / "a", HU)[3:5]:
        shutil.copy(path, tmp_path / "a" / f"copy-{path.name}")
    np.testing.assert_array_equal(read_ct(tmp_path / "a").hu, HU)
    assert codes(tmp_path / "a") == {"duplicates"}


def test_different_images_at_one_position_are_refused(tmp_path: Path) -> None:
    write_series(tmp_path, HU)
    write_series(tmp_path, HU + np.int16(1), SeriesSpec(name="again{:03d}"))
    with pytest.raises(InputError, match="different images at the same position"):
        read_ct(tmp_path)


def test_two_acquisitions_in_one_series_are_two_stacks(tmp_path: Path) -> None:
    write_series(tmp_path, HU, SeriesSpec(tags={"AcquisitionNumber": 1}))
    write_series(tmp_path, HU + np.int16(1), SeriesSpec(tags={"AcquisitionNumber": 2}, name="again{:03d}"))
    assert read_ct(tmp_path).hu.shape == HU.shape
    assert codes(tmp_path) == {"several_series"}


def test_two_interleaved_acquisitions_are_two_stacks(tmp_path: Path) -> None:
    write_series(tmp_path, HU, SeriesSpec(tags={"AcquisitionNumber": 1}))
    between = SeriesSpec(tags={"AcquisitionNumber": 2}, name="again{:03d}", origin=(-30, -40, 100.7))
    write_series(tmp_path, HU, between)
    assert read_ct(tmp_path).geometry.spacing == (1.0, 1.0, 2.0)
    assert codes(tmp_path) == {"several_series"}


def test_two_acquisitions_one_after_the_other_with_a_gap_are_no_two_stacks(tmp_path: Path) -> None:
    write_series(tmp_path, HU[:11], SeriesSpec(tags={"AcquisitionNumber": 1}))
    above = SeriesSpec(tags={"AcquisitionNumber": 2}, name="again{:03d}", origin=(-30, -40, 126))
    write_series(tmp_path, HU[:11], above)
    with pytest.raises(InputError, match="2 of the CT's slices are missing"):
        read_ct(tmp_path)


def test_positions_rounded_to_a_tenth_of_a_millimetre_are_even(tmp_path: Path) -> None:
    def rounded(_: int, dataset: FileDataset) -> None:
        dataset.ImagePositionPatient[2] = f"{float(dataset.ImagePositionPatient[2]):.1f}"

    write_series(tmp_path, HU, SeriesSpec(spacing=(1, 1, 0.625), each=rounded))
    assert read_ct(tmp_path).geometry.spacing[2] == pytest.approx(0.625, abs=0.005)


def test_a_dicomdir_stands_for_its_folder(tmp_path: Path) -> None:
    write_series(tmp_path / "IMAGES", HU)
    (tmp_path / "DICOMDIR").write_bytes(b"")
    np.testing.assert_array_equal(read_ct(tmp_path / "DICOMDIR").hu, HU)


def test_a_pipe_in_the_folder_does_not_stop_the_reading(tmp_path: Path) -> None:
    if not hasattr(os, "mkfifo"):
        pytest.skip("this system has no pipes with names")
    write_series(tmp_path, HU)
    os.mkfifo(tmp_path / "pipe")
    np.testing.assert_array_equal(read_ct(tmp_path).hu, HU)


def test_a_tilted_gantry_keeps_the_distance_of_the_slices_and_is_said(tmp_path: Path) -> None:
    write_series(tmp_path, HU, SeriesSpec(spacing=(1, 1, 2), shear_mm=0.5))
    assert read_ct(tmp_path).geometry.spacing == (1.0, 1.0, 2.0)
    assert codes(tmp_path) == {"gantry_tilt"}


def test_gaps_between_thin_slices_are_said(tmp_path: Path) -> None:
    write_series(tmp_path, HU, SeriesSpec(spacing=(1, 1, 5), tags={"SliceThickness": "1"}))
    assert codes(tmp_path) == {"slice_gaps"}


@pytest.mark.parametrize(
    ("tags", "code"),
    [
        ({"ContrastBolusAgent": "IV"}, "contrast"),
        ({"ConvolutionKernel": "B80f"}, "sharp_kernel"),
        ({"ConvolutionKernel": "LUNG"}, "sharp_kernel"),
        ({"PatientPosition": "FFP"}, "prone"),
        ({"SliceThickness": "8"}, "thick_slices"),
    ],
)
def test_limits_of_the_scan_are_said(tmp_path: Path, tags: dict[str, str], code: str) -> None:
    write_series(tmp_path, HU, SeriesSpec(tags=tags))
    assert codes(tmp_path) == {code}


def test_the_code_of_a_case_comes_from_the_series_uid(tmp_path: Path) -> None:
    write_series(tmp_path, HU, SeriesSpec(series_uid="1.2.3.4"))
    assert read_ct(tmp_path).scan.content_code_source == b"1.2.3.4"


def test_damaged_files_are_counted(tmp_path: Path) -> None:
    write_series(tmp_path, HU)
    (tmp_path / "empty.dcm").write_bytes(b"")
    assert codes(tmp_path) == {"damaged_files"}


def test_cancelling_leaves_at_once(tmp_path: Path) -> None:
    class Stop(Exception): ...  # noqa: N818

    def stop(fraction: float, _: str) -> None:
        if fraction > 0.2:
            raise Stop

    write_series(tmp_path, HU)
    with pytest.raises(Stop):
        read_ct(tmp_path, progress=stop)


def test_progress_runs_from_the_headers_to_the_end(tmp_path: Path) -> None:
    seen: list[tuple[float, str]] = []
    write_series(tmp_path, HU)
    read_ct(tmp_path, progress=lambda fraction, message: seen.append((fraction, message)))
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert {message for _, message in seen} == {"Reading the headers", "Reading the slices"}


def test_a_scout_inside_the_series_does_not_disturb_it(tmp_path: Path) -> None:
    write_series(tmp_path, HU)
    write_series(tmp_path, HU[:1], SeriesSpec(orientation=SAGITTAL, name="scout{}"))
    np.testing.assert_array_equal(read_ct(tmp_path).hu, HU)

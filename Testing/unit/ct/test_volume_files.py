"""CTs in one file: NIfTI, NRRD and MHA, whole and broken."""

from __future__ import annotations

import gzip
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from CovidQuantLib.ct.reading import read_ct
from CovidQuantLib.messages import InputError
from Testing.dicom_factory import small_chest

HU = small_chest()
FORMATS = [".nii", ".nii.gz", ".nrrd", ".mha"]
NAME = "QZXPLANT"


def image(values: np.ndarray = HU, spacing: tuple[float, ...] = (1.0, 1.0, 2.0)) -> sitk.Image:
    made = sitk.GetImageFromArray(values)
    made.SetSpacing(spacing)
    return made


def written(folder: Path, made: sitk.Image, ending: str = ".nii.gz") -> Path:
    path = folder / f"{NAME}{ending}"
    sitk.WriteImage(made, str(path), useCompression=ending != ".nii")
    return path


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("kind", [np.int16, np.int32, np.float32, np.float64])
def test_every_format_and_number_type_gives_the_same_hu(tmp_path: Path, ending: str, kind: type) -> None:
    ct = read_ct(written(tmp_path, image(HU.astype(kind)), ending))
    assert ct.hu.dtype == np.int16
    np.testing.assert_array_equal(ct.hu, HU)
    assert ct.geometry.spacing == pytest.approx((1.0, 1.0, 2.0))
    assert ct.warnings == ()


@pytest.mark.parametrize("axes", ["RAI", "LPS", "RAS", "SAR", "PIL", "IRP"])
def test_any_storage_order_shows_the_same_patient(tmp_path: Path, axes: str) -> None:
    stored = sitk.DICOMOrient(image(), axes)
    ct = read_ct(written(tmp_path, stored))
    np.testing.assert_array_equal(ct.hu, HU)
    assert ct.geometry.direction == (1, 0, 0, 0, 1, 0, 0, 0, 1)
    np.testing.assert_array_equal(ct.stored.to_stored(ct.hu), sitk.GetArrayFromImage(stored))


def test_a_fourth_axis_of_one_volume_is_dropped(tmp_path: Path) -> None:
    np.testing.assert_array_equal(read_ct(written(tmp_path, sitk.JoinSeries([image()]))).hu, HU)


def test_the_same_voxels_have_the_same_code_in_every_format(tmp_path: Path) -> None:
    sources = {read_ct(written(tmp_path, image(), ending)).scan.content_code_source for ending in FORMATS}
    sources.add(read_ct(written(tmp_path, sitk.DICOMOrient(image(), "SAR"))).scan.content_code_source)
    assert len(sources) == 1
    assert len(sources.pop()) == 32


def cut(share: float) -> Callable[[bytes], bytes]:
    return lambda content: content[: int(len(content) * share)]


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("share", [0.0, 0.002, 0.3, 0.999])
def test_a_truncated_file_is_refused_without_its_name(
    tmp_path: Path, ending: str, share: float, capfd: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path, image(), ending)
    path.write_bytes(cut(share)(path.read_bytes()))
    with pytest.raises(InputError, match="truncated or corrupt") as refusal:
        read_ct(path)
    assert NAME not in str(refusal.value) + "".join(capfd.readouterr())


@pytest.mark.parametrize("ending", FORMATS)
def test_a_file_of_another_kind_under_the_name_is_refused(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"text{ending}"
    path.write_text("not an image " * 200)
    with pytest.raises(InputError, match="truncated or corrupt"):
        read_ct(path)


def test_a_gzip_file_of_several_parts_is_read(tmp_path: Path) -> None:
    content = gzip.decompress(written(tmp_path, image()).read_bytes())
    path = tmp_path / "parts.nii.gz"
    path.write_bytes(gzip.compress(content[:5000]) + gzip.compress(content[5000:]))
    np.testing.assert_array_equal(read_ct(path).hu, HU)
    path.write_bytes(gzip.compress(content[:5000]) + gzip.compress(content[5000:])[:-50])
    with pytest.raises(InputError, match="truncated or corrupt"):
        read_ct(path)


@pytest.mark.parametrize("ending", FORMATS)
def test_a_changed_bit_in_compressed_voxels_is_noticed(tmp_path: Path, ending: str) -> None:
    path = written(tmp_path, image(), ending)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    if ending == ".nii":
        read_ct(path)  # nothing in it could tell
    else:
        with pytest.raises(InputError, match="truncated or corrupt"):
            read_ct(path)


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_values_that_are_no_numbers_are_refused_in_every_format(
    tmp_path: Path, ending: str, value: float, kind: type
) -> None:
    values: np.ndarray = HU.astype(kind)
    values[-1, -1, -1] = value
    with pytest.raises(InputError, match="no numbers"):
        read_ct(written(tmp_path, image(values), ending))


@pytest.mark.parametrize("ending", [".nrrd", ".mha"])
def test_what_was_converted_from_nifti_is_read(tmp_path: Path, ending: str) -> None:
    converted = sitk.ReadImage(str(written(tmp_path, image())))
    ct = read_ct(written(tmp_path, converted, ending))
    np.testing.assert_array_equal(ct.hu, HU)
    assert ct.warnings == ()


def test_a_compressed_file_is_not_mixed_up_with_its_uncompressed_twin(tmp_path: Path) -> None:
    written(tmp_path, image(np.flip(HU, 2).copy()), ".nii")
    np.testing.assert_array_equal(read_ct(written(tmp_path, image(), ".nii.gz")).hu, HU)


def not_a_number() -> np.ndarray:
    values = HU.astype(np.float32)
    values[3, 4, 5] = np.nan
    return values


REFUSALS: dict[str, tuple[Callable[[], sitk.Image], str]] = {
    "4D": (lambda: sitk.JoinSeries([image(), image()]), "4D"),
    "colour": (lambda: sitk.Compose([image()] * 3), "several values in each voxel"),
    "one picture": (lambda: image()[:, :, 3], "single picture"),
    "NaN": (lambda: image(not_a_number()), "NaN"),
    "few slices": (lambda: image(HU[:9]), "only 9 slices"),
    "thick slices": (lambda: image(spacing=(1, 1, 12)), "12.0 mm"),
    "sagittal reformat": (lambda: image(spacing=(3, 1, 1)), "not axial"),
    "coronal reformat": (lambda: image(spacing=(1, 3, 1)), "not axial"),
    "no pixel size": (lambda: image(spacing=(0.01, 0.01, 1)), "no plausible pixel size"),
    "mask": (lambda: image((HU > -500).astype(np.uint8)), "a mask or scaled"),
    "0 to 1": (lambda: image((HU.astype(np.float32) + 1024) / 3000), "a mask or scaled"),
    "0 to 255": (lambda: image(((HU.clip(-1000, 200) + 1000) / 1200 * 255).astype(np.uint8)), "0 to 255"),
    "from 0": (lambda: image((HU.astype(np.int32) + 1024).astype(np.uint16)), "start at 0"),
    "soft tissue alone": (lambda: image(HU.clip(-160, 240)), r"\(-160 to 97\) are not those of a CT"),
    "air alone": (lambda: image(np.full_like(HU, -1000)), "are not those of a CT"),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_each_is_refused_for_its_own_reason(tmp_path: Path, name: str) -> None:
    make, sentence = REFUSALS[name]
    with pytest.raises(InputError, match=sentence):
        read_ct(written(tmp_path, make(), ".mha"))


def test_other_formats_are_refused(tmp_path: Path) -> None:
    path = tmp_path / f"{NAME}.jpg"
    path.write_bytes(b"\xff\xd8")
    with pytest.raises(InputError, match="format is not supported") as refusal:
        read_ct(path)
    assert NAME not in str(refusal.value)


def test_a_sheared_grid_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, image(), ".nii")
    header = bytearray(path.read_bytes())
    header[252:254] = (0).to_bytes(2, "little")  # no qform: the sform alone says where the voxels lie
    header[296:300] = np.float32(0.8).tobytes()  # its first row leans on the second
    path.write_bytes(bytes(header))
    with pytest.raises(InputError, match="not perpendicular"):
        read_ct(path)


@pytest.mark.parametrize("transform", ["1 .3 0 0 1 0 0 0 1", "1 0 0 0 1 0 .2 0 1"])
def test_a_sheared_metaimage_is_refused(tmp_path: Path, transform: str) -> None:
    path = written(tmp_path, image(), ".mha")
    straight = b"TransformMatrix = 1 0 0 0 1 0 0 0 1"
    assert straight in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(straight, b"TransformMatrix = " + transform.encode()))
    with pytest.raises(InputError, match="not perpendicular"):
        read_ct(path)


@pytest.mark.parametrize("size", [0.0, -2.0, float("nan"), float("inf")])
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_nifti_header_without_a_voxel_size_is_refused(tmp_path: Path, size: float, axis: int) -> None:
    path = written(tmp_path, image(), ".nii")
    header = bytearray(path.read_bytes())
    header[80 + 4 * axis : 84 + 4 * axis] = np.float32(size).tobytes()
    path.write_bytes(bytes(header))
    with pytest.raises(InputError, match=r"voxel size|truncated or corrupt"):
        read_ct(path)


def test_two_voxel_sizes_in_one_header_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, image(), ".nii")
    header = bytearray(path.read_bytes())
    header[88:92] = np.float32(5.0).tobytes()  # pixdim[3]; the sform says 2 mm
    path.write_bytes(bytes(header))
    with pytest.raises(InputError, match="two different voxel sizes"):
        read_ct(path)


def test_axes_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, image(), ".nii")
    header = bytearray(path.read_bytes())
    header[252:254] = bytes(2)
    header[280:328] = np.full(12, np.nan, np.float32).tobytes()
    path.write_bytes(bytes(header))
    with pytest.raises(InputError):
        read_ct(path)


def test_slices_without_a_distance_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no plausible pixel size"):
        read_ct(written(tmp_path, image(spacing=(1, 1, 1e-6)), ".nrrd"))


@pytest.mark.skipif(sys.platform != "linux", reason="names are Unicode there")
def test_a_name_that_is_no_unicode_is_refused_and_does_not_end_the_process(tmp_path: Path) -> None:
    path = written(tmp_path, image()).rename(tmp_path / "M\udcfcller.nii.gz")
    with pytest.raises(InputError, match="Rename it"):
        read_ct(path)


def test_a_file_that_does_not_say_how_the_patient_lies_is_read_with_a_warning(tmp_path: Path) -> None:
    path = written(tmp_path, image(), ".nii")
    header = bytearray(path.read_bytes())
    header[252:256] = bytes(4)  # qform_code and sform_code
    path.write_bytes(bytes(header))
    assert [warning.code for warning in read_ct(path).warnings] == ["orientation_unknown"]


def test_slices_of_more_than_five_millimetres_are_said(tmp_path: Path) -> None:
    assert [w.code for w in read_ct(written(tmp_path, image(spacing=(1, 1, 6)))).warnings] == ["thick_slices"]


def test_an_anisotropic_axial_ct_and_a_coarse_isotropic_one_are_no_reformats(tmp_path: Path) -> None:
    for spacing in ((0.7, 0.7, 8.0), (4.2, 4.2, 4.0), (1.0, 1.0, 1.0)):
        assert read_ct(written(tmp_path, image(spacing=spacing))).geometry.spacing == pytest.approx(spacing)

"""Reading the real CTs: what they are, and what the loader must refuse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from CovidQuantLib.ct.labelmaps import read_labelmap_alone
from CovidQuantLib.ct.reading import list_series, read_ct, read_labelmap
from CovidQuantLib.ct.writing import write_labelmap
from CovidQuantLib.messages import InputError

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def covid_folder(real_data: Path) -> Path:
    return real_data / "covid_ricord_001012_dicom"


def test_the_covid_case_reads_from_jpeg_lossless_as_itk_reads_it(covid_folder: Path) -> None:
    ct = read_ct(covid_folder)
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(covid_folder))
    itk = sitk.ReadImage(names)
    np.testing.assert_array_equal(ct.hu, np.maximum(sitk.GetArrayViewFromImage(itk), -1024))
    assert ct.geometry.spacing == pytest.approx(itk.GetSpacing())
    assert ct.geometry.origin == pytest.approx(itk.GetOrigin())
    assert ct.geometry.direction == pytest.approx(itk.GetDirection())
    assert ct.scan.kernel == "STANDARD"
    assert [warning.code for warning in ct.warnings] == ["padding"]
    assert "21" in ct.warnings[0].sentence


def test_the_ct_is_found_beside_segmentations_and_reports(real_data: Path) -> None:
    (only,) = list_series(real_data / "lidc_0001_dicom")
    assert (only.usable, only.slices) == (True, 133)
    ct = read_ct(real_data / "lidc_0001_dicom")
    assert ct.hu.shape == (133, 512, 512)
    assert {warning.code for warning in ct.warnings} == {"padding", "contrast"}
    assert ct.scan.manufacturer == "GE"


def test_a_mask_of_another_program_lies_on_the_ct_where_the_nodule_is(real_data: Path) -> None:
    ct = read_ct(real_data / "lidc_0001_dicom" / "CT")
    readers = read_labelmap(real_data / "lidc_0001_dicom" / "nodule_readercount.nii.gz", ct)
    assert readers.max() == 4
    assert np.count_nonzero(readers) * ct.geometry.voxel_ml == pytest.approx(8.1, abs=0.1)
    assert ct.hu[readers == 4].mean() > -200


def test_folders_of_segmentations_alone_hold_no_ct(real_data: Path) -> None:
    for name in ("SEG", "SR"):
        with pytest.raises(InputError, match="no DICOM images"):
            read_ct(real_data / "lidc_0001_dicom" / name)


@pytest.mark.parametrize(
    ("folder", "sentence"),
    [("ricord_000906_sagittal20", "not axial"), ("cip_simple_dicom_2slices", "only 2 slices")],
)
def test_no_chest_ct_is_refused_for_its_own_reason(real_data: Path, folder: str, sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        read_ct(real_data / "dicom_negative" / folder)


def test_the_abdomen_is_an_axial_ct_in_hu_and_is_left_to_the_search_for_lungs(real_data: Path) -> None:
    ct = read_ct(real_data / "dicom_negative" / "totalseg_abdomen20_j2k")
    assert ct.hu.shape == (20, 512, 512)
    assert ct.geometry.spacing == pytest.approx((0.9765625, 0.9765625, 2.0))
    assert ct.hu.min() == -1024
    assert 20 < np.median(ct.hu[:, 200:300, 200:300]) < 150


def test_pictures_of_slices_are_no_ct(real_data: Path) -> None:
    with pytest.raises(InputError, match="no DICOM images"):
        read_ct(real_data / "infnet_slices" / "images")
    with pytest.raises(InputError, match="format is not supported"):
        read_ct(next((real_data / "infnet_slices" / "images").glob("*.jpg")))


def test_masks_are_no_ct(real_data: Path) -> None:
    for path in (real_data / "cip_ct64" / "lung.nii.gz", next((real_data / "mosmed_masks").glob("*.nii.gz"))):
        with pytest.raises(InputError, match="a mask or scaled"):
            read_ct(path)


@pytest.mark.parametrize("name", ["lidc_0028", "lidc_0293", "lidc_0350_1mm", "cip_ct64"])
def test_volumes_read_with_the_patient_s_right_lung_first(real_data: Path, name: str) -> None:
    ct = read_ct(real_data / name / "ct.nii.gz")
    assert ct.geometry.direction == (1, 0, 0, 0, 1, 0, 0, 0, 1)
    assert ct.hu.min() >= -1024
    assert ct.warnings == ()
    # The table, or else the spine, lies behind: bone is nearer to the back than to the front.
    back = np.argwhere(ct.hu[::4, ::4, ::4] > 400)[:, 1].mean() / (ct.hu.shape[1] / 4)
    assert back > 0.5


def test_a_labelmap_goes_back_onto_the_grid_of_the_file(real_data: Path, tmp_path: Path) -> None:
    ct = read_ct(real_data / "cip_ct64" / "ct.nii.gz")
    lungs = read_labelmap(real_data / "cip_ct64" / "lung.nii.gz", ct)
    write_labelmap(tmp_path / "lungs.nii.gz", lungs, ct)
    ours = sitk.ReadImage(str(tmp_path / "lungs.nii.gz"))
    theirs = sitk.ReadImage(str(real_data / "cip_ct64" / "lung.nii.gz"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(ours), sitk.GetArrayFromImage(theirs))
    assert ours.GetOrigin() == pytest.approx(theirs.GetOrigin())
    assert ours.GetSpacing() == pytest.approx(theirs.GetSpacing())


def test_masks_with_a_flipped_axis_come_into_the_library_s_order(real_data: Path) -> None:
    path = next((real_data / "mosmed_masks").glob("*.nii.gz"))
    stored = sitk.ReadImage(str(path))
    assert stored.GetDirection()[4] == -1
    labels, grid = read_labelmap_alone(path)
    np.testing.assert_array_equal(labels, np.flip(sitk.GetArrayFromImage(stored), axis=1))
    assert grid.direction == (1, 0, 0, 0, 1, 0, 0, 0, 1)


def test_the_mask_of_another_patient_is_refused(real_data: Path) -> None:
    ct = read_ct(real_data / "lidc_0028" / "ct.nii.gz")
    with pytest.raises(InputError, match="another grid"):
        read_labelmap(next((real_data / "mosmed_masks").glob("*.nii.gz")), ct)

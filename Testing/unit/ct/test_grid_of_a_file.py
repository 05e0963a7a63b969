"""The grid of a CT by its header: the one that the whole CT would have, and the same refusals."""

from __future__ import annotations

from pathlib import Path

import pytest
import SimpleITK as sitk

from CovidQuantLib.ct.reading import read_ct, read_grid
from CovidQuantLib.messages import InputError
from Testing.dicom_factory import small_chest, write_series


def written(path: Path, axes: str = "LPS", slices: int = 20) -> Path:
    image = sitk.GetImageFromArray(small_chest(slices))
    image.SetSpacing((1.0, 1.5, 2.0))
    image.SetOrigin((-10.0, 20.0, 30.0))
    sitk.WriteImage(sitk.DICOMOrient(image, axes), str(path), useCompression=True)
    return path


@pytest.mark.parametrize("axes", ["LPS", "RAS", "PIR"])
@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd", ".mha"])
def test_the_header_gives_the_grid_of_the_ct(tmp_path: Path, ending: str, axes: str) -> None:
    path = written(tmp_path / f"ct{ending}", axes)
    assert read_grid(path) == read_ct(path).geometry


def test_a_fourth_axis_of_one_volume_is_no_part_of_the_grid(tmp_path: Path) -> None:
    path = tmp_path / "ct.nii.gz"
    sitk.WriteImage(sitk.JoinSeries([sitk.GetImageFromArray(small_chest())]), str(path))
    assert read_grid(path) == read_ct(path).geometry


def test_the_grid_of_a_dicom_series_is_that_of_its_slices(tmp_path: Path) -> None:
    write_series(tmp_path, small_chest())
    assert read_grid(tmp_path) == read_ct(tmp_path).geometry


@pytest.mark.parametrize("ending", [".nii.gz", ".mha"])
def test_compressed_content_that_breaks_off_is_refused(tmp_path: Path, ending: str) -> None:
    path = written(tmp_path / f"ct{ending}")
    path.write_bytes(path.read_bytes()[:-50])
    with pytest.raises(InputError, match="truncated or corrupt"):
        read_grid(path)


def test_what_is_no_chest_ct_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="slices"):
        read_grid(written(tmp_path / "ct.nrrd", slices=5))
    with pytest.raises(InputError, match="does not exist"):
        read_grid(tmp_path / "gone.nii.gz")

"""Masks of several cases are paired by name alone; where a name could mean two of them, nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from CovidQuantLib.cli.mask_pairs import mask_pairs
from CovidQuantLib.messages import InputError


def put(folder: Path, *names: str) -> Path:
    """Empty files: pairing reads no voxel."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


@pytest.fixture
def anatomy(tmp_path: Path) -> Path:
    return put(tmp_path / "anatomy", *(f"{name}/lungs.nii.gz" for name in "ab"))


def test_each_case_is_paired_with_its_namesake_whatever_the_format(tmp_path: Path, anatomy: Path) -> None:
    reference = put(tmp_path / "reference", "a.nii.gz", "b.NRRD", "notes.txt")
    prediction = put(tmp_path / "prediction", "a/infection.nii.gz", "b.seg.nrrd")
    found = mask_pairs(reference, prediction, anatomy)
    assert [(one.reference.name, one.anatomy.name) for one in found] == [("a.nii.gz", "a"), ("b.NRRD", "b")]
    assert [one.prediction for one in found] == [prediction / "a/infection.nii.gz", prediction / "b.seg.nrrd"]


@pytest.mark.parametrize("other", ["b.nrrd", "b.seg.nrrd", "b/infection.nii.gz", "b.NII.GZ"])
@pytest.mark.parametrize("side", ["reference", "prediction"])
def test_two_masks_of_one_name_are_refused(tmp_path: Path, anatomy: Path, side: str, other: str) -> None:
    folders = [put(tmp_path / name, "a.nii.gz", "b.nii.gz") for name in ("reference", "prediction")]
    put(tmp_path / side, other)
    with pytest.raises(InputError, match="1 of the cases stand in a folder more than once") as refused:
        mask_pairs(folders[0], folders[1], anatomy)
    assert str(tmp_path) not in str(refused.value)


def test_a_folder_that_is_a_case_and_holds_cases_is_refused(tmp_path: Path) -> None:
    results = put(tmp_path / "results", "infection.nii.gz", "lungs.nii.gz")
    assert len(mask_pairs(results, results, None)) == 1
    put(results, "a/infection.nii.gz")
    with pytest.raises(InputError, match="either one case, or a folder of cases"):
        mask_pairs(results, results, None)


def test_a_case_without_a_partner_is_refused(tmp_path: Path, anatomy: Path) -> None:
    reference, prediction = put(tmp_path / "reference", "a.nii.gz", "b.nii.gz"), put(tmp_path / "other", "a.nii.gz")
    with pytest.raises(InputError, match="1 of the cases"):
        mask_pairs(reference, prediction, anatomy)

"""Lungs and airways of real CT: a reference mask, a refusal, and points in a pneumonia that a reader named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from CovidQuantLib.ct import CtVolume
from CovidQuantLib.ct.reading import read_ct, read_labelmap
from CovidQuantLib.messages import InputError
from CovidQuantLib.segmentation.lungs import Lungs, segment_lungs

pytestmark = pytest.mark.real_data

IN_THE_RIGHT_LUNG = {
    "consolidation at the back of the right base": (84, 318, 150),
    "consolidation behind the dome, by the ribs": (66, 335, 130),
    "consolidation in the costal recess, behind the liver": (60, 322, 125),
    "consolidation at the back of the upper lobe": (152, 285, 140),
    "aerated middle lobe": (92, 200, 160),
}
IN_NO_LUNG = {
    "liver": (52, 220, 150),
    "liver's dome": (74, 246, 143),
    "heart": (84, 200, 300),
    "descending aorta": (92, 290, 318),
    "stomach gas": (30, 180, 400),
    "trachea": (165, 225, 243),
    "vertebra": (92, 300, 248),
    "rib": (92, 252, 79),
}


@pytest.fixture(scope="module")
def pneumonia(real_data: Path) -> tuple[CtVolume, Lungs]:
    ct = read_ct(real_data / "covid_ricord_001012_dicom")
    return ct, segment_lungs(ct)


def test_a_downsampled_chest_agrees_with_its_reference(real_data: Path) -> None:
    ct = read_ct(real_data / "cip_ct64" / "ct.nii.gz")
    reference = read_labelmap(real_data / "cip_ct64" / "lung.nii.gz", ct) > 0
    found = segment_lungs(ct).labels > 0
    assert 2.0 * (reference & found).sum() / (reference.sum() + found.sum()) > 0.98


def test_right_and_left_agree_with_the_reference_thirds(real_data: Path) -> None:
    ct = read_ct(real_data / "cip_ct64" / "ct.nii.gz")
    stored = sitk.GetArrayFromImage(sitk.ReadImage(str(real_data / "cip_ct64" / "lungthirds_cip.nii.gz")))
    thirds = ct.stored.from_stored(stored) & 255
    labels = segment_lungs(ct).labels
    assert not (labels[np.isin(thirds, (9, 10, 11))] == 1).any()
    assert not (labels[np.isin(thirds, (12, 13, 14))] == 2).any()


@pytest.mark.parametrize("point", IN_THE_RIGHT_LUNG.values(), ids=IN_THE_RIGHT_LUNG.keys())
def test_the_diseased_right_lung_holds(pneumonia: tuple[CtVolume, Lungs], point: tuple[int, int, int]) -> None:
    assert pneumonia[1].labels[point] == 1


@pytest.mark.parametrize("point", IN_NO_LUNG.values(), ids=IN_NO_LUNG.keys())
def test_no_lung_holds(pneumonia: tuple[CtVolume, Lungs], point: tuple[int, int, int]) -> None:
    assert pneumonia[1].labels[point] == 0


def test_the_lungs_of_the_pneumonia_have_a_sensible_size(pneumonia: tuple[CtVolume, Lungs]) -> None:
    ct, lungs = pneumonia
    right, left = (float((lungs.labels == label).sum()) * ct.geometry.voxel_ml for label in (1, 2))
    assert 1400 < right < 1550
    assert 1450 < left < 1560
    assert lungs.warnings == ()


def test_its_airways_reach_segmental_bronchi_without_flooding_the_lung(pneumonia: tuple[CtVolume, Lungs]) -> None:
    ct, lungs = pneumonia
    generations = [branch.generation for branch in lungs.tree.branches]
    assert max(generations) >= 4
    assert generations.count(1) == 2
    assert 20 < float(lungs.airways.sum()) * ct.geometry.voxel_ml < 45


def test_an_abdomen_is_refused(real_data: Path) -> None:
    ct = read_ct(real_data / "dicom_negative" / "totalseg_abdomen20_j2k")
    with pytest.raises(InputError, match="No lungs"):
        segment_lungs(ct)


def test_a_right_lung_alone_is_the_right_one(real_data: Path) -> None:
    labels = segment_lungs(read_ct(real_data / "elastix_lung" / "ct.nii.gz")).labels
    assert (labels == 1).sum() > 100_000
    assert not (labels == 2).any()


@pytest.mark.parametrize(("case", "smaller"), [("lidc_0293", 0.42), ("lidc_0028", 0.42), ("lidc_0350_1mm", 0.42)])
def test_lungs_that_touch_are_parted_in_plausible_shares(real_data: Path, case: str, smaller: float) -> None:
    labels = segment_lungs(read_ct(real_data / case / "ct.nii.gz")).labels
    right, left = (int((labels == label).sum()) for label in (1, 2))
    assert smaller < left / (left + right) < 0.5

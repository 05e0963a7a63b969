"""The infection baseline on real CT: quiet where no pneumonia is known, and there where something is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from CovidQuantLib.anatomy import LEFT_LUNG, RIGHT_LUNG
from CovidQuantLib.ct.labelmaps import read_labelmap
from CovidQuantLib.ct.reading import read_ct
from CovidQuantLib.segmentation.infection import threshold_infection
from CovidQuantLib.segmentation.lungs import segment_lungs

pytestmark = pytest.mark.real_data


@pytest.mark.parametrize("case", ["lidc_0028", "lidc_0350_1mm"])
def test_less_than_one_percent_is_found_without_known_pneumonia(case: str, real_data: Path) -> None:
    """A smooth kernel, and a low dose with a sharp one. Nodules are possible: no radiologist has read them."""
    ct = read_ct(real_data / case / "ct.nii.gz")
    lungs = segment_lungs(ct)
    found = threshold_infection(ct, lungs.labels, lungs.airways)
    assert np.count_nonzero(found) < 0.01 * np.count_nonzero(lungs.labels)


def test_a_nodule_that_four_readers_drew_is_covered(real_data: Path) -> None:
    """One patient (LIDC-IDRI-0001, contrast). The nodule is added to the lungs: this tests the infection step alone."""
    ct = read_ct(real_data / "lidc_0001_dicom" / "CT")
    readers = read_labelmap(real_data / "lidc_0001_dicom" / "nodule_readercount.nii.gz", ct)
    lungs = segment_lungs(ct)
    labels = np.where(readers > 0, LEFT_LUNG.label, lungs.labels).astype(np.uint8)
    found = threshold_infection(ct, labels, lungs.airways)
    assert (found[readers == 4] > 0).mean() > 0.97
    assert (found[readers > 0] > 0).mean() > 0.85


def test_the_covid_case_is_ill_on_both_sides(real_data: Path) -> None:
    """Marked consolidation on the right, ground glass on both sides; nobody drew a reference."""
    ct = read_ct(real_data / "covid_ricord_001012_dicom")
    lungs = segment_lungs(ct)
    found = threshold_infection(ct, lungs.labels, lungs.airways)
    assert not found[lungs.labels == 0].any()
    share = {}
    for lung in (RIGHT_LUNG, LEFT_LUNG):
        voxels = found[lungs.labels == lung.label]
        share[lung.key] = [100.0 * float((voxels == label).mean()) for label in (1, 2)]
    (right_glass, right_solid), (left_glass, left_solid) = share["right"], share["left"]
    assert 5.0 < right_glass < 25.0
    assert 5.0 < left_glass < 25.0
    assert right_solid > 5.0
    assert left_solid < 3.0

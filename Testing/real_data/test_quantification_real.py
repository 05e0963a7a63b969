"""Quantification on real lungs: the laws hold at full size, and the shipped reference tells disease from its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from CovidQuantLib.anatomy import LUNGS
from CovidQuantLib.ct import LabelArray
from CovidQuantLib.ct.reading import read_ct
from CovidQuantLib.quantification import LabelMaps, Quantification, quantify
from CovidQuantLib.segmentation.lungs import segment_lungs

pytestmark = pytest.mark.real_data


def bright_voxels(hu: np.ndarray[tuple[int, ...], np.dtype[np.int16]], lungs: LabelArray) -> LabelArray:
    """A stand-in for infection, of a known answer: above -500 HU, and above -200 HU as consolidation."""
    infection = ((hu > -500) & (lungs > 0)).astype(np.uint8)
    infection[(hu > -200) & (lungs > 0)] = 2
    return infection


def measured(path: Path) -> tuple[Quantification, float]:
    ct = read_ct(path)
    lungs = segment_lungs(ct).labels
    nothing = np.zeros_like(lungs)
    infection = bright_voxels(ct.hu, lungs)
    share = 100 * np.count_nonzero(ct.hu[lungs > 0] > -500) / np.count_nonzero(lungs)
    return quantify(ct.hu, LabelMaps(lungs, nothing, nothing, infection), ct.geometry), share


def test_the_lungs_of_the_covid_case_are_far_from_the_reference_and_their_parts_sum_up(real_data: Path) -> None:
    result, share = measured(real_data / "covid_ricord_001012_dicom")
    lungs = result.region("lungs")
    assert lungs.poi == pytest.approx(share)
    volumes = [result.region(lung.key).volume_ml for lung in LUNGS]
    assert lungs.volume_ml == pytest.approx(sum(volume or 0.0 for volume in volumes))
    assert lungs.infection_hu is not None
    assert lungs.infection_hu.p5 > -500
    assert result.comparison is not None
    assert result.comparison.hellinger > 0.3
    lesions = sum(lesion.volume_ml for lesion in result.lesions) + result.small_lesions.volume_ml
    assert lesions == pytest.approx(lungs.infection_ml)


def test_a_chest_of_the_reference_is_near_it(real_data: Path) -> None:
    result, _ = measured(real_data / "lidc_0028" / "ct.nii.gz")
    assert result.comparison is not None
    assert result.comparison.hellinger < 0.15
    assert result.comparison.intersection_over_union > 0.8

"""The figures of the simulated reader's typical case, measured again on the masks that they were measured on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from CovidQuantLib.ct.labelmaps import read_labelmap_alone
from CovidQuantLib.hitl.edit_log import compare_masks
from CovidQuantLib.hitl.simulated_reader import LARGE, SMALL, TYPICAL

pytestmark = pytest.mark.real_data


def test_the_typical_case_is_what_the_published_masks_give(real_data: Path) -> None:
    shapes = []
    for path in sorted((real_data / "mosmed_masks").glob("*.nii.gz")):
        mask, geometry = read_labelmap_alone(path)
        change = compare_masks(np.zeros_like(mask), (mask > 0).astype(np.uint8), geometry).infection
        distance_mm = geometry.spacing[2]
        shapes.append((len(change.slices_touched) * distance_mm, change.added_path_mm * distance_mm))
    assert len(shapes) == 50
    for percent, case in ((25, SMALL), (50, TYPICAL), (75, LARGE)):
        extent_mm, contour_mm2 = np.percentile(shapes, percent, axis=0)
        assert case.extent_mm == pytest.approx(extent_mm, abs=0.5)
        assert case.contour_mm2 == pytest.approx(contour_mm2, abs=0.5)

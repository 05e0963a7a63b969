"""A segmentation as a reader had it on the screen: it is taken as it is."""

from __future__ import annotations

import numpy as np
import pytest

from CovidQuantLib.messages import CaseWarning, InputError
from CovidQuantLib.segmentation.chest import EDITED, ESTIMATED, ChestSegmentation, Part
from CovidQuantLib.segmentation.one_click import SegmentationOptions, segment_chest
from CovidQuantLib.synthetic_chest import SMALL, make_chest


def given(lungs: np.ndarray | None = None) -> ChestSegmentation:
    chest = make_chest(SMALL)
    return ChestSegmentation(
        lungs=Part(chest.lungs if lungs is None else lungs, EDITED),
        lobes=Part(chest.lobes, ESTIMATED),
        segments=Part(chest.segments, ESTIMATED),
        infection=Part(chest.infection, EDITED),
        border_error_mm=4.0,
        warnings=(CaseWarning("thick_slices", "The slices are thick."),),
    )


def test_nothing_is_segmented_anew_and_nothing_forgotten() -> None:
    segmentation = given()
    assert segment_chest(make_chest(SMALL).ct, SegmentationOptions(given=segmentation)) is segmentation


def test_infection_outside_the_given_lungs_is_refused() -> None:
    chest = make_chest(SMALL)
    lungs = np.where(chest.infection > 0, 0, chest.lungs).astype(np.uint8)
    with pytest.raises(InputError, match="outside the lungs"):
        segment_chest(chest.ct, SegmentationOptions(given=given(lungs)))

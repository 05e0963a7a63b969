"""A corrected mask with the anatomy that a reader had beside it: both are taken as they are."""

from __future__ import annotations

import numpy as np
import pytest

from CovidQuantLib.messages import InputError
from CovidQuantLib.segmentation.chest import EDITED, ESTIMATED, Part
from CovidQuantLib.segmentation.one_click import SegmentationOptions, segment_chest
from CovidQuantLib.synthetic_chest import SMALL, make_chest


def test_nothing_is_segmented_anew() -> None:
    chest = make_chest(SMALL)
    anatomy = {
        "lungs": Part(chest.lungs, EDITED),
        "lobes": Part(chest.lobes, ESTIMATED),
        "segments": Part(chest.segments, ESTIMATED),
    }
    found = segment_chest(chest.ct, SegmentationOptions(edited_infection=chest.infection, given_anatomy=anatomy))
    assert found.lungs is anatomy["lungs"]
    assert found.infection.source == EDITED
    assert np.array_equal(found.infection.labels, chest.infection)


def test_infection_outside_the_given_lungs_is_refused() -> None:
    chest = make_chest(SMALL)
    lungs = np.where(chest.infection > 0, 0, chest.lungs).astype(np.uint8)
    anatomy = {name: Part(lungs, EDITED) for name in ("lungs", "lobes", "segments")}
    options = SegmentationOptions(edited_infection=chest.infection, given_anatomy=anatomy)
    with pytest.raises(InputError, match="outside the lungs"):
        segment_chest(chest.ct, options)

"""Right and left are told by where the lungs lie in the body, also where they touch."""

from __future__ import annotations

import numpy as np

from CovidQuantLib.ct import HuArray, MaskArray
from CovidQuantLib.segmentation.lung_sides import split_sides

SPACING = (4.0, 4.0, 4.0)
MIDLINE = 30.0


def two_lungs(*, touching: bool) -> tuple[MaskArray, HuArray]:
    """Two blocks of 80 mm, 16 mm apart or joined by a plate of 3 x 12 voxels with a brighter line in its middle."""
    hu = np.full((30, 40, 61), 40, np.int16)
    for first in (8, 33):
        hu[5:25, 8:34, first : first + 20] = -850
    if touching:
        hu[8:20, 8:11, 28:33] = -850
        hu[8:20, 8:11, 30] = -500
    return hu < -400, hu


def test_the_lung_towards_low_columns_is_the_right_one() -> None:
    lungs, hu = two_lungs(touching=False)
    labels = split_sides(lungs, hu, MIDLINE, SPACING)
    assert set(np.unique(labels[:, :, :30])) == {0, 1}
    assert set(np.unique(labels[:, :, 31:])) == {0, 2}


def test_size_does_not_decide_which_is_right() -> None:
    lungs, hu = two_lungs(touching=False)
    lungs[:, :, 8:16] = False
    labels = split_sides(lungs, hu, MIDLINE, SPACING)
    assert labels[15, 20, 20] == 1
    assert labels[15, 20, 40] == 2


def test_lungs_that_touch_part_at_the_junction_line() -> None:
    lungs, hu = two_lungs(touching=True)
    labels = split_sides(lungs, hu, MIDLINE, SPACING)
    assert np.all(labels[lungs] > 0)
    assert np.all(labels[8:20, 8:11, 28:30] == 1)
    assert np.all(labels[8:20, 8:11, 31:33] == 2)


def test_a_lung_alone_is_named_by_its_side_of_the_midline() -> None:
    lungs, hu = two_lungs(touching=False)
    alone = lungs.copy()
    alone[:, :, :30] = False
    assert np.unique(split_sides(alone, hu, MIDLINE, SPACING)).tolist() == [0, 2]
    assert np.unique(split_sides(alone[:, :, ::-1], hu, MIDLINE, SPACING)).tolist() == [0, 1]

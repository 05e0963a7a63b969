"""One click on a lesion: exactly the lesion there, and growth that stays near, alike and in the lungs."""

from __future__ import annotations

import numpy as np

from CovidQuantLib.ct.grid import Box
from CovidQuantLib.slicer_app.component import GROW_REACH_MM, component_at, grown_from

FRAME = Box((10, 0, 5), (22, 20, 25))


def lesions() -> np.ndarray:
    labels = np.zeros(FRAME.shape, np.uint8)
    labels[1:4, 1:5, 1:5] = 1
    labels[2, 2:4, 2:4] = 2
    labels[4, 5, 5] = 1  # touches the first by a corner
    labels[8:10, 8:12, 8:12] = 2
    return labels


def test_the_lesion_under_the_point_is_found_with_both_classes_and_its_corners() -> None:
    labels = lesions()
    found = component_at(labels, FRAME, (11, 1, 6), one_class=False)
    assert found is not None
    box, mask = found
    assert box == Box((11, 1, 6), (15, 6, 11))
    whole = np.zeros(FRAME.shape, bool)
    whole[:6, :7, :7] = labels[:6, :7, :7] > 0
    assert mask.sum() == whole.sum()


def test_one_class_is_the_part_of_the_lesion_that_has_it() -> None:
    found = component_at(lesions(), FRAME, (12, 2, 7), one_class=True)
    assert found is not None
    assert found[0] == Box((12, 2, 7), (13, 4, 9))
    assert found[1].all()


def test_nothing_is_found_beside_the_infection_or_outside() -> None:
    assert component_at(lesions(), FRAME, (10, 0, 5), one_class=False) is None
    assert component_at(lesions(), FRAME, (9, 0, 5), one_class=False) is None


def test_growth_takes_what_is_alike_connected_near_and_allowed() -> None:
    spacing = (3.0, 2.0, 1.0)
    hu = np.full((30, 40, 90), -850, np.int16)
    hu[10:12, 10:30, 5:85] = -450
    hu[20:22, 10:30, 5:85] = -450  # alike, not connected
    hu[10:12, 10:30, 60:85] = -100  # connected, not alike
    allowed = np.ones(hu.shape, bool)
    allowed[:, :, :20] = False
    grown = grown_from(hu, allowed, (10, 20, 40), spacing)
    assert grown is not None
    k, j, i = np.nonzero(grown)
    assert grown[10, 20, 40]
    assert (hu[grown] == -450).all()
    assert k.max() <= 11
    assert allowed[grown].all()
    distance = np.sqrt(((k - 10) * 3.0) ** 2 + ((j - 20) * 2.0) ** 2 + (i - 40) ** 2)
    assert distance.max() <= GROW_REACH_MM
    assert i.min() == 20
    assert i.max() == 59


def test_healthy_lung_and_what_is_not_allowed_is_not_grown_into() -> None:
    hu = np.full((9, 9, 9), -860, np.int16)
    allowed = np.ones(hu.shape, bool)
    assert grown_from(hu, allowed, (4, 4, 4), (1.0, 1.0, 1.0)) is None
    hu[:] = -400
    assert grown_from(hu, ~allowed, (4, 4, 4), (1.0, 1.0, 1.0)) is None

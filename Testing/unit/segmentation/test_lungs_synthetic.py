"""Lungs of the synthetic chest, whose truth is known: healthy, consolidated, mirrored, cut, or not there at all."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from CovidQuantLib.anatomy import CONSOLIDATION
from CovidQuantLib.ct import CtVolume, MaskArray
from CovidQuantLib.messages import Cancelled, InputError
from CovidQuantLib.segmentation.lungs import Lungs, segment_lungs
from CovidQuantLib.synthetic_chest import SMALL, SyntheticChest, lesion_free, make_chest


def dice(one: MaskArray, other: MaskArray) -> float:
    return 2.0 * float((one & other).sum()) / float(one.sum() + other.sum())


def cut(ct: CtVolume, part: slice) -> CtVolume:
    hu = np.ascontiguousarray(ct.hu[part])
    geometry = dataclasses.replace(ct.geometry, shape=(hu.shape[0], hu.shape[1], hu.shape[2]))
    return dataclasses.replace(ct, hu=hu, geometry=geometry)


@pytest.fixture(scope="module")
def healthy() -> SyntheticChest:
    return make_chest(lesion_free(SMALL))


@pytest.fixture(scope="module")
def lungs(healthy: SyntheticChest) -> Lungs:
    return segment_lungs(healthy.ct)


def test_each_healthy_lung_is_found_on_its_side(healthy: SyntheticChest, lungs: Lungs) -> None:
    for label in (1, 2):
        assert dice(healthy.lungs == label, lungs.labels == label) > 0.97
    assert lungs.warnings == ()


def test_trachea_gut_gas_and_outside_air_are_in_no_lung(healthy: SyntheticChest, lungs: Lungs) -> None:
    air = (healthy.ct.hu < -700) & (healthy.lungs == 0)
    assert (lungs.labels[air] > 0).mean() < 0.01


def test_mirroring_the_chest_swaps_the_lungs(healthy: SyntheticChest, lungs: Lungs) -> None:
    mirrored = segment_lungs(dataclasses.replace(healthy.ct, hu=np.ascontiguousarray(healthy.ct.hu[:, :, ::-1])))
    back = mirrored.labels[:, :, ::-1]
    assert dice(back == 2, lungs.labels == 1) > 0.99
    assert dice(back == 1, lungs.labels == 2) > 0.99


@pytest.mark.parametrize(
    ("shares", "least", "found"),
    [({"right_base": 0.25}, 0.965, 0.7), ({"left_base": 0.5}, 0.91, 0.4)],
    ids=["a quarter", "half"],
)
def test_a_consolidated_base_belongs_to_its_lung(shares: dict[str, Any], least: float, found: float) -> None:
    chest = make_chest(dataclasses.replace(lesion_free(SMALL), **shares))
    labels = segment_lungs(chest.ct).labels
    consolidated = chest.infection == CONSOLIDATION.label
    assert dice(chest.lungs > 0, labels > 0) > least
    assert (labels[consolidated] == chest.lungs[consolidated]).mean() > found


def test_typical_pneumonia_stays_in_the_lungs() -> None:
    chest = make_chest(SMALL)
    labels = segment_lungs(chest.ct).labels
    assert dice(chest.lungs > 0, labels > 0) > 0.98
    assert (labels[chest.infection > 0] > 0).mean() > 0.95


def test_lungs_cut_at_an_end_of_the_scan_are_warned_of(healthy: SyntheticChest) -> None:
    slices = np.flatnonzero(healthy.lungs.any(axis=(1, 2)))
    upper = cut(healthy.ct, slice(int(slices[0]) + 20, None))
    lower = cut(healthy.ct, slice(0, int(slices[-1]) - 20))
    assert [warning.code for warning in segment_lungs(upper).warnings] == ["lungs_cut_bottom"]
    assert [warning.code for warning in segment_lungs(lower).warnings] == ["lungs_cut_top"]


def test_an_abdomen_with_gas_is_refused(healthy: SyntheticChest) -> None:
    base = int(np.flatnonzero(healthy.lungs.any(axis=(1, 2)))[0])
    with pytest.raises(InputError, match="No lungs"):
        segment_lungs(cut(healthy.ct, slice(0, max(base, 10))))


def test_the_bases_of_lungs_alone_are_refused(healthy: SyntheticChest) -> None:
    base = int(np.flatnonzero(healthy.lungs.any(axis=(1, 2)))[0])
    with pytest.raises(InputError, match="only a short part"):
        segment_lungs(cut(healthy.ct, slice(0, base + 22)))


def test_a_block_without_air_is_refused(healthy: SyntheticChest) -> None:
    with pytest.raises(InputError, match="No lungs"):
        segment_lungs(dataclasses.replace(healthy.ct, hu=np.full_like(healthy.ct.hu, 40)))


def test_progress_never_runs_back_and_a_cancel_stops_at_once(healthy: SyntheticChest) -> None:
    seen: list[float] = []
    segment_lungs(healthy.ct, lambda fraction, _message: seen.append(fraction))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0

    def cancel(_fraction: float, _message: str) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        segment_lungs(healthy.ct, cancel)

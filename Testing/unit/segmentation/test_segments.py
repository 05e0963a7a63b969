"""Segments part their lobe, lie where their names say, and follow the bronchi."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from CovidQuantLib.anatomy import LOBES, SEGMENTS, by_key, lobe_of_segment
from CovidQuantLib.ct import LabelArray
from CovidQuantLib.segmentation.airways import AirwayBranch, AirwayTree
from CovidQuantLib.segmentation.lungs import Lungs
from CovidQuantLib.segmentation.segment_prior import SMALLEST_SHARE, prior_directions
from CovidQuantLib.segmentation.segments import Segments, segment_segments
from CovidQuantLib.synthetic_chest import SMALL, SyntheticChest, make_chest


@pytest.fixture(scope="module")
def chest() -> SyntheticChest:
    return make_chest(SMALL)


def segment(chest: SyntheticChest, tree: AirwayTree | None = None) -> Segments:
    lungs = Lungs(chest.lungs, chest.airways, (), tree or AirwayTree())
    return segment_segments(chest.ct, lungs, chest.lobes)


@pytest.fixture(scope="module")
def labels(chest: SyntheticChest) -> LabelArray:
    return segment(chest).labels


def test_every_lobe_is_parted_into_its_own_segments(chest: SyntheticChest, labels: LabelArray) -> None:
    assert np.array_equal(np.array(lobe_of_segment(), np.uint8)[labels], chest.lobes)
    assert set(np.unique(labels)) == {0, *(one.label for one in SEGMENTS)}


def test_no_segment_is_squeezed_out_of_its_lobe(chest: SyntheticChest, labels: LabelArray) -> None:
    for lobe in LOBES:
        members = [one.label for one in SEGMENTS if one.parent == lobe.key]
        shares = np.bincount(labels[chest.lobes == lobe.label])[members] / np.count_nonzero(chest.lobes == lobe.label)
        assert shares.min() > 0.8 * SMALLEST_SHARE / len(members)


def centre(labels: LabelArray, key: str) -> np.ndarray:
    return np.argwhere(labels == by_key(key).label).mean(axis=0)


@pytest.mark.parametrize(
    ("one", "axis", "other"),
    [
        ("RS1", 0, "RS3"),
        ("RS2", 1, "RS3"),
        ("RS5", 2, "RS4"),
        ("RS6", 0, "RS10"),
        ("RS10", 1, "RS8"),
        ("LS1+2", 0, "LS5"),
        ("LS4", 0, "LS5"),
        ("LS9", 2, "LS7+8"),
        ("LS10", 1, "LS7+8"),
    ],
)
def test_segments_lie_where_their_names_say(labels: LabelArray, one: str, axis: int, other: str) -> None:
    """Farther to the head (axis 0), to the back (1) or to the patient's left (2)."""
    assert centre(labels, one)[axis] > centre(labels, other)[axis]


def test_a_bronchus_pulls_its_segment(chest: SyntheticChest, labels: LabelArray) -> None:
    """A long branch from the gate of the right upper lobe to a place of another segment's."""
    lobe = np.argwhere(chest.lobes == by_key("RUL").label)
    gate = lobe[np.argsort(-lobe[:, 2])[:5]].mean(axis=0)
    target = centre(labels, "RS2") + np.array([4.0, 0.0, 0.0])
    line = np.linspace(gate, target, 30).astype(np.float32)
    pulled = segment(chest, AirwayTree((AirwayBranch(None, 3, line, 100.0, 2.0),)))
    assert pulled.followed == ("RS2",)
    spot = tuple(np.rint(target).astype(int))
    assert pulled.labels[spot] == by_key("RS2").label


def test_a_lobe_is_parted_alike_whatever_the_others_are(chest: SyntheticChest, labels: LabelArray) -> None:
    alone = np.where(chest.lobes == by_key("RLL").label, chest.lobes, 0).astype(np.uint8)
    found = segment_segments(chest.ct, Lungs(chest.lungs, chest.airways, (), AirwayTree()), alone).labels
    assert np.array_equal(found, np.where(alone, labels, 0))


def test_an_absent_lobe_has_no_segments(chest: SyntheticChest) -> None:
    without = replace(chest, lobes=np.where(chest.lobes == by_key("RML").label, 0, chest.lobes).astype(np.uint8))
    assert not {by_key("RS4").label, by_key("RS5").label} & set(np.unique(segment(without).labels))


def test_directions_of_the_prior_are_unit_vectors() -> None:
    lengths = np.linalg.norm(prior_directions([one.key for one in SEGMENTS]), axis=1)
    assert np.allclose(lengths, 1.0)

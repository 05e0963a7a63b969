"""A network in the job: infection within the lungs, and lungs that it adds dense parts to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pytest

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS, LEFT_LUNG, RIGHT_LUNG
from CovidQuantLib.ct import CtVolume, Geometry, HuArray, LabelArray, MaskArray, ScanFacts, StoredOrder
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.inference import Prediction
from CovidQuantLib.models import LoadedModel
from CovidQuantLib.networks import label_set, network
from CovidQuantLib.segmentation import infection_network, lungs_network, one_click
from CovidQuantLib.segmentation.airways import AirwayTree
from CovidQuantLib.segmentation.infection_network import network_infection
from CovidQuantLib.segmentation.lungs import Lungs
from CovidQuantLib.segmentation.lungs_network import SMALLEST_ADDED_ML, back_up_lungs
from CovidQuantLib.segmentation.one_click import SegmentationOptions, segment_chest
from Testing.conftest import require
from Testing.model_factory import a_card
from Testing.network_factory import OF_SLICES, SMALL_NETWORKS, certain_network

SIZE, SPACING = 48, 3.0
SHAPE = (SIZE, SIZE, SIZE)
AT = (np.indices(SHAPE) - (SIZE - 1) / 2) * SPACING
"""k, j, i of every voxel's centre, in mm from the middle."""
RIGHT = (np.abs(AT[2] + 36.0) < 30.0) & (np.abs(AT[:2]) < 50.0).all(axis=0)
LEFT = (np.abs(AT[2] - 36.0) < 30.0) & (np.abs(AT[:2]) < 50.0).all(axis=0)
WHOLE = (RIGHT * RIGHT_LUNG.label + LEFT * LEFT_LUNG.label).astype(np.uint8)
UNSURE = tuple(float(number) for number in range(SIZE))
NOTHING = np.zeros(SHAPE, bool)
Says = Callable[[LabelArray, str], LoadedModel]


def ball(k: float, j: float, i: float, radius_mm: float) -> MaskArray:
    centre = np.array([k, j, i])[:, None, None, None]
    return np.asarray(((AT - centre) ** 2).sum(axis=0) < radius_mm**2)


def a_ct(hu: npt.NDArray[np.integer]) -> CtVolume:
    geometry = Geometry(SHAPE, (SPACING,) * 3, (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
    return CtVolume(hu.astype(np.int16), geometry, StoredOrder(), geometry, ScanFacts(b"test"))


def some_lungs(labels: LabelArray, airways: MaskArray = NOTHING) -> Lungs:
    return Lungs(labels, airways, (), AirwayTree(()))


@pytest.fixture
def network_that_says(monkeypatch: pytest.MonkeyPatch) -> Says:
    """A model of a label set whose network gives these labels on the whole grid, whatever it sees."""

    def model(labels: LabelArray, name: str) -> LoadedModel:
        def says(_hu: HuArray, _geometry: Geometry, box: Box, *_rest: Any, **options: Any) -> Prediction:
            inside = np.zeros_like(labels)
            inside[box.slices] = labels[box.slices]
            return Prediction(inside, None, box, (), uncertain_ml=UNSURE if options.get("by_slice") else None)

        for room in (infection_network, lungs_network):
            monkeypatch.setattr(room, "open_engine", lambda module, *_: module)
            monkeypatch.setattr(room, "predict", says)
        return LoadedModel(a_card(label_set=label_set(name)), cast(Any, None))

    return model


def test_infection_of_a_network_stays_within_the_lungs_and_out_of_the_airways(network_that_says: Says) -> None:
    everything = np.ones(SHAPE, np.uint8)
    airways = ball(0.0, 0.0, -36.0, 8.0)
    lungs = some_lungs(WHOLE, airways)
    found = network_infection(a_ct(np.full(SHAPE, -500)), WHOLE, lungs, network_that_says(everything, "infection"))
    assert np.array_equal(found.labels > 0, (WHOLE > 0) & ~airways)


def test_a_network_without_classes_gets_them_by_density(network_that_says: Says) -> None:
    dense = ball(0.0, 0.0, 36.0, 15.0)
    seen = (dense | ball(0.0, 0.0, -36.0, 15.0)).astype(np.uint8)
    ct = a_ct(np.where(dense, 20, -600))
    found = network_infection(ct, WHOLE, some_lungs(WHOLE), network_that_says(seen, "infection"), split_hu=-200)
    assert found.split_hu == -200
    assert set(found.labels[dense]) == {CONSOLIDATION.label}
    assert set(found.labels[(seen > 0) & ~dense]) == {GROUND_GLASS.label}


def test_classes_that_a_network_tells_apart_are_kept_whatever_the_density(network_that_says: Says) -> None:
    seen = (ball(0.0, 0.0, 36.0, 15.0) * CONSOLIDATION.label).astype(np.uint8)
    ct = a_ct(np.full(SHAPE, -700))
    found = network_infection(ct, WHOLE, some_lungs(WHOLE), network_that_says(seen, "classes"))
    assert found.split_hu is None
    assert np.array_equal(found.labels, seen)


def test_high_opacity_is_never_renamed_consolidation(network_that_says: Says) -> None:
    dense = ball(0.0, 0.0, 36.0, 15.0)
    seen = np.where(ball(0.0, 0.0, -36.0, 15.0), 2, dense).astype(np.uint8)
    ct = a_ct(np.where(dense, 20, -600))
    found = network_infection(ct, WHOLE, some_lungs(WHOLE), network_that_says(seen, "high_opacity"), split_hu=-200)
    assert found.split_hu == -200
    assert set(found.labels[dense]) == {CONSOLIDATION.label}
    assert set(found.labels[seen == 2]) == {GROUND_GLASS.label}
    assert [warning.code for warning in found.warnings] == ["high_opacity"]
    assert "pleural effusion" in found.warnings[0].sentence


@pytest.mark.parametrize("name", OF_SLICES)
def test_a_network_of_slices_gives_infection_within_the_lungs(name: str) -> None:
    require("torch")
    require("monai")
    spec = network(name)
    wanted = replace(spec.preprocessing, matrix=None if spec.preprocessing.matrix is None else 32)
    card = a_card(
        network=name,
        arguments=SMALL_NETWORKS[name],
        in_channels=spec.reading.channels,
        preprocessing=wanted,
        label_set=label_set("infection"),
    )
    found = network_infection(
        a_ct(np.full(SHAPE, -500)), WHOLE, some_lungs(WHOLE), LoadedModel(card, certain_network(name))
    )
    assert np.array_equal(found.labels > 0, WHOLE > 0)


def test_specks_of_a_network_are_dropped(network_that_says: Says) -> None:
    seen = np.zeros(SHAPE, np.uint8)
    seen[20, 20, 8] = 1
    found = network_infection(
        a_ct(np.full(SHAPE, -500)), WHOLE, some_lungs(WHOLE), network_that_says(seen, "infection")
    )
    assert not found.labels.any()


def test_a_network_adds_the_dense_half_of_a_lung_and_says_so(network_that_says: Says) -> None:
    consolidated = RIGHT & (AT[0] < 0.0)
    found = np.where(consolidated, 0, WHOLE).astype(np.uint8)
    ct = a_ct(np.where(consolidated | (WHOLE == 0), 30, -850))
    backed = back_up_lungs(ct, some_lungs(found), network_that_says(WHOLE, "lungs"))
    assert np.array_equal(backed.lungs.labels, WHOLE)
    assert backed.added_ml == pytest.approx(np.count_nonzero(consolidated) * ct.geometry.voxel_ml)
    assert [warning.code for warning in backed.lungs.warnings] == ["lungs_network"]


def test_air_within_an_added_part_comes_with_it(network_that_says: Says) -> None:
    consolidated = RIGHT & (AT[0] < 0.0)
    found = np.where(consolidated, 0, WHOLE).astype(np.uint8)
    hu = np.where(consolidated | (WHOLE == 0), 30, -850)
    hu[ball(-25.0, 0.0, -36.0, 12.0)] = -900
    backed = back_up_lungs(a_ct(hu), some_lungs(found), network_that_says(WHOLE, "lungs"))
    assert np.array_equal(backed.lungs.labels, WHOLE)


def test_beside_an_added_part_a_large_piece_on_the_wrong_side_changes_sides(network_that_says: Says) -> None:
    consolidated = RIGHT & (AT[0] < 0.0)
    strayed = RIGHT & (AT[0] > 10.0) & (np.abs(AT[1]) < 30.0)
    found = np.where(consolidated, 0, np.where(strayed, LEFT_LUNG.label, WHOLE)).astype(np.uint8)
    ct = a_ct(np.where(consolidated | (WHOLE == 0), 30, -850))
    backed = back_up_lungs(ct, some_lungs(found), network_that_says(WHOLE, "lungs"))
    assert np.array_equal(backed.lungs.labels, WHOLE)


def test_a_network_takes_nothing_away_and_moves_no_border(network_that_says: Says) -> None:
    rim = ball(0.0, 0.0, 36.0, 22.0) & ~ball(0.0, 0.0, 36.0, 19.0)
    seen = np.where(rim | RIGHT, 0, WHOLE).astype(np.uint8)
    threshold = np.where(rim, 0, WHOLE).astype(np.uint8)
    ct = a_ct(np.where(threshold > 0, -850, 30))
    for said in (seen, WHOLE):
        backed = back_up_lungs(ct, some_lungs(threshold), network_that_says(said, "lungs"))
        assert backed.added_ml == 0.0
        assert backed.lungs.labels is threshold


@pytest.mark.parametrize(
    ("back_mm", "hu"),
    [
        pytest.param(0.0, -850, id="air"),
        pytest.param(57.0, 30, id="away from the lungs"),
    ],
)
def test_air_and_what_does_not_touch_the_lungs_is_not_added(network_that_says: Says, back_mm: float, hu: int) -> None:
    more = ball(0.0, back_mm, 36.0, 26.0)
    threshold = np.where(more | (AT[1] > 20.0), 0, WHOLE).astype(np.uint8)
    seen = np.where(more, LEFT_LUNG.label, threshold).astype(np.uint8)
    assert np.count_nonzero(more) * SPACING**3 / 1000.0 > SMALLEST_ADDED_ML
    backed = back_up_lungs(a_ct(np.full(SHAPE, hu)), some_lungs(threshold), network_that_says(seen, "lungs"))
    assert backed.added_ml == 0.0


@pytest.mark.parametrize("by_network", [True, False])
def test_a_job_says_how_unsure_its_network_was_and_nothing_of_the_threshold(
    network_that_says: Says, monkeypatch: pytest.MonkeyPatch, *, by_network: bool
) -> None:
    nothing = np.zeros(SHAPE, np.uint8)
    monkeypatch.setattr(one_click, "segment_lungs", lambda *_: some_lungs(WHOLE))
    monkeypatch.setattr(one_click, "segment_segments", lambda *_: SimpleNamespace(labels=nothing))
    monkeypatch.setattr(one_click, "external_segmenter", lambda name: name)
    found = SimpleNamespace(lungs=WHOLE, lobes=nothing, source="lungmask")
    monkeypatch.setattr(one_click, "segment_externally", lambda *_: found)
    monkeypatch.setattr(one_click, "threshold_infection", lambda *_, **__: nothing)
    model = network_that_says(nothing, "infection") if by_network else None
    segmentation = segment_chest(
        a_ct(np.full(SHAPE, -850)), SegmentationOptions(anatomy="lungmask", infection_model=model)
    )
    assert segmentation.uncertain_ml == (UNSURE if by_network else None)


def test_nothing_is_added_to_the_lungs_of_an_external_segmenter(
    network_that_says: Says, monkeypatch: pytest.MonkeyPatch
) -> None:
    consolidated = RIGHT & (AT[0] < 0.0)
    ct = a_ct(np.where(consolidated | (WHOLE == 0), 30, -850))
    threshold = np.where(consolidated, 0, WHOLE).astype(np.uint8)
    nothing = np.zeros(SHAPE, np.uint8)
    monkeypatch.setattr(one_click, "segment_lungs", lambda *_: some_lungs(threshold))
    monkeypatch.setattr(one_click, "segment_segments", lambda *_: SimpleNamespace(labels=nothing))
    monkeypatch.setattr(one_click, "external_segmenter", lambda name: name)
    found = SimpleNamespace(lungs=threshold, lobes=nothing, source="lungmask")
    monkeypatch.setattr(one_click, "segment_externally", lambda *_: found)
    options = SegmentationOptions(
        anatomy="lungmask", lungs_model=network_that_says(WHOLE, "lungs"), edited_infection=nothing
    )
    segmentation = segment_chest(ct, options)
    assert segmentation.lungs.source == "lungmask"
    assert segmentation.warnings == ()


@pytest.mark.parametrize("what", ["sides exchanged", "half of the lungs not seen", "more than any lungs"])
def test_lungs_of_a_network_that_cannot_be_lungs_are_left_out(
    network_that_says: Says, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    hu = np.where(WHOLE > 0, -800, 40)
    threshold = WHOLE.copy()
    dense = ball(30.0, 0.0, -36.0, 25.0)
    hu[dense] = 40
    threshold[dense] = 0
    seen = WHOLE.copy()
    assert back_up_lungs(a_ct(hu), some_lungs(threshold), network_that_says(seen, "lungs")).added_ml > 0
    if what == "sides exchanged":
        seen = np.where(seen > 0, 3 - seen, 0).astype(np.uint8)
    elif what == "half of the lungs not seen":
        seen[: SIZE // 2] = 0
    else:
        monkeypatch.setattr(lungs_network, "LARGEST_LUNGS_ML", 1000.0)
    backed = back_up_lungs(a_ct(hu), some_lungs(threshold), network_that_says(seen, "lungs"))
    assert backed.added_ml == 0.0
    assert np.array_equal(backed.lungs.labels, threshold)
    assert [one.code for one in backed.lungs.warnings] == ["lungs_network_left_out"]


def test_the_descending_aorta_is_not_added(network_that_says: Says, monkeypatch: pytest.MonkeyPatch) -> None:
    vessel = (np.hypot(AT[1] - 30.0, AT[2] - 36.0) < 15.0) & (np.abs(AT[0]) < 50.0)
    assert np.count_nonzero(vessel) * SPACING**3 / 1000.0 > SMALLEST_ADDED_ML
    found = np.where(vessel, 0, WHOLE).astype(np.uint8)
    ct = a_ct(np.where(found > 0, -850, 30))
    assert back_up_lungs(ct, some_lungs(found), network_that_says(WHOLE, "lungs")).added_ml > 0.0
    monkeypatch.setattr(lungs_network, "descending_aorta", lambda *_: vessel)
    assert back_up_lungs(ct, some_lungs(found), network_that_says(WHOLE, "lungs")).added_ml == 0.0

"""Numbers that follow an edit: the same as a count of everything."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from CovidQuantLib.ct.grid import Box
from CovidQuantLib.quantification import LabelMaps, QuantificationOptions, quantify
from CovidQuantLib.slicer_app.live_numbers import LiveNumbers, Numbers
from Testing.unit.slicer_app.chest_case import a_chest

RNG = np.random.default_rng(2)
NAMES = ("lungs", "lobes", "segments", "infection")


def maps_of_the_chest() -> dict[str, Any]:
    return {name: getattr(a_chest(), name).copy() for name in NAMES}


def a_count() -> LiveNumbers:
    ct = a_chest().ct
    return LiveNumbers(lambda box: ct.hu[box.slices], ct.geometry.voxel_ml)


def counted(maps: dict[str, Any]) -> Numbers:
    live = a_count()
    for _ in live.count(maps):
        pass
    return live.numbers()


def an_edit(maps: dict[str, Any]) -> tuple[Box, dict[str, Any], dict[str, Any]]:
    """Infection painted and erased at random in the lungs of a box, in place."""
    start = RNG.integers(10, 50, 3)
    box = Box((*map(int, start),), (*map(int, start + RNG.integers(3, 20, 3)),))  # type: ignore[arg-type]
    before = {name: labels[box.slices].copy() for name, labels in maps.items()}
    drawn = RNG.integers(0, 3, box.shape).astype(np.uint8)
    maps["infection"][box.slices] = np.where(before["lungs"] > 0, drawn, before["infection"])
    return box, before, {name: labels[box.slices].copy() for name, labels in maps.items()}


def test_the_numbers_are_those_of_the_library() -> None:
    numbers, ct = counted(maps_of_the_chest()), a_chest().ct
    whole = quantify(
        ct.hu, LabelMaps(**maps_of_the_chest()), ct.geometry, options=QuantificationOptions(reference=None)
    )
    assert numbers.regions == whole.regions
    assert numbers.ct_score == whole.ct_score
    assert numbers.infection_histogram == whole.infection_histogram
    assert numbers.lung_histogram == whole.lung_histogram
    assert numbers.outside_ml == 0


def test_after_any_edits_they_are_what_a_count_of_everything_gives() -> None:
    maps, live = maps_of_the_chest(), a_count()
    for _ in live.count(maps):
        pass
    assert live.is_complete
    for _ in range(5):
        live.change(*an_edit(maps))
    assert live.numbers() == counted(maps)


def test_edits_while_it_still_counts_are_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("CovidQuantLib.slicer_app.live_numbers._VOXELS_AT_ONCE", 20000)
    maps, live = maps_of_the_chest(), a_count()
    for _ in live.count(maps):
        assert not live.is_complete
        live.change(*an_edit(maps))
    assert live.numbers() == counted(maps)


def test_infection_outside_the_lungs_is_said_apart_and_counts_nowhere() -> None:
    maps = maps_of_the_chest()
    before = counted(maps)
    outside = np.argwhere(maps["lungs"] == 0)[:7]
    maps["infection"][tuple(outside.T)] = 1
    after = counted(maps)
    assert after.regions == before.regions
    assert after.outside_ml == pytest.approx(7 * a_chest().ct.geometry.voxel_ml)
    assert after.region("lungs").poi == before.region("lungs").poi

"""Networks of slices, slabs and sequences: each slice is labelled once, from the slices that belong to it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pytest

from CovidQuantLib.ct import Geometry, HuArray
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.inference import model_grid, open_engine, predict, prepare, view_box
from CovidQuantLib.inference.engines import Engine, Watch, no_watch
from CovidQuantLib.inference.slices import run_slices
from CovidQuantLib.messages import Cancelled, InputError
from CovidQuantLib.networks import Preprocessing, Reading, network
from Testing.conftest import require
from Testing.network_factory import OF_SLICES, input_shape, small_network
from Testing.unit.inference.conftest import FloatArray
from Testing.unit.inference.test_engines import skip_without
from Testing.unit.inference.test_prediction import ball, dice, geometry, lung_with, whole

torch = require("torch")
require("monai")
READINGS = {"slice": Reading("slice"), "slab": Reading("slab", 3), "sequence": Reading("sequence", 5)}
TWO_MM = Preprocessing(spacing_mm=(2.0, 2.0, 2.0), hu_low=-1000, hu_high=0, multiple_of=8)


@dataclass
class SliceEngine:
    """Each pixel's probability of label 1 is the mean of its own slice and of all that are read with it, weighted."""

    reading: Reading
    own: float = 1.0
    largest: int = 10**9
    too_many: int = 10**9
    next_engine: Engine | None = None
    name: str = "slices"
    passes: list[int] = field(default_factory=list)

    def probabilities(self, batch: FloatArray, watch: Watch = no_watch) -> FloatArray:
        watch()
        near = self.reading.neighbours
        if self.reading.kind == "sequence":
            windows = np.lib.stride_tricks.sliding_window_view(batch[0], self.reading.slices, axis=0)
            stacked, middle = windows.mean(axis=-1), batch[0, near : len(batch[0]) - near]
        else:
            stacked, middle = batch.mean(axis=1), batch[:, near]
        self.passes.append(len(middle))
        if len(middle) > self.too_many:
            raise torch.cuda.OutOfMemoryError("no memory")
        found = self.own * middle + (1 - self.own) * stacked
        both = np.stack([1 - found, found], axis=1).astype(np.float32)
        return np.moveaxis(both, 0, 1)[None] if self.reading.kind == "sequence" else both

    def largest_input(self, channels: int, multiple_of: int) -> int:
        assert (channels, multiple_of) == (self.reading.slices, 8)
        return self.largest

    def fallback(self) -> Engine | None:
        return self.next_engine


def some_volume(slices: int = 37) -> FloatArray:
    return np.random.default_rng(0).random((slices, 20, 27), np.float32)


@pytest.mark.parametrize("reading", READINGS.values(), ids=READINGS)
@pytest.mark.parametrize("slices", [1, 16, 37])
def test_each_slice_gets_what_the_network_says_of_it(reading: Reading, slices: int) -> None:
    volume = some_volume(slices)
    found, notes = run_slices(SliceEngine(reading), volume, reading, 8)
    np.testing.assert_allclose(found, np.stack([1 - volume, volume]), atol=1e-6)
    assert notes == ()


@pytest.mark.parametrize("reading", [READINGS["slab"], READINGS["sequence"]], ids=["slab", "sequence"])
def test_neighbours_are_those_beside_a_slice_and_air_at_the_ends(reading: Reading) -> None:
    volume, near = some_volume(), reading.neighbours
    found, _ = run_slices(SliceEngine(reading, own=0.0), volume, reading, 8)
    around = np.pad(volume, [(near, near), (0, 0), (0, 0)])
    expected = np.mean([around[first : first + len(volume)] for first in range(reading.slices)], axis=0)
    np.testing.assert_allclose(found[1], expected, atol=1e-6)


@pytest.mark.parametrize("reading", READINGS.values(), ids=READINGS)
def test_with_too_little_memory_fewer_slices_are_taken_and_the_answer_is_the_same(reading: Reading) -> None:
    volume = some_volume()
    engine = SliceEngine(reading, own=0.5, too_many=5)
    found, notes = run_slices(engine, volume, reading, 8)
    expected, _ = run_slices(SliceEngine(reading, own=0.5), volume, reading, 8)
    np.testing.assert_array_equal(found, expected)
    assert notes == ()
    assert (max(engine.passes), engine.passes[-1]) == (16, 4)


def test_the_memory_for_one_pass_says_how_many_slices_are_taken() -> None:
    reading = READINGS["slab"]
    engine = SliceEngine(reading, largest=3 * 24 * 32 + 5)
    run_slices(engine, some_volume(), reading, 8)
    assert set(engine.passes) == {3}


def test_where_one_slice_is_too_many_the_next_engine_goes_on_and_a_note_says_so() -> None:
    reading = READINGS["slice"]
    spare = SliceEngine(reading)
    engine = SliceEngine(reading, too_many=0, next_engine=spare)
    found, notes = run_slices(engine, some_volume(), reading, 8)
    np.testing.assert_allclose(found[1], some_volume(), atol=1e-6)
    assert "ran on the CPU" in notes[0]
    with pytest.raises(InputError, match="too little memory"):
        run_slices(SliceEngine(reading, too_many=0), some_volume(), reading, 8)


@pytest.mark.parametrize("reading", READINGS.values(), ids=READINGS)
@pytest.mark.parametrize("spacing", [(2.0, 2.0, 2.0), (0.7, 0.7, 0.8), (0.8, 0.8, 5.0), (1.5, 0.9, 2.5)])
def test_a_lesion_comes_back_where_it_is(reading: Reading, spacing: tuple[float, float, float]) -> None:
    grid = geometry(spacing)
    truth = ball(grid)
    wanted = replace(TWO_MM, thick_slices_mm=4.0)
    labels = predict(lung_with(truth), grid, whole(grid), SliceEngine(reading), wanted, reading=reading).labels
    assert dice(labels, truth) > 0.95


@pytest.mark.parametrize("view", ["slice", "body"])
def test_a_network_of_whole_slices_answers_for_the_box_of_the_lungs(view: Any) -> None:
    grid = geometry((1.5, 0.9, 2.5))
    truth, reading = ball(grid), READINGS["slice"]
    hu = lung_with(truth)
    hu[:, 5:60, 5:35] = np.maximum(hu[:, 5:60, 5:35], -200)
    wanted = replace(TWO_MM, hu_high=-100, matrix=64, view=view)
    box = Box((3, 21, 6), (20, 60, 30))
    found = predict(hu + np.int16(0), grid, box, SliceEngine(reading), wanted, reading=reading, uncertainty=True)
    inside = np.zeros(grid.shape, bool)
    inside[box.slices] = True
    assert not found.labels[~inside].any()
    assert found.entropy is not None
    assert found.entropy.shape == box.shape
    seen = view_box(hu, grid, box, wanted)
    assert (seen.start[0], seen.stop[0]) == (3, 20)
    assert prepare(hu, grid, seen, wanted).shape == (model_grid(grid, seen, wanted).shape[0], 64, 64)


def body_on_a_table() -> tuple[HuArray, Geometry]:
    grid = Geometry((12, 100, 120), (2.0, 2.0, 3.0), (0.0, 0.0, 0.0), (1.0, 0, 0, 0, 1, 0, 0, 0, 1.0))
    hu = np.full(grid.shape, -1000, np.int16)
    hu[:, 20:80, 30:100] = 40
    hu[:, 40:60, 40:60] = -850
    hu[:, 90:93, :] = 200
    return hu, grid


def test_the_body_is_found_without_the_table() -> None:
    hu, grid = body_on_a_table()
    wanted = replace(TWO_MM, view="body")
    found = view_box(hu, grid, Box((2, 40, 40), (10, 60, 60)), wanted)
    assert (found.start[0], found.stop[0]) == (2, 10)
    for axis, (start, stop) in ((1, (20, 80)), (2, (30, 100))):
        assert start - 4 <= found.start[axis] <= start
        assert stop <= found.stop[axis] <= stop + 4


def test_a_ct_without_a_body_is_seen_whole() -> None:
    _, grid = body_on_a_table()
    air = np.full(grid.shape, -1000, np.int16)
    found = view_box(air, grid, Box((2, 40, 40), (10, 60, 60)), replace(TWO_MM, view="body"))
    assert found == Box((2, 0, 0), (10, 100, 120))


@pytest.mark.parametrize(("apart", "kept"), [(1.0, 5.0), (3.9, 5.0), (4.0, 4.0), (8.0, 8.0)])
def test_thick_slices_keep_their_distance_and_thin_ones_are_brought_to_the_paper_s(apart: float, kept: float) -> None:
    """Wu et al., section III-A: slices thinner than 4 mm are resampled to 5 mm."""
    grid = geometry((2.0, 2.0, apart))
    wanted = network("hybrid_unet").preprocessing
    box = view_box(np.zeros(grid.shape, np.int16), grid, whole(grid), wanted)
    found = model_grid(grid, box, wanted)
    assert found.shape[1:] == (256, 256)
    assert found.spacing_kji[0] == pytest.approx(kept)


def test_values_run_to_the_network_s_highest() -> None:
    grid = geometry((2.0, 2.0, 2.0))
    hu = np.full(grid.shape, 66, np.int16)
    wanted = replace(network("hybrid_unet").preprocessing, matrix=None, lungs_alone=False)
    np.testing.assert_allclose(prepare(hu, grid, whole(grid), wanted), 1090 / 110, rtol=1e-5)


@pytest.mark.parametrize("last", [0.0, 0.3, 0.75])
def test_a_cancel_comes_out_between_passes(last: float) -> None:
    def progress(fraction: float, _message: str) -> None:
        if fraction >= last:
            raise Cancelled

    with pytest.raises(Cancelled):
        run_slices(SliceEngine(READINGS["slice"]), some_volume(), READINGS["slice"], 8, progress)


def test_progress_rises_from_none_to_all() -> None:
    told: list[float] = []
    run_slices(SliceEngine(READINGS["slab"]), some_volume(), READINGS["slab"], 8, lambda part, _: told.append(part))
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)


def smooth(shape: tuple[int, ...]) -> FloatArray:
    values = np.random.default_rng(3).random(shape, np.float32)
    for axis in (2, 3):
        values = (values + np.roll(values, 1, axis) + np.roll(values, 2, axis)).astype(np.float32) / np.float32(3)
    return np.ascontiguousarray(values)


@pytest.mark.parametrize("name", [*OF_SLICES, "hybrid_unet_pair"])
def test_engines_give_the_same_labels(name: str) -> None:
    skip_without("openvino")
    module, reading = small_network(name, classes=3), network(name).reading
    one, other = (open_engine(module, engine) for engine in ("torch", "openvino"))
    # The second size is another than the one that the network was converted with.
    for side in (32, 48):
        batch = smooth(input_shape(reading, side, labelled=3))
        by_one, by_other = one.probabilities(batch), other.probabilities(batch)
        np.testing.assert_allclose(by_other, by_one, atol=1e-3)
        certain = np.sort(by_one, axis=1)[:, -1] - np.sort(by_one, axis=1)[:, -2] > 2e-3
        assert np.array_equal(by_one.argmax(axis=1)[certain], by_other.argmax(axis=1)[certain])
        np.testing.assert_allclose(by_one.sum(axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize("name", OF_SLICES)
def test_a_slice_s_answer_does_not_depend_on_how_many_are_taken_at_a_time(name: str) -> None:
    reading, multiple = network(name).reading, network(name).preprocessing.multiple_of
    volume = smooth((1, 7, 32, 32))[0]
    engine: Any = open_engine(small_network(name), "torch")
    assert engine.largest_input(reading.slices, multiple) > 32 * 32
    together, _ = run_slices(engine, volume, reading, multiple)
    engine.largest_input = lambda *_: 2 * 32 * 32
    by_two, _ = run_slices(engine, volume, reading, multiple)
    np.testing.assert_allclose(by_two, together, atol=1e-5)

"""At once or in windows: the same answer, within the memory there is."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from CovidQuantLib.inference.engines import Watch, no_watch
from CovidQuantLib.inference.windows import OVERLAP, run_volume, window_for
from CovidQuantLib.messages import InputError
from Testing.conftest import require
from Testing.unit.inference.conftest import FloatArray, PointwiseEngine

torch = require("torch")


def volume(*shape: int) -> FloatArray:
    return np.random.default_rng(0).random((1, *shape), dtype=np.float32)


@pytest.mark.parametrize("shape", [(70, 90, 150), (33, 17, 1), (16, 16, 16)])
def test_a_volume_that_fits_is_taken_at_once(shape: tuple[int, int, int]) -> None:
    engine = PointwiseEngine()
    found, notes = run_volume(engine, volume(*shape), 16)
    np.testing.assert_array_equal(found[1], volume(*shape)[0])
    assert len(engine.sizes) == 1
    assert notes == ()


def test_sides_are_padded_with_air_to_multiples_two_at_least() -> None:
    seen: list[FloatArray] = []

    class Engine(PointwiseEngine):
        def probabilities(self, batch: FloatArray, watch: Watch = no_watch) -> FloatArray:
            seen.append(batch)
            return super().probabilities(batch, watch)

    run_volume(Engine(), volume(5, 40, 48) + 1, 16)
    assert seen[0].shape == (1, 1, 32, 48, 48)
    assert seen[0].min() == 0.0
    assert np.count_nonzero(seen[0]) == 5 * 40 * 48


def test_windows_give_what_the_whole_gives_where_a_voxel_s_label_depends_on_itself() -> None:
    engine = PointwiseEngine(largest=64 * 64 * 80)
    found, notes = run_volume(engine, volume(70, 90, 150), 16)
    np.testing.assert_allclose(found[1], volume(70, 90, 150)[0], atol=1e-5)
    np.testing.assert_allclose(found.sum(axis=0), 1.0, atol=1e-5)
    assert len(engine.sizes) > 1
    assert max(engine.sizes) <= 64 * 64 * 80
    assert notes == ()


@pytest.mark.parametrize("largest", [10**5, 10**6, 10**7])
@pytest.mark.parametrize("shape", [(64, 64, 64), (160, 112, 128), (464, 192, 192), (912, 512, 512)])
def test_windows_fit_the_memory_and_are_multiples(shape: tuple[int, int, int], largest: int) -> None:
    window = window_for(shape, largest, 16)
    assert all(side % 16 == 0 and 16 <= side <= whole for side, whole in zip(window, shape, strict=True))
    assert math.prod(window) <= largest or max(window) <= 64
    assert math.prod(shape) > largest or window == shape


def test_windows_are_not_smaller_than_memory_asks_for() -> None:
    for shape, largest in itertools.product([(464, 192, 192), (240, 240, 240)], [3 * 10**6, 8 * 10**6]):
        window = window_for(shape, largest, 16)
        assert math.prod(window) > largest * (0.5 - OVERLAP / 2)


@pytest.mark.parametrize("raised", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory"), None])
def test_where_memory_is_too_small_windows_get_smaller_and_the_notes_say_so(raised: Exception | None) -> None:
    engine = PointwiseEngine(too_large=64 * 64 * 100, raised=raised)
    found, notes = run_volume(engine, volume(96, 96, 160), 16)
    np.testing.assert_allclose(found[1], volume(96, 96, 160)[0], atol=1e-5)
    assert notes == ("There was too little memory for the whole volume at once: the network ran in smaller windows.",)
    assert engine.sizes[-1] <= 64 * 64 * 100


def test_another_error_of_an_engine_stays_one() -> None:
    with pytest.raises(RuntimeError, match="shape"):
        run_volume(
            PointwiseEngine(too_large=1, raised=RuntimeError("a shape that fits nowhere")), volume(64, 64, 64), 16
        )


def test_where_smaller_windows_do_not_help_the_cpu_goes_on_and_the_notes_say_so() -> None:
    cpu = PointwiseEngine()
    gpu = PointwiseEngine(too_large=0, next_engine=cpu)
    found, notes = run_volume(gpu, volume(96, 96, 160), 16)
    np.testing.assert_array_equal(found[1], volume(96, 96, 160)[0])
    assert notes == ("The GPU had too little memory: the network ran on the CPU.",)
    assert cpu.sizes == [96 * 96 * 160]


def test_where_nothing_is_left_to_try_the_refusal_says_so() -> None:
    with pytest.raises(InputError, match="too little memory"):
        run_volume(PointwiseEngine(too_large=0), volume(64, 64, 64), 16)


def test_other_errors_are_not_taken_for_a_lack_of_memory() -> None:
    class Broken(PointwiseEngine):
        def probabilities(self, batch: FloatArray, watch: Watch = no_watch) -> FloatArray:
            super().probabilities(batch, watch)
            raise RuntimeError("a bug")

    with pytest.raises(RuntimeError, match="a bug"):
        run_volume(Broken(), volume(64, 64, 64), 16)

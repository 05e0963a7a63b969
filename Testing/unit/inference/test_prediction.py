"""A network's answer comes back at the right place, whatever the CT's voxels look like."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from CovidQuantLib.ct import Geometry, HuArray, MaskArray
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.inference import model_grid, predict, prepare
from CovidQuantLib.inference.engines import Watch, no_watch
from CovidQuantLib.messages import Cancelled
from CovidQuantLib.networks import Preprocessing
from Testing.conftest import require
from Testing.unit.inference.conftest import OWN_SPACING, FloatArray, PointwiseEngine

require("torch")

BOX_MM = 60.0
LESION_MM = 12.0
TWO_MM = Preprocessing(spacing_mm=(2.0, 2.0, 2.0), hu_low=-1000, hu_high=0, multiple_of=8)
SPACINGS = {
    "the model's": (2.0, 2.0, 2.0),
    "thin": (0.7, 0.7, 0.8),
    "thick slices": (0.8, 0.8, 5.0),
    "coarse in all": (3.0, 3.0, 4.0),
    "anisotropic": (1.5, 0.9, 2.5),
}


def geometry(
    spacing: tuple[float, float, float], direction: tuple[float, ...] = (1, 0, 0, 0, 1, 0, 0, 0, 1)
) -> Geometry:
    i, j, k = (round(BOX_MM / mm) for mm in spacing)
    return Geometry((k, j, i), spacing, (0.0, 0.0, 0.0), direction)


def ball(grid: Geometry) -> MaskArray:
    """A ball that lies off the centre, in mm from the grid's first corner."""
    mm = [(np.arange(n) + 0.5) * step for n, step in zip(grid.shape, grid.spacing_kji, strict=True)]
    k, j, i = np.meshgrid(*mm, indexing="ij")
    return np.asarray((k - 25) ** 2 + (j - 33) ** 2 + (i - 21) ** 2 < LESION_MM**2)


def lung_with(mask: MaskArray) -> HuArray:
    return np.where(mask, 0, -1000).astype(np.int16)


def whole(grid: Geometry) -> Box:
    return Box((0, 0, 0), grid.shape)


def dice(a: npt.NDArray[np.generic], b: npt.NDArray[np.generic]) -> float:
    one, other = a.astype(bool), b.astype(bool)
    return float(2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other)))


def test_at_the_model_s_spacing_each_voxel_gets_what_the_network_says_of_it() -> None:
    grid = geometry((2.0, 2.0, 2.0))
    hu = np.random.default_rng(0).integers(-1024, 300, grid.shape).astype(np.int16)
    box = Box((2, 3, 5), (25, 30, 19))
    found = predict(hu, grid, box, PointwiseEngine(), TWO_MM)
    inside = np.zeros(grid.shape, bool)
    inside[box.slices] = True
    np.testing.assert_array_equal(found.labels, (hu > -500) & inside)
    assert found.labels.dtype == np.uint8
    assert (found.entropy, found.box, found.notes) == (None, box, ())


@pytest.mark.parametrize("spacing", SPACINGS.values(), ids=SPACINGS)
def test_a_lesion_comes_back_where_it_is(spacing: tuple[float, float, float]) -> None:
    grid = geometry(spacing)
    truth = ball(grid)
    labels = predict(lung_with(truth), grid, whole(grid), PointwiseEngine(), TWO_MM).labels
    assert dice(labels, truth) > 0.95
    shift = np.argwhere(labels).mean(axis=0) - np.argwhere(truth).mean(axis=0)
    assert np.abs(shift * grid.spacing_kji).max() < 0.25


@pytest.mark.parametrize("spacing", SPACINGS.values(), ids=SPACINGS)
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_mirrored_ct_gives_mirrored_labels(spacing: tuple[float, float, float], axis: int) -> None:
    direction = [1.0, 0, 0, 0, 1.0, 0, 0, 0, 1.0]
    direction[4 * (2 - axis)] = -1.0
    grid, mirrored = geometry(spacing), geometry(spacing, tuple(direction))
    hu = lung_with(ball(grid))
    labels = predict(hu, grid, whole(grid), PointwiseEngine(), TWO_MM).labels
    other = predict(np.flip(hu, axis), mirrored, whole(mirrored), PointwiseEngine(), TWO_MM).labels
    np.testing.assert_array_equal(np.flip(other, axis), labels)


def test_a_box_shows_the_network_nothing_else() -> None:
    grid = geometry((0.8, 0.8, 5.0))
    hu, box = lung_with(ball(grid)), Box((3, 20, 6), (8, 60, 50))
    elsewhere = np.full(grid.shape, 300, np.int16)
    elsewhere[box.slices] = hu[box.slices]
    one, other = (predict(values, grid, box, PointwiseEngine(), TWO_MM).labels for values in (hu, elsewhere))
    np.testing.assert_array_equal(one, other)


class _FixedClasses(PointwiseEngine):
    """Three classes whose probabilities do not depend on the CT but for one voxel's step."""

    def probabilities(self, batch: FloatArray, watch: Watch = no_watch) -> FloatArray:
        watch()
        first = np.where(batch > 0.5, 0.2, 0.5)
        second = np.where(batch > 0.5, 0.5, 0.2)
        return np.concatenate([first, second, 1 - first - second], axis=1).astype(np.float32)


def test_of_several_classes_the_most_probable_gives_the_label() -> None:
    grid = geometry((2.0, 2.0, 2.0))
    truth = ball(grid)
    found = predict(lung_with(truth), grid, whole(grid), _FixedClasses(), TWO_MM, uncertainty=True)
    np.testing.assert_array_equal(found.labels, truth)
    expected = -sum(p * np.log(p) for p in (0.2, 0.5, 0.3)) / np.log(3)
    assert found.entropy is not None
    np.testing.assert_allclose(found.entropy, expected, rtol=1e-4)


def test_the_foreground_is_the_probability_of_all_labels_together() -> None:
    grid = geometry((2.0, 2.0, 2.0))
    truth = ball(grid)
    found = predict(lung_with(truth), grid, whole(grid), _FixedClasses(), TWO_MM, foreground=True)
    assert found.foreground is not None
    assert found.entropy is None
    np.testing.assert_allclose(found.foreground, np.where(truth, 0.8, 0.5), atol=1e-6)


def test_the_threshold_is_the_probability_from_which_on_a_label_wins_against_the_background() -> None:
    grid = geometry((2.0, 2.0, 2.0))
    hu = np.full(grid.shape, -1000, np.int16)
    hu[5], hu[6], hu[7] = -400, -600, -700
    for threshold, planes in ((0.5, [5]), (0.35, [5, 6]), (0.25, [5, 6, 7]), (0.65, [])):
        found = predict(hu, grid, whole(grid), PointwiseEngine(), TWO_MM, threshold=threshold)
        assert np.flatnonzero(found.labels.any(axis=(1, 2))).tolist() == planes


def test_of_several_classes_the_threshold_weighs_the_background_alone() -> None:
    grid = geometry((2.0, 2.0, 2.0))
    truth = ball(grid)
    low, high = (
        predict(lung_with(truth), grid, whole(grid), _FixedClasses(), TWO_MM, threshold=share).labels
        for share in (0.3, 0.7)
    )
    np.testing.assert_array_equal(low, np.where(truth, 1, 2))
    assert not high[~truth.astype(bool)].any()


def test_uncertainty_runs_from_none_to_one_where_both_are_as_likely() -> None:
    grid = geometry((2.0, 2.0, 2.0))
    hu = np.full(grid.shape, -1000, np.int16)
    hu[5], hu[6], hu[7] = 0, -500, -250
    found = predict(hu, grid, whole(grid), PointwiseEngine(), TWO_MM, uncertainty=True)
    assert found.entropy is not None
    assert found.entropy.dtype == np.float32
    planes = found.entropy.mean(axis=(1, 2))
    np.testing.assert_allclose(planes[[4, 5, 6]], [0, 0, 1], atol=1e-6)
    assert planes[7] == pytest.approx(-(0.75 * np.log2(0.75) + 0.25 * np.log2(0.25)), rel=1e-5)
    # Half against half is nobody's: the background has it.
    assert not found.labels[6].any()


def test_uncertainty_stands_on_the_box_s_own_voxels_between_none_and_one() -> None:
    grid = geometry((0.8, 0.8, 5.0))
    hu = np.random.default_rng(1).integers(-1024, 300, grid.shape).astype(np.int16)
    box = Box((1, 4, 9), (11, 60, 70))
    found = predict(hu, grid, box, PointwiseEngine(), TWO_MM, uncertainty=True)
    assert found.entropy is not None
    assert found.entropy.shape == box.shape
    assert 0.0 <= found.entropy.min() < found.entropy.max() <= 1.0


@pytest.mark.parametrize("engine", [PointwiseEngine(), _FixedClasses()], ids=["two classes", "three"])
def test_uncertainty_by_slice_is_what_its_lung_voxels_add_up_to(engine: PointwiseEngine) -> None:
    grid = geometry((0.8, 0.8, 5.0))
    hu = np.random.default_rng(2).integers(-1024, 300, grid.shape).astype(np.int16)
    box, lungs = Box((1, 4, 9), (11, 60, 70)), ball(grid)
    found = predict(hu, grid, box, engine, TWO_MM, lungs=lungs, uncertainty=True, by_slice=True)
    assert found.entropy is not None
    assert found.uncertain_ml is not None
    expected = np.zeros(grid.shape[0])
    expected[box.start[0] : box.stop[0]] = (
        np.where(lungs[box.slices], found.entropy, 0).sum(axis=(1, 2)) * grid.voxel_ml
    )
    assert expected.max() > 0
    np.testing.assert_allclose(found.uncertain_ml, expected, rtol=1e-4)
    assert predict(hu, grid, box, engine, TWO_MM, lungs=lungs).uncertain_ml is None


@pytest.mark.parametrize("spacing", SPACINGS.values(), ids=SPACINGS)
def test_what_the_network_sees_has_exactly_the_model_s_spacing(spacing: tuple[float, float, float]) -> None:
    grid = geometry(spacing)
    box = Box((1, 2, 3), grid.shape)
    seen = prepare(lung_with(ball(grid)), grid, box, TWO_MM)
    assert model_grid(grid, box, TWO_MM).spacing_kji == pytest.approx((2.0, 2.0, 2.0))
    assert seen.shape == model_grid(grid, box, TWO_MM).shape
    assert seen.dtype == np.float32
    assert (seen.min(), seen.max()) == (0.0, 1.0)


def test_a_network_of_the_lungs_alone_sees_air_around_them() -> None:
    grid = geometry((1.0, 1.0, 1.0))
    lungs = ball(grid)
    alone = replace(TWO_MM, lungs_alone=True)
    hu = np.full(grid.shape, -200, np.int16)
    seen = prepare(hu, grid, whole(grid), alone, lungs=lungs)
    inside = model_grid(grid, whole(grid), alone).reduce_mask(lungs)
    assert np.unique(seen[inside]) == pytest.approx(0.8)
    assert not seen[~inside].any()
    with pytest.raises(ValueError, match="lungs alone"):
        prepare(hu, grid, whole(grid), alone)
    found = predict(hu, grid, whole(grid), PointwiseEngine(), alone, lungs=lungs).labels
    assert dice(found, lungs) > 0.9


def test_the_ct_s_own_spacing_is_kept_where_the_network_asks_for_none() -> None:
    grid = geometry((0.7, 0.9, 2.5))
    hu = np.random.default_rng(0).integers(-1000, 400, grid.shape).astype(np.int16)
    np.testing.assert_allclose(prepare(hu, grid, whole(grid), OWN_SPACING), (hu + 1000) / 1400, atol=1e-6)


@pytest.mark.parametrize("last", [0.0, 0.1, 0.5, 0.85, 1.0])
def test_a_cancel_comes_out_of_any_step(last: float) -> None:
    def progress(fraction: float, _message: str) -> None:
        if fraction >= last:
            raise Cancelled

    grid = geometry((2.0, 2.0, 2.0))
    with pytest.raises(Cancelled):
        predict(lung_with(ball(grid)), grid, whole(grid), PointwiseEngine(largest=9000), TWO_MM, progress=progress)


def test_progress_rises_from_none_to_all() -> None:
    told: list[float] = []
    grid = geometry((2.0, 2.0, 2.0))
    engine = PointwiseEngine(largest=9000)
    predict(lung_with(ball(grid)), grid, whole(grid), engine, TWO_MM, progress=lambda part, _: told.append(part))
    assert told == sorted(told)
    assert (told[0], told[-1]) == (0.0, 1.0)


def test_importing_the_room_needs_no_torch() -> None:
    code = "import CovidQuantLib.inference, sys; assert not {'torch', 'monai', 'openvino'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

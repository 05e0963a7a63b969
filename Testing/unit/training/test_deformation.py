"""The rotations, shifts and scales of Grodecki et al. 2021, section 2.4, and nothing else."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("torch", reason="torch is not installed (extra 'networks')")
pytest.importorskip("monai", reason="monai is not installed (extra 'networks')")

from CovidQuantLib.ct import Geometry
from CovidQuantLib.networks import Preprocessing, Reading
from CovidQuantLib.training.augmentation import Augmentation
from CovidQuantLib.training.cases import Case
from CovidQuantLib.training.deformation import RandAffined
from CovidQuantLib.training.options import AugmentationKind
from CovidQuantLib.training.sampling import Place

SIDES = (24, 32)
SEEDS = range(300)
SHAPE = (3, 160, 160)
GRID = Geometry(SHAPE, (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
AS_IT_IS = Preprocessing((1.0, 1.0, 1.0), -1000, 400, 4)


def affine_of(sides: tuple[int, ...], seed: int, strength: float) -> npt.NDArray[np.float64]:
    """The matrix (axes, axes + 1) from a voxel of the patch, counted from its middle, to where it is taken from."""
    drawn = RandAffined(sides, strength).set_random_state(seed=seed).grid().numpy()[: len(sides)]
    places = np.meshgrid(*[np.arange(side) - (side - 1) / 2 for side in sides], indexing="ij")
    known = np.stack([*places, np.ones(sides)], -1).reshape(-1, len(sides) + 1)
    found, _, _, _ = np.linalg.lstsq(known, drawn.reshape(len(sides), -1).T, rcond=None)
    np.testing.assert_allclose(known @ found, drawn.reshape(len(sides), -1).T, atol=1e-3)
    return found.T


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_planes_are_turned_shifted_and_scaled_within_the_papers_ranges_and_up_to_them(strength: float) -> None:
    found = [affine_of(SIDES, seed, strength) for seed in SEEDS]
    scales = np.array([1.0 / np.sqrt(np.linalg.det(one[:, :2])) for one in found])
    angles = np.rad2deg([np.arctan2(one[1, 0], one[0, 0]) for one in found])
    shifts = np.array([one[:, 2] for one in found])
    for one, scale in zip(found, scales, strict=True):
        turned = one[:, :2] * scale
        np.testing.assert_allclose(turned @ turned.T, np.eye(2), atol=1e-4)
    low, high = 1.0 - 0.1 * strength, 1.0 + 0.05 * strength
    assert low - 1e-4 <= scales.min() < low + 0.01
    assert high - 0.01 < scales.max() <= high + 1e-4
    assert 9.5 * strength < np.abs(angles).max() <= 10.0 * strength + 1e-3
    # Shifts are drawn along the turned axes.
    assert 9.5 * strength < np.abs(shifts).max()
    assert np.linalg.norm(shifts, axis=1).max() <= np.sqrt(2.0) * 10.0 * strength + 1e-3


def test_volumes_are_turned_about_three_axes_with_one_scale() -> None:
    for seed in range(20):
        linear = affine_of((8, 10, 12), seed, 1.0)[:, :3]
        scale = np.cbrt(np.linalg.det(linear))
        np.testing.assert_allclose(linear @ linear.T, scale**2 * np.eye(3), atol=1e-3)
        assert 1.0 / 1.05 - 1e-4 <= scale <= 1.0 / 0.9 + 1e-4


def a_case() -> Case:
    """A dense block; its left half is labelled."""
    hu, labels = np.full(SHAPE, -1000, np.int16), np.zeros(SHAPE, np.uint8)
    hu[:, 10:150, 10:150] = 400
    labels[:, 10:150, 10:80] = 1
    return Case(hu, labels, GRID, (np.array([[1, 80, 80]]),), "a", "a", "a")


@pytest.mark.parametrize("kind", ["affine", "geometry"])
def test_the_values_of_the_ct_stay_as_they_are(kind: AugmentationKind) -> None:
    sides = (96, 96)  # Its margin takes in the largest shift.
    augment = Augmentation((1, *sides), AS_IT_IS, "infection", reading=Reading("slice"), strength=1.0, kind=kind)
    mirrored = 0
    for seed in range(40):
        found = augment(a_case(), Place(0, (1, 80, 80), seed))
        # Within the block there is neither noise nor blur.
        assert np.ptp(found["image"].numpy()[0, 24:72, 24:72]) < 1e-6
        assert {int(found["label"][48, 0]), int(found["label"][48, -1])} == {0, 1}
        mirrored += int(found["label"][48, 0]) == 0
    # The paper of the affine kind knows no mirror images.
    assert mirrored == 0 if kind == "affine" else 10 <= mirrored <= 30


def test_full_is_the_default_kind() -> None:
    default = Augmentation((1, *SIDES), AS_IT_IS, "infection", reading=Reading("slice"), strength=1.0)
    full = Augmentation((1, *SIDES), AS_IT_IS, "infection", reading=Reading("slice"), strength=1.0, kind="full")
    where = Place(0, (1, 80, 80), 5)
    np.testing.assert_array_equal(default(a_case(), where)["image"], full(a_case(), where)["image"])

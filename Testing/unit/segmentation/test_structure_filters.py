"""Tubes and plates of known place and direction."""

from __future__ import annotations

import numpy as np
import pytest

from CovidQuantLib.segmentation.structure_filters import (
    _eigenvalues,
    _eigenvector,
    plate_measure,
    smooth_inside,
    tube_measure,
)

SHAPE = (41, 45, 49)
SPACING = (1.25, 1.0, 0.8)
LUNG_HU = -850


def position() -> np.ndarray:
    """Millimetres from the grid's centre, (k, j, i, 3)."""
    axes = [(np.arange(n) - (n - 1) / 2) * s for n, s in zip(SHAPE, SPACING, strict=True)]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


def unit(*vector: float) -> np.ndarray:
    return np.array(vector) / np.linalg.norm(vector)


NORMALS = [unit(1, 0, 0), unit(0, 1, 0), unit(0, 0, 1), unit(1, 1, 0.5), unit(-0.6, 0.3, 0.8)]
INNER = (slice(6, -6),) * 3
EVERYWHERE = np.ones(SHAPE, bool)


def plate(normal: np.ndarray) -> np.ndarray:
    return LUNG_HU + 400 * np.exp(-0.5 * (position() @ normal / 0.8) ** 2)


def tube(direction: np.ndarray) -> np.ndarray:
    along = position() @ direction
    radius = np.linalg.norm(position() - along[..., None] * direction, axis=-1)
    return LUNG_HU + 900.0 * (radius < 2.5)


@pytest.mark.parametrize("normal", NORMALS)
def test_a_plate_is_found_and_its_normal_is_right_in_any_direction(normal: np.ndarray) -> None:
    found = plate_measure(plate(normal), SPACING, [1.0], EVERYWHERE)
    on_it = np.abs(position()[INNER] @ normal) < 0.4
    assert found.strength[INNER][on_it].min() > 0.7
    assert np.abs(found.normal[INNER][on_it] @ normal).min() > 0.97


@pytest.mark.parametrize("direction", NORMALS)
def test_a_tube_is_a_tube_and_no_plate(direction: np.ndarray) -> None:
    hu = tube(direction)
    along = position() @ direction
    axis = np.linalg.norm(position() - along[..., None] * direction, axis=-1)[INNER] < 0.7
    assert tube_measure(hu, SPACING, [1.5, 2.0], EVERYWHERE)[INNER][axis].min() > 0.6
    assert plate_measure(hu, SPACING, [1.5], EVERYWHERE).strength[INNER][axis].max() < 0.3


@pytest.mark.parametrize("normal", NORMALS)
def test_a_plate_is_no_tube(normal: np.ndarray) -> None:
    assert tube_measure(plate(normal), SPACING, [1.0], EVERYWHERE)[INNER].max() < 0.1


def test_uniform_lung_and_dark_plates_hold_nothing() -> None:
    for hu in (np.full(SHAPE, LUNG_HU), -1700 - plate(unit(0, 1, 0))):
        assert tube_measure(hu, SPACING, [1.0], EVERYWHERE)[INNER].max() < 0.05
    assert plate_measure(np.full(SHAPE, LUNG_HU), SPACING, [1.0], EVERYWHERE).strength.max() < 0.05


def test_the_wall_beside_the_mask_is_no_structure() -> None:
    hu = np.where(position()[..., 1] > 3, 40, LUNG_HU)
    lung = position()[..., 1] <= 3
    found = plate_measure(hu, SPACING, [1.0], lung)
    assert found.strength.max() < 0.05
    assert not found.strength[~lung].any()
    assert tube_measure(hu, SPACING, [1.0], lung).max() < 0.05


def test_smoothing_inside_a_mask_keeps_a_constant_up_to_its_border() -> None:
    lung = position()[..., 0] > 0
    smooth = smooth_inside(np.where(lung, LUNG_HU, 40), SPACING, 2.0, lung)
    np.testing.assert_allclose(smooth[lung], LUNG_HU, atol=0.5)


def test_eigenvalues_and_eigenvectors_agree_with_numpy() -> None:
    random = np.random.default_rng(0)
    matrices = random.normal(size=(500, 3, 3)) * 100
    matrices = matrices + matrices.transpose(0, 2, 1)
    parts = [matrices[:, a, b].astype(np.float32) for a, b in ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))]
    small, middle, large = _eigenvalues(parts)
    expected = np.linalg.eigvalsh(matrices)
    expected = np.take_along_axis(expected, np.abs(expected).argsort(axis=1), axis=1)
    np.testing.assert_allclose(np.stack([small, middle, large], axis=1), expected, atol=0.5)
    vector = _eigenvector(parts, large).astype(np.float64)
    np.testing.assert_allclose(matrices @ vector[..., None], (large[:, None] * vector)[..., None], atol=2.0)

"""Normal lung: its density is measured in this patient, and rises with gravity."""

from __future__ import annotations

import numpy as np
import pytest

from CovidQuantLib.segmentation.parenchyma import (
    GRAVITY_HU_PER_MM,
    NormalLung,
    expected_density,
    normal_lung,
)

INSIDE = np.ones((20, 30, 20), bool)


@pytest.mark.parametrize("level", [-920.0, -850.0, -740.0])
def test_the_mode_is_found_where_half_of_the_lung_is_ill(level: float) -> None:
    density = np.random.default_rng(0).normal(level, 20.0, INSIDE.shape).astype(np.float32)
    density[:, :15] = np.random.default_rng(1).normal(-450.0, 120.0, (20, 15, 20))
    normal = normal_lung(density, INSIDE)
    assert normal.level == pytest.approx(level, abs=12.0)
    assert normal.spread == pytest.approx(20.0, abs=10.0)


def test_a_white_lung_is_compared_with_a_usual_one() -> None:
    assert normal_lung(np.full(INSIDE.shape, 30.0, np.float32), INSIDE) == NormalLung(-850.0, 0.0)


@pytest.mark.parametrize(("position", "down"), [(None, 1), ("HFS", 1), ("FFS", 1), ("HFP", -1), ("HFDR", 0)])
def test_density_rises_downwards_in_every_position(position: str | None, down: int) -> None:
    expected = expected_density(NormalLung(-850.0, 20.0), INSIDE, (1.0, 2.0, 1.0), position)
    assert expected.shape == (1, 30, 1)
    assert expected.mean() == pytest.approx(-850.0, abs=0.01)
    np.testing.assert_allclose(np.diff(expected.ravel()), down * 2.0 * GRAVITY_HU_PER_MM, atol=1e-3)

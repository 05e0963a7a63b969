"""What the experiment with weak labels counts: Dice, TPR, FPR, FPR of a dilated reference, and gamma, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS
from Testing.conftest import require

torch = require("torch")
require("monai")

from Testing.benchmarks.weak_label_figures import (  # noqa: E402 - they import torch
    DILATIONS,
    THRESHOLD,
    fitted_gamma,
    infection_dice,
    judge,
)
from Testing.benchmarks.weak_label_patients import Painted  # noqa: E402

HEALTHY, GLASS, NEARLY, DENSE = 1.0, 5.0, 7.0, 8.0
SIDE = 12
REGION = [(j, i) for j in range(2, 10) for i in range(2, 10)]
SOLID = [(4, 4), (4, 5), (5, 4), (5, 5)]


def over(limit: float) -> Any:
    """A network that says yes where the middle slice is over `limit`, but for the first row."""

    def module(x: Any) -> Any:
        yes = x[:, x.shape[1] // 2 : x.shape[1] // 2 + 1] - limit
        yes[:, :, 0] = -1.0
        return torch.cat((torch.zeros_like(yes), yes), dim=1)

    return module


def patient(region: list[tuple[int, int]], values: dict[tuple[int, int], float], solid: list[Any]) -> Painted:
    x = np.full((1, SIDE, SIDE), HEALTHY, np.float32)
    classes = np.zeros((1, SIDE, SIDE), np.uint8)
    for place in region:
        x[0][place], classes[0][place] = GLASS, GROUND_GLASS.label
    for place in solid:
        classes[0][place] = CONSOLIDATION.label
    for place, value in values.items():
        x[0][place] = value
    return Painted(x, classes)


def patients() -> list[Painted]:
    """Of 64 infected pixels 4 are consolidation; the other patient has 10 and no consolidation.

    Of the consolidation two pixels are dense; a pixel beside it is nearly so, one far from it is dense, and one in the
    first row is, where UNet-1 sees no infection.
    """
    mixed = {(4, 4): DENSE, (4, 5): DENSE, (4, 6): NEARLY, (8, 8): DENSE, (0, 0): DENSE}
    return [patient(REGION, mixed, SOLID), patient(REGION[:10], {REGION[0]: NEARLY}, [])]


def test_dice_tpr_and_fpr_within_the_region_of_unet_1() -> None:
    by_network, by_threshold = judge(patients(), over(3.0), {"phi_2": over(6.0)})
    assert (by_network.name, by_threshold.name) == ("phi_2", THRESHOLD)
    # Found are (4, 4), (4, 5), (4, 6) and (8, 8), and one pixel of the other patient.
    assert by_network.dice == pytest.approx(2 * 2 / (4 + 4))
    assert by_network.tpr == pytest.approx(2 / 4)
    assert by_network.fpr == pytest.approx((2 + 1) / (60 + 10))
    assert by_network.false_share == pytest.approx(1 / 10)
    # The threshold lies at 7.49, which is -200 HU: (4, 4), (4, 5) and (8, 8).
    assert by_threshold.dice == pytest.approx(2 * 2 / (3 + 4))
    assert by_threshold.tpr == pytest.approx(2 / 4)
    assert by_threshold.fpr == pytest.approx(1 / 70)
    assert by_threshold.false_share == 0.0


def test_fpr_leaves_out_what_lies_within_0_to_9_pixels_of_the_reference() -> None:
    (found, _) = judge(patients(), over(3.0), {"phi_2": over(6.0)})
    assert list(DILATIONS) == list(range(10))
    far = {place: min(abs(place[0] - j) + abs(place[1] - i) for j, i in SOLID) for place in REGION}
    for reach, fpr in zip(DILATIONS, found.fpr_dilated, strict=True):
        beyond = sum(distance > reach for distance in far.values()) + 10
        false = (far[4, 6] > reach) + (far[8, 8] > reach) + 1
        assert fpr == pytest.approx(false / beyond)
    assert (far[4, 6], far[8, 8]) == (1, 6)


def test_the_infection_of_unet_1_is_judged_by_the_mean_of_the_patients() -> None:
    # Over 6: five pixels of 64 less the one in the first row, and one of 10.
    assert infection_dice(patients(), over(3.0)) == 1.0
    assert infection_dice(patients(), over(6.0)) == pytest.approx((2 * 4 / (4 + 64) + 2 * 1 / (1 + 10)) / 2)


@pytest.mark.parametrize("gamma", [0.15, 0.4, 1.0])
def test_gamma_of_points_on_a_curve_is_that_of_the_curve(gamma: float) -> None:
    points = [(fpr, fpr**gamma) for fpr in (0.001, 0.01, 0.2)]
    assert fitted_gamma(points) == pytest.approx(gamma)
    # Points at 0 and 1 have no logarithm that tells anything.
    assert fitted_gamma([*points, (0.0, 0.3), (0.1, 0.0), (1.0, 1.0)]) == pytest.approx(gamma)


def test_gamma_needs_two_points() -> None:
    assert fitted_gamma([]) is None
    assert fitted_gamma([(0.1, 0.5), (0.0, 0.0)]) is None

"""The loss, its schedule and its optimisers."""

from __future__ import annotations

import math
from typing import Any

import pytest

from CovidQuantLib.training.cases import IGNORED
from CovidQuantLib.training.options import Loss, Schedule
from CovidQuantLib.training.schedule import rate_factor, share_done
from Testing.conftest import require

LOSSES: tuple[Loss, ...] = ("dice_ce", "dice_focal")


def loss(logits: Any, labels: Any, kind: Loss = "dice_ce") -> Any:
    from CovidQuantLib.training.losses import segmentation_loss

    return segmentation_loss(logits, labels, kind, lambda values: values)


@pytest.fixture
def torch() -> Any:
    return require("torch")


@pytest.fixture
def labels(torch: Any) -> Any:
    found = torch.zeros(2, 4, 4, 4, dtype=torch.long)
    found[:, :2] = 1
    return found


def sure(torch: Any, labels: Any) -> Any:
    """Logits that say `labels` with certainty."""
    return torch.nn.functional.one_hot(labels.clamp(max=1), 2).movedim(-1, 1).float() * 40 - 20


@pytest.mark.parametrize("kind", LOSSES)
def test_the_right_answer_costs_nothing_and_the_wrong_one_much(torch: Any, labels: Any, kind: Loss) -> None:
    assert float(loss(sure(torch, labels), labels, kind)) == pytest.approx(0.0, abs=1e-4)
    assert float(loss(sure(torch, 1 - labels), labels, kind)) > 10


def test_an_undecided_answer_has_the_value_of_the_formula(torch: Any, labels: Any) -> None:
    # Half of a patch's 64 voxels are lesion, all are found with 1/2: Dice (2 * 16 + 1) / (32 + 32 + 1).
    expected = 1 - 33 / 65 + math.log(2)
    assert float(loss(torch.zeros(2, 2, 4, 4, 4), labels)) == pytest.approx(expected, rel=1e-5)


def test_a_missed_small_lesion_costs_as_much_dice_as_a_missed_large_one(torch: Any) -> None:
    """The Dice part alone: the small lesion of 4 voxels lies in a batch with a large one of 64 that is found."""
    wanted = torch.zeros(2, 4, 4, 4, dtype=torch.long)
    wanted[0], wanted[1, 0, 0] = 1, 1
    costs = []
    for missed in (0, 1):
        found = wanted.clone()
        found[missed] = 0
        wrong = int((found != wanted).sum())
        costs.append(float(loss(sure(torch, found), wanted)) - 40.0 * wrong / 128)
    large, small = costs
    # 4 beside 64 voxels: by their size alone it would be a sixteenth. The smoothing takes a tenth from the small one.
    assert small == pytest.approx((1 - 1 / 5) / 2, abs=1e-3)
    assert large == pytest.approx((1 - 1 / 65) / 2, abs=1e-3)


def test_what_is_found_in_a_patch_without_a_label_costs_cross_entropy_alone(torch: Any, labels: Any) -> None:
    labels[1] = 0
    found = labels.clone()
    found[1, 0] = 1
    right, wrong = (float(loss(sure(torch, said), labels)) for said in (labels, found))
    assert wrong - right == pytest.approx(40.0 * 16 / 128, abs=1e-3)


def test_focal_loss_counts_what_is_nearly_right_less(torch: Any, labels: Any) -> None:
    logits = torch.zeros(2, 2, 4, 4, 4)
    difference = float(loss(logits, labels)) - float(loss(logits, labels, "dice_focal"))
    assert difference == pytest.approx(0.75 * math.log(2), rel=1e-5)


@pytest.mark.parametrize("kind", LOSSES)
def test_ignored_voxels_change_neither_loss_nor_gradient(torch: Any, labels: Any, kind: Loss) -> None:
    random = torch.Generator().manual_seed(1)
    logits = torch.randn(2, 2, 4, 4, 4, generator=random)
    labels[:, :, :, 0] = IGNORED
    other = logits.clone()
    other[:, :, :, :, 0] += 100
    logits.requires_grad_()
    value = loss(logits, labels, kind)
    value.backward()
    assert float(value.detach()) == pytest.approx(float(loss(other, labels, kind)), rel=1e-6)
    assert float(logits.grad[:, :, :, :, 0].abs().max()) == 0.0
    assert float(logits.grad.abs().max()) > 0.0


def test_a_batch_in_which_nothing_counts_costs_nothing(torch: Any, labels: Any) -> None:
    assert float(loss(torch.zeros(2, 2, 4, 4, 4), torch.full_like(labels, IGNORED))) == 0.0


def test_smooth_dice_is_the_equation_of_the_paper_plus_one(torch: Any) -> None:
    """Wu et al. 2020, equation 2, by hand: two slices, of which the second has no lesion."""
    logits = torch.zeros(2, 2, 4, 4)
    labels = torch.zeros(2, 4, 4, dtype=torch.long)
    labels[0, 0] = 1
    # f = 1/2 everywhere: (2 * 4 / 2 + 1) / (4 + 8 + 1), and (0 + 1) / (0 + 8 + 1).
    expected = -((5 / 13) + (1 / 9)) / 2
    assert float(loss(logits, labels, "smooth_dice")) - 1.0 == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("kind", ["dice_ce", "dice_focal", "smooth_dice", "rmi"])
def test_losses_take_slices_as_they_take_volumes(torch: Any, kind: Loss) -> None:
    labels = torch.zeros(2, 24, 24, dtype=torch.long)
    labels[:, 5:15, 8:20] = 1
    labels[:, :2] = IGNORED
    random = torch.Generator().manual_seed(1)
    logits = torch.randn(2, 2, 24, 24, generator=random).requires_grad_()
    value = loss(logits, labels, kind)
    value.backward()
    assert float(value.detach()) > float(loss(sure(torch, labels), labels, kind))
    assert logits.grad.isfinite().all()
    assert float(logits.grad[:, :, :2].abs().max()) == 0.0
    of_one_deep = loss(logits.detach()[:, :, None], labels[:, None], kind)
    assert float(of_one_deep) == pytest.approx(float(value.detach()), rel=1e-5)


def test_region_mutual_information_tells_a_shifted_edge_from_scattered_pixels(torch: Any) -> None:
    """As many pixels are wrong in both; what keeps the region's structure costs less."""
    labels = torch.zeros(1, 45, 45, dtype=torch.long)
    labels[:, 9:36, 9:36] = 1
    shifted, scattered = labels.roll(3, 1), labels.clone()
    wrong = int((shifted != labels).sum())
    order = torch.randperm(45 * 45, generator=torch.Generator().manual_seed(0))[:wrong]
    scattered.view(-1)[order] = 1 - scattered.view(-1)[order]
    costs = [float(loss(sure(torch, said), labels, "rmi")) for said in (labels, shifted, scattered)]
    assert costs[0] < costs[1] < costs[2]


def test_the_steps_of_a_schedule_lower_the_rate_to_a_tenth_each() -> None:
    """Wu et al. 2020, section III-B: 1e-2, 1e-3 and 1e-4 for the epochs 1 to 50, to 100 and to 200."""
    rates = [1e-2 * rate_factor("steps", 0.5, epoch=epoch, steps=(50, 100)) for epoch in (0, 49, 50, 99, 100, 199)]
    assert rates == pytest.approx([1e-2, 1e-2, 1e-3, 1e-3, 1e-4, 1e-4])
    assert rate_factor("plateau", 0.5, drops=2) == pytest.approx(0.01)
    assert rate_factor("constant", 0.9) == 1.0


@pytest.mark.parametrize("schedule", ["poly", "cosine"])
def test_the_rate_rises_briefly_and_falls_to_a_hundredth(schedule: Schedule) -> None:
    factors = [rate_factor(schedule, share / 1000) for share in range(1001)]
    top = factors.index(max(factors))
    assert 10 <= top <= 25
    assert max(factors) > 0.95
    assert all(a > b for a, b in zip(factors[top:], factors[top + 1 :], strict=False))
    assert factors[0] > 0
    assert factors[-1] == pytest.approx(0.01)


def test_a_training_is_as_far_as_the_greater_of_its_steps_and_its_time() -> None:
    assert share_done(step=3, steps=10, seconds=1.0, budget_seconds=None) == 0.3
    assert share_done(step=3, steps=10, seconds=30.0, budget_seconds=60.0) == 0.5
    assert share_done(step=99, steps=None, seconds=90.0, budget_seconds=60.0) == 1.0

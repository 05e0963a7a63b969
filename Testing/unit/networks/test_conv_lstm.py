"""The convolutional LSTM: its memory, its attention, and what a slice of a run costs."""

from __future__ import annotations

from typing import Any

import pytest

from CovidQuantLib.networks import network
from Testing.conftest import require
from Testing.network_factory import small_network

torch = require("torch")
SIDE = 16
ABOVE = 5


@pytest.fixture
def module() -> Any:
    """With weights of some size in the last layers, so that differences show."""
    found = small_network("conv_lstm")
    with torch.no_grad():
        for head in (found.main_head, found.attended_head, found.attention_head):
            head[-1].weight.normal_(generator=torch.Generator().manual_seed(1))
    return found


def run(slices: int) -> Any:
    return torch.rand(1, slices, SIDE, SIDE, generator=torch.Generator().manual_seed(2))


def test_the_sequence_of_the_catalogue_is_the_network_s() -> None:
    from CovidQuantLib.networks.conv_lstm import SLICES

    assert network("conv_lstm").reading.slices == SLICES == 2 * ABOVE + 1


def test_a_slice_of_a_run_gets_the_answer_of_its_eleven_alone(module: Any) -> None:
    slices = run(14)
    with torch.inference_mode():
        together = module(slices)
        for first in range(4):
            torch.testing.assert_close(together[:, :, first], module(slices[:, first : first + 11])[:, :, 0])


def test_a_slice_sees_five_below_and_five_above_and_no_further(module: Any) -> None:
    slices = run(13)
    for changed, seen in ((1, True), (6, True), (11, True), (0, False), (12, False)):
        other = slices.clone()
        other[:, changed] = 1.0 - other[:, changed]
        with torch.inference_mode():
            difference = (module(other) - module(slices))[:, :, 1].abs().max()
        assert (difference > 1e-6) == seen


def test_the_memory_knows_the_order_of_the_slices(module: Any) -> None:
    slices = run(11)
    with torch.inference_mode():
        up, down = module(slices), module(slices.flip(1))
    assert (up - down).abs().max() > 1e-4


def test_attention_chooses_between_the_branches(module: Any) -> None:
    """Equation 1: S = S_main a + S_attention (1 - a)."""
    slices = run(11)
    with torch.inference_mode():
        main, attended, attention = module.branches(slices)
        torch.testing.assert_close(module(slices)[:, :, 0], main * attention + attended * (1 - attention))
        assert attention.shape == (1, 1, SIDE, SIDE)
        module.attention_head[-1].weight.zero_()
        for bias, branch in ((50.0, main), (-50.0, attended)):
            module.attention_head[-1].bias.fill_(bias)
            torch.testing.assert_close(module(slices)[:, :, 0], branch)


def test_the_main_branch_sees_the_slice_alone(module: Any) -> None:
    slices = run(11)
    other = run(11).flip(2)
    other[:, ABOVE] = slices[:, ABOVE]
    with torch.inference_mode():
        torch.testing.assert_close(module.branches(other)[0], module.branches(slices)[0])


def test_what_is_found_of_a_slice_by_itself_is_found_once(module: Any) -> None:
    seen: dict[str, int] = {}
    for name, layer in (("first", module.conv0), ("gates", module.memory.from_slice), ("main", module.main_head)):
        layer.register_forward_hook(lambda _, inputs, __, name=name: seen.update({name: len(inputs[0])}))
    module(run(26))
    assert seen == {"first": 26, "gates": 26, "main": 16}


def test_a_slice_of_a_run_costs_far_less_than_eleven_slices() -> None:
    alone, in_a_run = multiplications(1), multiplications(120) / 120
    assert alone == pytest.approx(14.3e9, rel=0.01)
    assert in_a_run == pytest.approx(10.8e9, rel=0.01)
    # Alone, ten neighbours are looked at for the one slice; in a run that is shared, and the LSTM's ten steps remain.
    recurrence = 10.0 * 9 * 32 * 128 * 64 * 64
    assert in_a_run < 11 * (in_a_run - recurrence) / 8


def multiplications(labelled: int) -> float:
    """Of the convolutions of the default network, on tensors without memory, for a run that labels this many slices."""
    with torch.device("meta"):
        module = network("conv_lstm").build(classes=3).eval()
    counted = []
    for layer in module.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_hook(lambda own, _, output: counted.append(output.numel() * own.weight[0].numel()))
    with torch.inference_mode():
        module(torch.empty(1, labelled + 2 * ABOVE, 256, 256, device="meta"))
    return float(sum(counted))


def test_it_learns_what_only_a_neighbour_shows() -> None:
    """The slice itself is empty; what is bright five slices above is to be found in it."""
    torch.manual_seed(0)
    module = small_network("conv_lstm").train()
    optimiser = torch.optim.Adam(module.parameters(), lr=2e-2)
    slices = torch.zeros(4, 11, SIDE, SIDE)
    wanted = torch.zeros(4, SIDE, SIDE, dtype=torch.long)
    for number, (j, i) in enumerate(((0, 0), (0, 8), (8, 0), (8, 8))):
        wanted[number, j : j + 8, i : i + 8] = 1
        slices[number, 10, j : j + 8, i : i + 8] = 1.0
    losses = []
    for _ in range(40):
        loss = torch.nn.functional.cross_entropy(module(slices)[:, :, 0], wanted)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.4 * losses[0]

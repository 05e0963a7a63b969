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
    seen: dict[str, list[int]] = {"first": [], "gates": [], "dense": [], "main": [], "state": []}
    for name, layer in (
        ("first", module.conv0),
        ("gates", module.memory.from_slice),
        ("dense", module.denseblock1),
        ("main", module.main_head),
        ("state", module.memory.from_state),
    ):
        layer.register_forward_hook(lambda _, inputs, __, name=name: seen[name].append(len(inputs[0])))
    module(run(26))
    # One call each, for as many slices as there are; of the recurrent part one for each step after the first.
    assert seen == {"first": [26], "gates": [26], "dense": [16], "main": [16], "state": [16] * 10}


def test_a_slice_of_a_run_costs_its_own_features_and_the_lstm_s_steps() -> None:
    """Counted against the description, at 256 x 256 and three classes: far from the features of eleven slices."""
    half, quarter = 128 * 128, 64 * 64
    first = 64 * 7 * 7 * half
    dense = sum((64 + 32 * layer) * 128 + 128 * 32 * 9 for layer in range(6)) * half
    gates = 64 * 4 * 32 * 9 * quarter
    heads = head_weights(64 + 6 * 32, 3) * half + (head_weights(32, 3) + head_weights(32, 1)) * quarter
    # The state is empty at the first of the eleven.
    steps = 10 * 32 * 4 * 32 * 9 * quarter
    features = first + dense + gates + heads
    alone, in_a_run = multiplications(1), multiplications(120) / 120
    assert alone == features + steps + 10 * (first + gates)
    assert features + steps < in_a_run < 1.05 * (features + steps)
    assert in_a_run < 1.5 * features < 11 * features / 7
    # As docs/networks.md has it.
    assert [round(count / 1e9, 1) for count in (alone, in_a_run, steps)] == [14.3, 10.8, 1.5]


def head_weights(inputs: int, outputs: int) -> int:
    """Of the convolutions of a head: two of 3x3 with 64 channels, and one of 1x1."""
    return inputs * 64 * 9 + 64 * 64 * 9 + 64 * outputs


def default_module() -> Any:
    with torch.device("meta"):
        return network("conv_lstm").build(classes=3).eval()


def test_has_the_components_of_the_paper() -> None:
    """A dense block, an LSTM, two segmentation heads and an attention head, each of the three of section 2.5."""
    module = default_module()
    for head, outputs in ((module.main_head, 3), (module.attended_head, 3), (module.attention_head, 1)):
        convolutions = [layer for layer in head.modules() if isinstance(layer, torch.nn.Conv2d)]
        assert [layer.kernel_size for layer in convolutions] == [(3, 3), (3, 3), (1, 1)]
        assert convolutions[-1].out_channels == outputs
        kinds = [type(layer).__name__ for layer in head.modules()]
        assert (kinds.count("BatchNorm2d"), kinds.count("LeakyReLU")) == (2, 2)
    assert {name for name, _ in module.named_children() if name.endswith("head")} == {
        "main_head",
        "attended_head",
        "attention_head",
    }
    # Three gates and the candidate, 32 channels each, from the slice's 64 and from the state's 32.
    assert module.memory.from_slice.weight.shape == (4 * 32, 64, 3, 3)
    assert module.memory.from_state.weight.shape == (4 * 32, 32, 3, 3)


def test_its_dense_block_is_the_first_of_densenet_121() -> None:
    """Six layers of growth 32 behind a 7x7 convolution, whose three colours are added up to one."""
    module = default_module()
    assert module.conv0.weight.shape == (64, 1, 7, 7)
    assert [name for name, _ in module.denseblock1.named_children()] == [f"denselayer{n}" for n in range(1, 7)]
    for number, layer in enumerate(module.denseblock1):
        assert layer.conv1.weight.shape == (128, 64 + 32 * number, 1, 1)
        assert layer.conv2.weight.shape == (32, 128, 3, 3)


def test_has_the_parameters_that_this_makes() -> None:
    def head(inputs: int, outputs: int) -> int:
        return head_weights(inputs, outputs) + 2 * 64 + 2 * 64 + outputs

    first = 64 * 7 * 7 + 2 * 64
    dense = sum(2 * a + a * 128 + 2 * 128 + 128 * 32 * 9 for a in range(64, 256, 32))
    memory = (64 + 32) * 4 * 32 * 9 + 4 * 32
    expected = first + dense + memory + head(256, 3) + head(32, 3) + head(32, 1)
    assert sum(tensor.numel() for tensor in default_module().parameters()) == expected


def test_the_attention_is_a_sigmoid_of_its_head(module: Any) -> None:
    given: list[Any] = []
    module.attention_head.register_forward_hook(lambda _, __, output: given.append(output))
    with torch.inference_mode():
        _, _, attention = module.branches(run(11))
    larger = torch.nn.functional.interpolate(torch.sigmoid(given[0]), scale_factor=4, mode="bilinear")
    assert given[0].shape == (1, 1, SIDE // 4, SIDE // 4)
    torch.testing.assert_close(attention, larger)


def multiplications(labelled: int) -> int:
    """Of the convolutions of the default network, on tensors without memory, for a run that labels this many slices."""
    module = default_module()
    counted = []
    for layer in module.modules():
        if isinstance(layer, torch.nn.Conv2d):
            layer.register_forward_hook(lambda own, _, output: counted.append(output.numel() * own.weight[0].numel()))
    with torch.inference_mode():
        module(torch.empty(1, labelled + 2 * ABOVE, 256, 256, device="meta"))
    return int(sum(counted))


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

"""VB-Net: shapes, the bottleneck, the skip connections, refusals."""

from __future__ import annotations

from typing import Any

import pytest

from CovidQuantLib.messages import InputError
from CovidQuantLib.networks import network

torch = pytest.importorskip("torch", reason="torch is not installed (extra 'networks')")

SMALL: dict[str, Any] = {"width": 4, "blocks": (1, 1, 2)}


def parameters(**arguments: Any) -> int:
    return sum(tensor.numel() for tensor in network("vbnet").build(classes=2, **arguments).parameters())


@pytest.mark.parametrize("classes", [2, 3, 6, 19])
def test_gives_one_logit_a_class_and_voxel(classes: int) -> None:
    net = network("vbnet").build(classes=classes, **SMALL).eval()
    assert net(torch.rand(2, 1, 8, 12, 16)).shape == (2, classes, 8, 12, 16)


def test_takes_several_input_channels() -> None:
    net = network("vbnet").build(in_channels=3, classes=2, **SMALL).eval()
    assert net(torch.rand(1, 3, 8, 8, 8)).shape == (1, 2, 8, 8, 8)


@pytest.mark.parametrize("levels", [1, 2, 5])
def test_any_number_of_levels_fits_together(levels: int) -> None:
    net = network("vbnet").build(classes=2, width=4, blocks=(1,) * levels).eval()
    side = 2 * 2 ** (levels - 1)
    assert net(torch.rand(1, 1, side, side, side)).shape == (1, 2, side, side, side)


@pytest.mark.parametrize("norm", ["instance", "group", "batch"])
def test_every_norm_learns(norm: str) -> None:
    torch.manual_seed(0)
    net = network("vbnet").build(classes=2, norm=norm, **SMALL)
    net(torch.rand(2, 1, 8, 8, 8)).square().mean().backward()
    assert all(tensor.grad is not None and tensor.grad.isfinite().all() for tensor in net.parameters())


def test_the_bottleneck_of_one_block_has_the_weights_of_the_paper() -> None:
    # Each block adds the weights of 1x1x1, 3x3x3 and 1x1x1, and two for each normalised channel.
    one, two = (parameters(width=16, blocks=(number,), reduction=4) for number in (1, 2))
    assert two - one == 16 * 4 + 27 * 4 * 4 + 4 * 16 + 2 * (4 + 4 + 16)


def test_without_bottleneck_a_block_is_a_plain_convolution_of_all_channels() -> None:
    one, two = (parameters(width=16, blocks=(number,), reduction=None) for number in (1, 2))
    assert two - one == 27 * 16 * 16 + 2 * 16


def test_the_bottleneck_makes_the_network_smaller() -> None:
    assert 5 * parameters() < parameters(reduction=None)


def test_the_docstring_states_the_number_of_parameters() -> None:
    assert parameters() == 1_919_794
    assert "1.92 million parameters" in (type(network("vbnet").build(classes=2)).__doc__ or "")


def test_a_detail_reaches_the_output_through_the_skip_connection_alone() -> None:
    torch.manual_seed(0)
    net = network("vbnet").build(classes=2, width=4, blocks=(1, 1)).eval()
    torch.nn.init.zeros_(net.up[0].raise_resolution[0].weight)
    flat = torch.rand(1, 1, 8, 8, 8)
    dotted = flat.clone()
    dotted[0, 0, 4, 4, 4] += 1.0
    assert (net(dotted) - net(flat))[0, :, 4, 4, 4].abs().max() > 0.01


@pytest.mark.parametrize(
    "arguments",
    [
        {"width": 0},
        {"width": 10**9},
        {"width": True},
        {"width": "16"},
        {"blocks": []},
        {"blocks": [10**9]},
        {"blocks": [1] * 100},
        {"blocks": "11"},
        {"reduction": 0},
        {"norm": "none"},
        {"norm": ["instance"]},
    ],
)
def test_settings_that_make_no_network_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="make no VB-Net"):
        network("vbnet").build(classes=2, **arguments)

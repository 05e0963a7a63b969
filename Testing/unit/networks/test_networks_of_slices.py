"""The networks of slices, slabs and sequences: what the papers say of them, counted."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from CovidQuantLib.messages import InputError
from CovidQuantLib.networks import network
from Testing.conftest import require
from Testing.network_factory import OF_SLICES, SMALL_NETWORKS, input_shape, small_network

torch = require("torch")
require("monai")


def default_network(name: str) -> Any:
    """With its default settings and two classes, without memory."""
    with torch.device("meta"):
        return network(name).build(classes=2)


def parameters(module: Any) -> int:
    return sum(tensor.numel() for tensor in module.parameters())


def layers(module: Any, kind: str) -> list[Any]:
    return [part for part in module.modules() if type(part).__name__ == kind]


def separated(inputs: int, outputs: int, side: int = 3) -> int:
    """The weights of a convolution without bias, and of the batch norm behind it."""
    return inputs * outputs * side * side + 2 * outputs


@pytest.mark.parametrize("name", OF_SLICES)
@pytest.mark.parametrize("classes", [2, 3])
def test_gives_one_logit_a_class_and_pixel(name: str, classes: int) -> None:
    reading = network(name).reading
    with torch.inference_mode():
        found = small_network(name, classes=classes)(torch.rand(2, *input_shape(reading, 32, labelled=3)[1:]))
    labelled = (3,) if reading.kind == "sequence" else ()
    assert found.shape == (2, classes, *labelled, 32, 32)


@pytest.mark.parametrize("name", OF_SLICES)
def test_the_docstring_states_the_number_of_parameters(name: str) -> None:
    module = default_network(name)
    assert f"{parameters(module) / 1e6:.2f} million parameters" in (type(module).__doc__ or "")


@pytest.mark.parametrize("name", OF_SLICES)
def test_every_weight_learns(name: str) -> None:
    module = small_network(name).train()
    module(torch.rand(2, *input_shape(network(name).reading, 32)[1:])).square().mean().backward()
    assert all(tensor.grad is not None and tensor.grad.isfinite().all() for tensor in module.parameters())


@pytest.mark.parametrize("name", OF_SLICES)
@pytest.mark.parametrize("value", [0, 10**9, True, "8"])
def test_settings_that_make_no_network_are_refused(name: str, value: Any) -> None:
    setting = next(iter(SMALL_NETWORKS[name]))
    with pytest.raises(InputError, match="make no"):
        network(name).build(classes=2, **{setting: value})


@pytest.mark.parametrize("name", OF_SLICES)
def test_another_number_of_channels_than_it_is_fed_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="input channels"):
        network(name).build(in_channels=5, classes=2)


class TestLesionNet:
    def test_has_the_components_of_the_paper(self) -> None:
        """Twelve segments of convolution, batch norm and activation; three transposed convolutions."""
        module = default_network("lesion_net")
        assert [len(layers(module, kind)) for kind in ("BatchNorm2d", "ReLU", "ConvTranspose2d")] == [12, 12, 3]
        assert Counter(layer.kernel_size for layer in layers(module, "Conv2d")) == {(3, 3): 12, (1, 1): 1}

    def test_has_the_parameters_that_this_makes(self) -> None:
        """Eight segments down, two on a level; the four going up take the concatenated channels first."""
        widths = [32, 64, 128, 256]
        down = sum(separated(a, b) + separated(b, b) for a, b in zip([1, *widths], widths, strict=False))
        up = sum(separated(2 * b, b) for b in widths[:3]) + separated(32, 32)
        transposed = sum(2 * b * b * 4 + b for b in widths[:3])
        assert parameters(default_network("lesion_net")) == down + up + transposed + 32 * 2 + 2

    def test_pools_three_times(self) -> None:
        module, pooled = small_network("lesion_net"), []
        module.pool.register_forward_hook(lambda _, __, output: pooled.append(output.shape[-1]))
        module(torch.rand(1, 1, 32, 32))
        assert pooled == [16, 8, 4]

    def test_a_detail_reaches_the_output_through_the_concatenation_alone(self) -> None:
        module = small_network("lesion_net")
        for layer in module.raise_resolution:
            torch.nn.init.zeros_(layer.weight)
        flat = torch.rand(1, 1, 16, 16)
        dotted = flat.clone()
        dotted[0, 0, 8, 8] += 1.0
        assert (module(dotted) - module(flat)).abs().max() > 1e-3


class TestHybridUNet:
    def test_has_the_blocks_of_the_paper(self) -> None:
        """Five blocks down and four up of two convolutions, 32 channels doubled, strides down, joined by adding."""
        module = default_network("hybrid_unet")
        convolutions = [layer for layer in layers(module, "Conv2d") if layer.kernel_size == (3, 3)]
        assert len(convolutions) == 2 * (5 + 4)
        assert sum(layer.stride == (2, 2) for layer in convolutions) == 4
        assert [block[0][0].out_channels for block in module.down] == [32, 64, 128, 256, 512]
        # Added, not concatenated: a block up takes as many channels as it gives.
        assert [(block[0][0].in_channels, block[1][0].out_channels) for block in module.up] == [
            (side, side) for side in (256, 128, 64, 32)
        ]
        assert {layer.negative_slope for layer in layers(module, "LeakyReLU")} == {0.2}
        assert module.last.out_channels == 1

    def test_has_the_parameters_that_this_makes(self) -> None:
        widths = [32, 64, 128, 256, 512]
        down = sum(separated(a, b) + separated(b, b) for a, b in zip([7, *widths], widths, strict=False))
        up = sum(2 * b * b * 4 + b + 2 * separated(b, b) for b in widths[:4])
        assert parameters(default_network("hybrid_unet")) == down + up + 32 + 1

    def test_its_softmax_is_the_sigmoid_of_one_channel(self) -> None:
        module = small_network("hybrid_unet")
        with torch.inference_mode():
            logits = module(torch.rand(1, 7, 32, 32))
        torch.testing.assert_close(torch.softmax(logits, 1)[:, 1], torch.sigmoid(logits[:, 1]))


class TestOpacityUNet:
    def test_is_silent_on_the_standard_output(self, capsys: pytest.CaptureFixture[str]) -> None:
        default_network("opacity_unet")
        assert capsys.readouterr().out == ""

    def test_has_ronneberger_s_four_poolings_and_four_transposed_convolutions(self) -> None:
        module = default_network("opacity_unet")
        assert len(layers(module, "MaxPool2d")) == len(layers(module, "ConvTranspose2d")) == 4
        assert sum(layer.kernel_size == (3, 3) for layer in layers(module, "Conv2d")) == 2 * (5 + 4)

    def test_has_the_parameters_that_this_makes(self) -> None:
        """Two convolutions with bias on each level; the last step up leaves the channels as they are."""
        widths = [32, 32, 64, 128, 256]
        down = sum(separated(a, b) + separated(b, b) + 2 * b for a, b in zip([1, *widths], widths, strict=False))
        below, above = [256, 128, 64, 32], [128, 64, 32, 32]
        transposed = sum(a * b * 4 + b for a, b in zip(below, above, strict=True))
        up = sum(separated(2 * b, b) + separated(b, b) + 2 * b for b in above)
        assert parameters(default_network("opacity_unet")) == down + transposed + up + 32 * 2 + 2

"""ImageNet weights from a file, for the dense block that its paper begins with them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from CovidQuantLib.messages import InputError
from CovidQuantLib.training import TrainingOptions
from Testing.conftest import require
from Testing.network_factory import SMALL_NETWORKS

torch = require("torch")
require("monai")
require("safetensors")


def write_dense_net(path: Path, *, first: int = 8, **changes: Any) -> dict[str, Any]:
    """The tensors of a DenseNet of the small network's size, and the file that holds them."""
    from safetensors.torch import save_file

    def normal(*shape: int) -> Any:
        return torch.randn(*shape, generator=torch.Generator().manual_seed(len(tensors)))

    tensors: dict[str, Any] = {"classifier.weight": torch.zeros(10, 4), "features.conv0.weight": torch.zeros(1)}
    tensors["features.conv0.weight"] = normal(first, 3, 7, 7)
    norms = {"norm0": first, "denseblock1.denselayer1.norm1": first, "denseblock1.denselayer2.norm1": first + 4}
    norms |= {f"denseblock1.denselayer{number}.norm2": 16 for number in (1, 2)}
    for name, channels in norms.items():
        for part in ("weight", "bias", "running_mean", "running_var"):
            tensors[f"features.{name}.{part}"] = normal(channels).abs()
    for number in (1, 2):
        layer = f"features.denseblock1.denselayer{number}"
        tensors[f"{layer}.conv1.weight"] = normal(16, first + 4 * (number - 1), 1, 1)
        tensors[f"{layer}.conv2.weight"] = normal(4, 16, 3, 3)
    save_file({**tensors, **changes}, path)
    return tensors


def start(path: Path, name: str = "conv_lstm") -> Any:
    from CovidQuantLib.training.start import make_start

    return make_start(TrainingOptions(epochs=1, network=name, arguments=SMALL_NETWORKS[name], first_weights=path))


def test_the_dense_block_begins_with_the_weights_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "dense.safetensors"
    tensors = write_dense_net(path)
    begun = start(path)
    weights = begun.module.state_dict()
    name = "denseblock1.denselayer2.conv2.weight"
    assert torch.equal(weights[name], tensors[f"features.{name}"])
    assert torch.equal(weights["norm0.running_var"], tensors["features.norm0.running_var"])
    assert begun.first_weights == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_grey_slice_gives_what_the_same_picture_in_three_colours_gives(tmp_path: Path) -> None:
    path = tmp_path / "dense.safetensors"
    tensors = write_dense_net(path)
    grey = torch.rand(1, 1, 16, 16)
    coloured = torch.nn.functional.conv2d(
        grey.expand(1, 3, 16, 16), tensors["features.conv0.weight"], stride=2, padding=3
    )
    torch.testing.assert_close(start(path).module.conv0(grey), coloured, atol=1e-4, rtol=1e-4)


def test_a_file_of_another_size_or_with_values_that_are_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "dense.safetensors"
    write_dense_net(path, first=6)
    with pytest.raises(InputError, match="DenseNet-121"):
        start(path)
    write_dense_net(path, **{"features.norm0.bias": torch.full((8,), float("nan"))})
    with pytest.raises(InputError, match="not numbers"):
        start(path)


@pytest.mark.parametrize(("content", "sentence"), [(b"PK\x03\x04", "pickle"), (b"hello", "no safetensors file")])
def test_a_file_that_is_none_is_refused(content: bytes, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(content)
    with pytest.raises(InputError, match=sentence):
        start(tmp_path / "weights")


def test_a_network_without_a_dense_block_takes_none(tmp_path: Path) -> None:
    path = tmp_path / "dense.safetensors"
    write_dense_net(path)
    with pytest.raises(InputError, match="does not begin with"):
        start(path, "lesion_net")


def test_a_parent_and_first_weights_exclude_each_other(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="give no others"):
        TrainingOptions(epochs=1, parent=tmp_path, first_weights=tmp_path)

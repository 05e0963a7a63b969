"""Each network of the catalogue learns one case by heart: what a network must be able to, before anything else."""

from __future__ import annotations

from typing import Any

import pytest

from CovidQuantLib.networks import Reading, label_set, network, network_names
from Testing.conftest import require
from Testing.network_factory import small_network

torch = require("torch")
require("monai")

SIDE, VOLUME = 32, (8, 16, 16)
EACH, MOST_STEPS = 10, 150


def one_case(reading: Reading) -> tuple[Any, Any]:
    """An input (1, channels, ..., j, i) of noisy lung with one lesion, and where it is in what the network labels.

    In a slab or a sequence the lesion is in the middle slice; what lies beside it holds none.
    """
    torch.manual_seed(3)
    if reading.kind == "volume":
        lesion = ellipsoid(VOLUME)
        return (0.1 + 0.5 * lesion + 0.05 * torch.randn(VOLUME))[None, None], lesion
    lesion = ellipsoid((SIDE, SIDE))
    x = 0.1 + 0.05 * torch.randn(1, reading.slices, SIDE, SIDE)
    x[0, reading.slices // 2][lesion] += 0.5
    return x, lesion


def ellipsoid(shape: tuple[int, ...]) -> Any:
    """A truth for each place: a lesion of half the length of each side, a little off the middle."""
    places = torch.meshgrid(*(torch.arange(side) / side for side in shape), indexing="ij")
    return sum(((place - 0.45) / 0.25) ** 2 for place in places) <= 1


@pytest.mark.parametrize("name", network_names())
def test_learns_one_case_by_heart(name: str) -> None:
    """Dice of infection in the one case over 0.9; of the pair UNet-1 learns, since infection is its part."""
    spec = network(name)
    x, lesion = one_case(spec.reading)
    classes = 2 if spec.label_set is None else label_set(spec.label_set).classes
    module = small_network(name, classes=classes).train()
    taught = module.unet_1 if name == "hybrid_unet_pair" else module
    optimiser = torch.optim.Adam(taught.parameters(), lr=1e-2)
    dices = [dice(module, x, lesion)]
    while len(dices) <= MOST_STEPS // EACH and dices[-1] <= 0.9:
        for _ in range(EACH):
            module.train()
            loss = torch.nn.functional.cross_entropy(taught(x).reshape(1, 2, *lesion.shape), lesion[None].long())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        dices.append(dice(module, x, lesion))
    assert dices[0] < 0.7, "it knew the case before"
    assert dices[-1] > 0.9


def dice(module: Any, x: Any, lesion: Any) -> float:
    """Of infection, whatever its class, as the network is used: in evaluation mode."""
    module.eval()
    with torch.inference_mode():
        found = (module(x).argmax(1) > 0).reshape(lesion.shape)
    return 2.0 * float((found & lesion).sum()) / float(found.sum() + lesion.sum())

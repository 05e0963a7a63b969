"""UNet-1 and UNet-2 as one network."""

from __future__ import annotations

from typing import Any

import pytest

from CovidQuantLib.messages import InputError
from CovidQuantLib.networks import label_set, network
from Testing.conftest import require
from Testing.network_factory import small_network

torch = require("torch")
SLABS = (2, 7, 32, 32)


@pytest.fixture
def pair() -> Any:
    """Each part says yes of half of the pixels of `slabs`."""
    module = small_network("hybrid_unet_pair", classes=3)
    for part in (module.unet_1, module.unet_2):
        torch.nn.init.normal_(part.last.weight)
        with torch.no_grad():
            part.last.bias -= part(slabs())[:, 1].median()
    return module


def slabs() -> Any:
    return torch.rand(SLABS, generator=torch.Generator().manual_seed(1))


def test_is_the_network_of_the_paper_twice() -> None:
    with torch.device("meta"):
        module = network("hybrid_unet_pair").build(classes=3)
        single = network("hybrid_unet").build(classes=2)
    count = sum(tensor.numel() for tensor in module.parameters())
    assert count == 2 * sum(tensor.numel() for tensor in single.parameters()) == 13_961_666
    assert "13.96 million parameters" in (type(module).__doc__ or "")


def test_tells_ground_glass_from_consolidation_and_nothing_else() -> None:
    spec = network("hybrid_unet_pair")
    assert spec.label_set == "classes"
    assert label_set("classes").classes == 3
    with pytest.raises(InputError, match="label set must be classes"):
        spec.build(classes=2)


def test_a_pixel_is_infected_where_unet_1_says_so_and_consolidation_where_unet_2_does_as_well(pair: Any) -> None:
    with torch.inference_mode():
        found = pair(slabs()).argmax(1)
        infected, solid = (part(slabs())[:, 1] > 0 for part in (pair.unet_1, pair.unet_2))
    assert found.shape == (2, 32, 32)
    assert torch.equal(found > 0, infected)
    assert torch.equal(found == 2, infected & solid)
    # Each of the four combinations is there, or the test says little.
    assert all((one & other).any() for one in (infected, ~infected) for other in (solid, ~solid))


def test_unet_2_begins_as_unet_1_and_unet_1_is_held(pair: Any) -> None:
    pair.begin_unet_2()
    pair.train()
    before = {name: value.clone() for name, value in pair.unet_1.state_dict().items()}
    assert all(torch.equal(value, pair.unet_2.state_dict()[name]) for name, value in before.items())
    optimiser = torch.optim.Adam(pair.parameters(), lr=0.1)
    pair(5.0 * slabs())[:, 2].sum().backward()
    optimiser.step()
    # Norms too: they would follow the batches in training mode.
    assert all(torch.equal(value, pair.unet_1.state_dict()[name]) for name, value in before.items())
    assert not all(torch.equal(value, pair.unet_2.state_dict()[name]) for name, value in before.items())

"""The EM of UNet-2: its priors, its E-step, and what it learns from one label for each patient."""

from __future__ import annotations

import math
from typing import Any

import pytest

from Testing.conftest import require

torch = require("torch")
HEALTHY, GROUND_GLASS, DENSE = 1.5, 4.0, 9.5
SIDE = 16


@pytest.fixture
def em() -> Any:
    import CovidQuantLib.training.weak_labels as module

    return module


@pytest.fixture
def teaching() -> Any:
    import Testing.benchmarks.weak_label_teaching as module

    return module


Module: Any = torch.nn.Module


class ByDensity(Module):
    """Two logits, 0 and a (x - b), of the middle slice's value x: at first all infection is found."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = (torch.nn.Parameter(torch.tensor(value)) for value in (2.0, 3.0))

    def forward(self, slabs: Any) -> Any:
        found = self.a * (slabs[:, 3] - self.b)
        return torch.stack((torch.zeros_like(found), found), dim=1)

    def says(self, value: float) -> float:
        with torch.no_grad():
            return float(torch.sigmoid(self.a * (value - self.b)))


def values(*numbers: float) -> Any:
    return torch.tensor(numbers)[None, None]


def labels(*numbers: float) -> Any:
    return torch.tensor(numbers)


@pytest.mark.parametrize("name", ["constant_prior", "density_prior"])
def test_nothing_is_consolidation_in_a_patient_without_it(em: Any, name: str) -> None:
    prior = getattr(em, name)()(values(0.0, 5.0, 20.0), labels(0.0))
    assert float(prior.max()) == 0.0
    certain = torch.ones(1, 1, 3)
    assert not em.latent_labels(certain, prior, certain.bool()).any()


def test_the_prior_by_density_is_the_equation_of_the_paper(em: Any) -> None:
    found = em.density_prior(b=9.0, k=0.5)(values(4.0, 9.0, 12.0), labels(1.0))[0, 0]
    assert found.tolist() == pytest.approx([1 / (1 + math.exp(2.5)) + 0.5, 1.0, 1.0])


def test_denser_pixels_are_consolidation_the_sooner_and_never_less_than_half(em: Any) -> None:
    found = em.density_prior()(torch.linspace(0.0, 20.0, 50)[None, None], labels(1.0))[0, 0]
    assert (found.diff() >= 0).all()
    assert 0.5 <= float(found.min()) < float(found.max()) == 1.0


def test_a_larger_k_makes_the_prior_steeper(em: Any) -> None:
    gentle, steep = (em.density_prior(k=k)(values(5.0, 8.9), labels(1.0))[0, 0] for k in (0.5, 5.0))
    assert steep[0] < gentle[0]
    assert steep[1] - steep[0] > gentle[1] - gentle[0]


def test_a_pixel_is_consolidation_where_network_and_prior_are_over_one_together(em: Any) -> None:
    found, prior = values(0.3, 0.5, 0.7, 0.9), values(0.6, 0.5, 0.4, 0.9)
    region = torch.tensor([[[True, True, True, False]]])
    # 0.9; 1.0, which is not over 1; 1.1; 1.8 outside of the region.
    assert em.latent_labels(found, prior, region)[0, 0].tolist() == [0, 0, 1, 0]


def test_a_pixel_of_which_the_prior_is_certain_is_consolidation_however_little_the_network_says(em: Any) -> None:
    found, prior = values(1e-9, 1e-9), values(1.0, 0.99)
    assert em.latent_labels(found, prior, torch.ones(1, 1, 2, dtype=torch.bool))[0, 0].tolist() == [1, 0]


def test_the_constant_prior_of_one_makes_all_infection_consolidation(em: Any) -> None:
    prior = em.constant_prior()(values(2.0, 5.0, 12.0), labels(1.0))
    assert em.latent_labels(values(0.01, 0.01, 0.01), prior, torch.ones(1, 1, 3, dtype=torch.bool)).all()


def test_the_m_step_is_the_smooth_dice_of_the_paper_within_the_region(em: Any) -> None:
    slabs = torch.full((1, 7, 2, 2), GROUND_GLASS)
    slabs[:, :, 0, 0] = DENSE
    region = torch.tensor([[[True, True], [True, False]]])
    network = ByDensity()
    value = float(em.em_step(network, slabs, region, labels(1.0), em.density_prior()).detach())
    dense, other = network.says(DENSE), network.says(GROUND_GLASS)
    # At first all three pixels of the region are found, and their priors are over a half.
    found = dense + 2 * other
    assert value == pytest.approx(1 - (2 * found + 1) / (3 + found + 1), rel=1e-5)


def patients(teaching: Any, *, mixed: int = 2, without: int = 4, side: int = 10) -> list[Any]:
    """Ground glass in all of them, and a denser half in the first `mixed`, which alone have the label."""
    found = []
    for number in range(mixed + without):
        slabs = torch.full((2, 7, SIDE, SIDE), HEALTHY)
        slabs[:, :, 2 : 2 + side, 2 : 2 + side] = GROUND_GLASS
        if number < mixed:
            slabs[:, :, 2 : 2 + side // 2, 2 : 2 + side] = DENSE
        found.append(teaching.WeakPatient(slabs, number < mixed))
    return found


@pytest.mark.parametrize(("side", "of_batch"), [(2, False), (10, True)])
def test_one_label_for_each_patient_teaches_where_consolidation_is(
    em: Any,
    teaching: Any,
    side: int,
    of_batch: bool,  # noqa: FBT001
) -> None:
    unet_1 = ByDensity()
    learnt_from, prior = patients(teaching, side=side), em.density_prior()
    unet_2 = teaching.teach_consolidation(unet_1, learnt_from, prior, epochs=60, batch=12, rate=0.1, of_batch=of_batch)
    assert unet_2.says(GROUND_GLASS) < 0.2
    assert unet_2.says(DENSE) > 0.8
    # UNet-1 stays as it was.
    assert unet_1.says(GROUND_GLASS) > 0.8


def test_with_the_dice_of_each_slab_large_regions_without_consolidation_teach_nothing(em: Any, teaching: Any) -> None:
    learnt_from, prior = patients(teaching), em.density_prior()
    unet_2 = teaching.teach_consolidation(ByDensity(), learnt_from, prior, epochs=60, batch=12, rate=0.1)
    assert unet_2.says(GROUND_GLASS) > 0.8


def test_the_density_lets_go_of_ground_glass_that_the_label_alone_never_does(em: Any) -> None:
    """Once the network doubts ground glass, phi_2 follows it; phi_1 of b = 1 calls it consolidation for ever."""
    found, region = values(0.3, 0.3), torch.ones(1, 1, 2, dtype=torch.bool)
    pixels = values(GROUND_GLASS, DENSE)
    by_density, by_label = (
        em.latent_labels(found, prior(pixels, labels(1.0)), region)[0, 0].tolist()
        for prior in (em.density_prior(), em.constant_prior())
    )
    assert by_density == [0, 1]
    assert by_label == [1, 1]

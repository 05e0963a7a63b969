"""Consolidation from one label for each patient (Wu et al. 2020) on painted lesions whose consolidation is known.

    python -m Testing.benchmarks.weak_labels DATA WORK

DATA is the folder of `python -m Testing.models`. WORK keeps the networks as they are ready: a run that was stopped
goes on. UNet-1 learns infection from masks, then one UNet-2 for each prior learns consolidation from the patients'
labels; patients of three chests by one painter teach, patients of a fourth by both painters judge. Prints Markdown.
The setting is far smaller than the paper's (see `Setting`), and painted lesions are no pneumonia: the figures neither
confirm nor refute the paper.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import nn

from CovidQuantLib.networks import network
from CovidQuantLib.training.losses import segmentation_loss
from CovidQuantLib.training.weak_labels import Prior, constant_prior, density_prior
from Testing.benchmarks.weak_label_figures import figures, infection_dice, judge
from Testing.benchmarks.weak_label_patients import SIDE, Painted, canvas, infected_slices, keep, kept, painted, slabs_of
from Testing.benchmarks.weak_label_teaching import WeakPatient, teach_consolidation

_LOG = logging.getLogger("Testing.benchmarks.weak_labels")
_PRIORS: dict[str, tuple[Prior, bool]] = {
    "phi_2, b 9, k 0.5": (density_prior(9.0, 0.5), True),
    "phi_2, b 7, k 0.5": (density_prior(7.0, 0.5), True),
    "phi_2, b 5, k 0.5": (density_prior(5.0, 0.5), True),
    "phi_1, b 1": (constant_prior(1.0), True),
    "phi_2, b 11, k 0.5": (density_prior(11.0, 0.5), True),
    "phi_2, b 9, k 1": (density_prior(9.0, 1.0), True),
    "phi_2, b 9, k 0.5, Dice of each slab": (density_prior(9.0, 0.5), False),
}
"""The priors, and whether Dice is that of the minibatch; of each slab is equation 11 to the letter."""


@dataclass(frozen=True)
class Setting:
    """Who teaches and who judges, and the recipe. The paper: 32 channels, 256 x 256, 200 and 50 epochs, rate 5e-4."""

    teachers: tuple[str, ...] = ("lidc_0001", "lidc_0028", "lidc_0293")
    judge: str = "lidc_0350"
    teaching_painter: str = "fields"
    judging_painters: tuple[str, ...] = ("fields", "clusters")
    mixed_of_chest: int = 2
    without_of_chest: int = 7
    judged_mixed: int = 4
    judged_without: int = 2
    slabs_of_patient: int = 10
    width: int = 8
    batch: int = 16
    epochs: int = 30
    rate: float = 5e-3
    weak_epochs: int = 9
    weak_rate: float = 1e-3
    seed: int = 1


def main() -> None:
    """Train what is not there yet, and print the tables."""
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    data, work = Path(sys.argv[1]), Path(sys.argv[2])
    work.mkdir(parents=True, exist_ok=True)
    setting = Setting()
    torch.set_num_threads(1)
    taught = [
        one
        for number, name in enumerate(setting.teachers, 1)
        for one in _painted(
            data,
            work,
            name,
            setting.teaching_painter,
            (setting.mixed_of_chest, setting.without_of_chest),
            seed=1000 * number,
        )
    ]
    judged = {
        painter: _painted(data, work, setting.judge, painter, (setting.judged_mixed, setting.judged_without), seed=9000)
        for painter in setting.judging_painters
    }
    unet_1 = _kept(work / "unet_1.safetensors", setting, lambda: _infection(setting, taught))
    patients = [WeakPatient(_slabs(one, setting), one.has_consolidation) for one in taught]
    found = {name: _taught(work, setting, name, unet_1, patients) for name in _PRIORS}
    print(_told(setting, taught))
    for painter, these in judged.items():
        print(figures(painter, these, judge(these, unet_1, found), infection_dice(these, unet_1)))


def _painted(
    data: Path, work: Path, chest: str, painter: str, numbers: tuple[int, int], *, seed: int
) -> tuple[Painted, ...]:
    """Patients with and without consolidation, so many of either, painted once."""
    path = work / f"{painter}_{chest}.npz"
    if not path.is_file():
        made = painted(canvas(data, chest), painter, mixed=numbers[0], without=numbers[1], seed=seed)
        keep(path, made)
        _LOG.info(f"{path.stem}: {len(made)} patients")
    return kept(path)


def _taught(work: Path, setting: Setting, name: str, unet_1: nn.Module, patients: list[WeakPatient]) -> nn.Module:
    """UNet-2 by the prior of this name."""
    prior, of_batch = _PRIORS[name]
    path = work / f"unet_2_{name.replace(', ', '_').replace(' ', '_')}.safetensors"
    return _kept(
        path,
        setting,
        lambda: teach_consolidation(
            unet_1,
            patients,
            prior,
            epochs=setting.weak_epochs,
            batch=setting.batch,
            rate=setting.weak_rate,
            of_batch=of_batch,
            seed=setting.seed,
        ),
    )


def _told(setting: Setting, taught: list[Painted]) -> str:
    mixed = sum(one.has_consolidation for one in taught)
    return (
        f"Painted lesions. {len(taught)} patients teach ({mixed} with consolidation), {SIDE} x {SIDE} pixels.\n\n"
        + "\n".join(f"    {name} {value}" for name, value in asdict(setting).items())
        + "\n"
    )


def _slabs(one: Painted, setting: Setting) -> torch.Tensor:
    near = network("hybrid_unet").reading.neighbours
    return torch.from_numpy(slabs_of(one, infected_slices(one, setting.slabs_of_patient), near))


def _fresh(setting: Setting) -> nn.Module:
    torch.manual_seed(setting.seed)
    module: nn.Module = network("hybrid_unet").build(classes=2, width=setting.width)
    return module.to(memory_format=torch.channels_last)


def _kept(path: Path, setting: Setting, make: Callable[[], nn.Module]) -> nn.Module:
    """The network in `path`; where there is none it is made and written."""
    module = _fresh(setting)
    if path.is_file():
        module.load_state_dict(load_file(path))
        return module.eval()
    start = time.monotonic()
    made = make()
    save_file({name: tensor.contiguous() for name, tensor in made.state_dict().items()}, path)
    _LOG.info(f"{path.stem}: {time.monotonic() - start:.0f} s")
    return made.eval()


def _infection(setting: Setting, taught: list[Painted]) -> nn.Module:
    """UNet-1 from masks of infection: Dice and cross entropy, Adam, the rate falling in half a wave."""
    module = _fresh(setting).train()
    slabs = torch.cat([_slabs(one, setting) for one in taught])
    labels = torch.cat(
        [torch.from_numpy(one.classes[infected_slices(one, setting.slabs_of_patient)] > 0).long() for one in taught]
    )
    optimiser = torch.optim.Adam(module.parameters(), lr=setting.rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, setting.epochs)
    random = torch.Generator().manual_seed(setting.seed)
    for epoch in range(setting.epochs):
        losses = []
        for chosen in torch.randperm(len(slabs), generator=random).split(setting.batch):
            loss = segmentation_loss(module(slabs[chosen]), labels[chosen], "dice_ce", lambda values: values)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            losses.append(float(loss.detach()))
        schedule.step()
        _LOG.info(f"UNet-1, epoch {epoch + 1}: loss {np.mean(losses):.3f}")
    return module.eval()


if __name__ == "__main__":
    main()

"""A small cohort on disk, a trainer whose models find more with more scans, and a plan that takes no time."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import SimpleITK as sitk

from CovidQuantLib.ct.orientation import image_of
from CovidQuantLib.ct.writing import write_ct
from CovidQuantLib.hitl.rounds import Means
from CovidQuantLib.hitl.simulation import Plan, arm_of
from CovidQuantLib.models import ModelCard
from CovidQuantLib.progress import Progress
from CovidQuantLib.training import Datalist, TrainingOptions
from Testing.pool_factory import GRID, tiny_ct, tiny_infection, tiny_lungs
from Testing.rounds_factory import QUICK, fake_proposals, write_fake_model

PATIENTS = ("doe", "roe", "poe")
"""Two patients in training, with three scans each, and one held out, with a scan of each painter."""
PAINTERS = ("clusters", "fields")


def write_cohort(folder: Path, **changes: object) -> Path:
    """Write the cohort; gives its data list."""
    folder.mkdir(parents=True, exist_ok=True)
    training = [_entry(folder, number, PATIENTS[number // 3], "fields") for number in range(6)]
    held_out = [_entry(folder, 6 + number, PATIENTS[2], painter) for number, painter in enumerate(PAINTERS)]
    values = {"data": "synthetic", "reference": "painted", "training": training, "validation": held_out, **changes}
    path = folder / "cohort.json"
    path.write_text(json.dumps(values))
    return path


def small_plan(*arms: str, seeds: tuple[int, ...] = (1,), **changes: object) -> Plan:
    """Three rounds of 1, 3 and 6 scans."""
    values: dict[str, object] = {"batches": (1, 3, 6), **changes}
    return Plan(arms=tuple(map(arm_of, arms or ("nothing:random",))), seeds=seeds, **values)  # type: ignore[arg-type]


class GrowingTrainer:
    """Its models find one tenth of a lesion more with each scan; `during` is done first, and may raise."""

    def __init__(self, during: Callable[[], object] = lambda: None) -> None:
        self.during = during
        self.lists: list[Datalist] = []
        self.options: list[TrainingOptions] = []

    def __call__(self, listed: Datalist, output: Path, options: TrainingOptions, progress: Progress) -> ModelCard:
        progress(0.5, "Training")
        self.during()
        self.lists.append(listed)
        self.options.append(options)
        return write_fake_model(output, 0.3 + 0.1 * len(listed.training))


def simulated(trainer: GrowingTrainer | None = None) -> Means:
    """Means of rounds that train and propose in no time."""
    return Means(check=lambda _: None, trainer=trainer or GrowingTrainer(), proposer=fake_proposals, timing=QUICK)


def _entry(folder: Path, number: int, patient: str, painter: str) -> dict[str, str]:
    names = {what: f"{number}-{what}.nii.gz" for what in ("image", "label", "lungs")}
    write_ct(folder / names["image"], tiny_ct(number))
    for what, values in (("label", tiny_infection()), ("lungs", tiny_lungs())):
        sitk.WriteImage(image_of(values, GRID), str(folder / names[what]))
    return {**names, "patient": patient, "painter": painter}

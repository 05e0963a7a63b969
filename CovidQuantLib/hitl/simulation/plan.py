"""What is simulated: the arms, the seeds, the growing batches, and how each model is trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from CovidQuantLib.hitl.rounds import Rule
from CovidQuantLib.messages import InputError
from CovidQuantLib.training import TrainingOptions
from CovidQuantLib.training.options import recipe_values

Begin = Literal["nothing", "model"]
Order = Rule | Literal["none"]
DEFAULT_STEPS = 100
_BEGIN_WORDS = {"nothing": "from nothing", "model": "from the start model"}
_ORDER_WORDS = {
    "random": "random order",
    "uncertain": "most uncertain first",
    "largest": "largest infection first",
    "unlike": "least like the others first",
    "none": "no new readings after the first batch",
}


@dataclass(frozen=True)
class Arm:
    """Where an arm begins, and in which order its scans are corrected.

    With the order "none" only the first batch is ever read, and every round trains on it again: what later models gain
    there they gain by training longer, and not by readings. Where an arm has no model yet, its scans are random.
    """

    begin: Begin
    order: Order

    @property
    def name(self) -> str:
        """As the command line has it."""
        return f"{self.begin}:{self.order}"

    @property
    def words(self) -> str:
        """As a table has it."""
        return f"{_BEGIN_WORDS[self.begin]}, {_ORDER_WORDS[self.order]}"


def arm_of(name: str) -> Arm:
    """The arm called `name`: nothing:random, model:uncertain, nothing:none. Raises `InputError` for others."""
    begin, _, order = name.partition(":")
    if begin not in _BEGIN_WORDS or order not in _ORDER_WORDS:
        raise InputError(
            f"An arm is BEGIN:ORDER, with {' or '.join(_BEGIN_WORDS)} and one of {', '.join(_ORDER_WORDS)}; for "
            "example nothing:random."
        )
    return Arm(begin, order)  # type: ignore[arg-type]  # checked above


def small_training(network: str | None = None) -> TrainingOptions:
    """A training that one CPU core does in about a minute; the simulation sets how long, the seed and the parent.

    `network` is one of the catalogue, with its own settings; None: a VB-Net that is small enough.
    """
    return TrainingOptions(
        epochs=1,
        network=network,
        arguments={"width": 8, "reduction": 2, "norm": "batch"} if network is None else None,
        spacing_mm=(3.0, 3.0, 3.0),
        label_set="infection",
        lungs_alone=True,
        patch=(48, 48, 48),
        batch=2,
        patches_per_case=6,
        lesion_share=0.6,
        augmentation=0.3,
        threads=1,
    )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The whole simulation.

    arms         each is done with each seed
    batches      training scans of each round; they grow, and each holds the one before
    steps        steps of each training: the same for all, however many scans there are
    training     everything else of the training of a model from nothing; one that goes on from another keeps that
                 one's network, grid and view
    start_model  a model folder, for arms that begin with a model
    """

    arms: tuple[Arm, ...]
    seeds: tuple[int, ...]
    batches: tuple[int, ...]
    steps: int = DEFAULT_STEPS
    training: TrainingOptions = field(default_factory=small_training)
    start_model: Path | None = None

    def __post_init__(self) -> None:
        if not self.arms or len(set(self.arms)) < len(self.arms):
            raise InputError("Name at least one arm, and each of them once.")
        if not self.seeds or len(set(self.seeds)) < len(self.seeds) or min(self.seeds) < 0:
            raise InputError("Seeds are whole numbers from 0, each of them once.")
        if not self.batches or self.batches[0] < 1 or any(late <= early for early, late in pairwise(self.batches)):
            raise InputError("Batches are numbers of scans that grow, such as 4,12,24.")
        if self.steps < 1:
            raise InputError("A training takes at least one step.")
        if self.start_model is None and any(arm.begin == "model" for arm in self.arms):
            raise InputError("An arm begins with a model, and none is given. Name one: --start-model MODEL.")

    def images(self, arm: Arm, number: int) -> int:
        """How many scans round `number` of `arm` trains on."""
        return self.batches[0] if arm.order == "none" else self.batches[number - 1]

    def options(self, arm: Arm, seed: int, number: int) -> TrainingOptions:
        """How round `number` of `arm` trains: a whole number of epochs, as near to `steps` as that goes."""
        base = self.training
        of_an_epoch = -(-self.images(arm, number) * base.patches_per_case // base.batch)
        told = replace(base, epochs=max(1, round(self.steps / of_an_epoch)), minutes=None, seed=seed)
        if number == 1 and arm.begin == "nothing":
            return told
        return replace(told, network=None, arguments=None, spacing_mm=None, label_set=None, lungs_alone=None)

    def values(self) -> dict[str, Any]:
        """The plan as plain JSON values; the start model stands apart, by its id."""
        return {
            "arms": [arm.name for arm in self.arms],
            "seeds": list(self.seeds),
            "batches": list(self.batches),
            "steps": self.steps,
            "training": {**recipe_values(self.training), "epochs": None, "seed": None},
        }


def default_batches(scans: int) -> tuple[int, ...]:
    """Three growing batches of `scans` scans, in about Shan's proportions (36, 114 and 249). Raises `InputError`."""
    if scans < len(_SHARES):
        raise InputError(f"Three rounds need at least {len(_SHARES)} scans in training, and the cohort has {scans}.")
    sizes = [max(number, round(share * scans)) for number, share in enumerate(_SHARES, 1)]
    return tuple(min(size, scans - (len(sizes) - number)) for number, size in enumerate(sizes, 1))


_SHARES: Sequence[float] = (36 / 249, 114 / 249, 1.0)

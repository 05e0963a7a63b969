"""What a training is told: the network, the data's grid, the recipe, and how long it may take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from CovidQuantLib.messages import InputError

Loss = Literal["dice_ce", "dice_focal", "smooth_dice", "rmi"]
Optimiser = Literal["adamw", "adam", "sgd"]
Schedule = Literal["poly", "cosine", "constant", "steps", "plateau"]
Precision = Literal["auto", "float32", "bfloat16"]
UNET_1, PAIR = "hybrid_unet", "hybrid_unet_pair"
"""The networks that learn consolidation from the patients' labels: `unet_pair`."""
AugmentationKind = Literal["full", "geometry", "affine"]
PriorKind = Literal["density", "constant"]
DiceOf = Literal["batch", "slab"]
_SIDE = 64
_HIGHEST_X, _STEEPEST = 20.0, 100.0


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """The settings of a training; the defaults suit a laptop's CPU.

    `network`, `arguments`, `spacing_mm` (i, j, k), `label_set` and `lungs_alone` (whether the network sees nothing
    outside of the lungs) are those of the parent where they are None, and without a parent: VB-Net of width 8 with
    batch norm (see `start`), its own spacing and view, "infection".

        parent              a model folder to start from; None: fresh weights
        first_weights       a file with ImageNet's weights for a network that begins with them (`first_weights`); None:
                            fresh ones
        epochs, minutes     how long; with both, whichever ends first. With `epochs` alone a training can be repeated
                            exactly (on one CPU thread); with `minutes` the number of steps depends on the machine
        patch               (k, j, i) voxels at the model's spacing; None: 64 a side, and whole slices for a network
                            that sees them at one size. For networks of slices k is the number that they take
        batch               patches of one step, of all processes together
        patches_per_case    patches that an epoch takes of each case, in the mean
        threshold           probability from which on a voxel is labelled; None: the parent's, or 0.5
        lesion_share        share of the patches that are centred on a voxel of a label
        learning_rate       None: 2e-3 from scratch, 5e-4 from a parent with AdamW or Adam; five times that with SGD
        rate_steps          of the schedule "steps": the epochs after which the learning rate falls to a tenth
        momentum            of SGD
        prior               of UNet-2 of the network hybrid_unet_pair: phi_2, by density, or phi_1 (see `weak_labels`)
        prior_b, prior_k    the priors' parameters; b None: 9.0 of phi_2, 1.0 of phi_1
        weak_batch          of UNet-2: slabs of one step
        weak_dice           of UNet-2: Dice of the whole batch, or of each slab, as the paper writes it
        augmentation        strength of all augmentation: 1 as described in `augmentation`, 0 none
        augmentation_kind   all of it; its deformations and mirror images, which leave the CT's values as they are; or
                            rotations, shifts and scales alone, as Grodecki et al. 2021 have them
        validate_every      epochs between validations. With `minutes` they are also never more than a fifth of the time
        patience            validations without a better one before the training ends early; None: never
        precision           auto: bfloat16 where a GPU has it, else float32
        threads             CPU threads; None: as torch is set
        checkpoint_seconds  the most time that a kill can cost
    """

    network: str | None = None
    arguments: Mapping[str, Any] | None = None
    spacing_mm: tuple[float, float, float] | None = None
    label_set: str | None = None
    lungs_alone: bool | None = None
    threshold: float | None = None
    parent: Path | None = None
    first_weights: Path | None = None
    name: str | None = None
    licence: str | None = None
    attribution: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    epochs: int | None = None
    minutes: float | None = None
    seed: int = 1
    patch: tuple[int, int, int] | None = None
    batch: int = 2
    patches_per_case: int = 4
    lesion_share: float = 0.67
    loss: Loss = "dice_ce"
    optimiser: Optimiser = "adamw"
    schedule: Schedule = "poly"
    learning_rate: float | None = None
    rate_steps: tuple[int, ...] = ()
    momentum: float = 0.99
    weight_decay: float = 1e-2
    prior: PriorKind = "density"
    prior_b: float | None = None
    prior_k: float = 0.5
    weak_batch: int = 16
    weak_dice: DiceOf = "batch"
    augmentation: float = 1.0
    augmentation_kind: AugmentationKind = "full"
    validate_every: int = 1
    patience: int | None = None
    precision: Precision = "auto"
    threads: int | None = None
    checkpoint_seconds: float = 60.0

    def __post_init__(self) -> None:
        for holds, sentence in self._rules():
            if not holds:
                raise InputError(sentence)

    def _rules(self) -> tuple[tuple[bool, str], ...]:
        patience = 1 if self.patience is None else self.patience
        rate = 1.0 if self.learning_rate is None else self.learning_rate
        rising = all(before < after for before, after in pairwise((0, *self.rate_steps)))
        return (
            (self.epochs is not None or self.minutes is not None, "Say how long to train: minutes, epochs or both."),
            (self.parent is None or self.first_weights is None, "A parent brings its weights along: give no others."),
            (self.epochs is None or self.epochs >= 1, "A training takes at least one epoch."),
            (self.minutes is None or 0 < self.minutes < 1e6, "The minutes of a training must be a number above 0."),
            (0 <= self.seed < 2**31, "The seed must be a whole number from 0 to 2147483647."),
            (all(8 <= side <= 512 for side in self.sides), "The sides of a patch must be 8 to 512 voxels."),
            (1 <= self.batch <= 256 and 1 <= self.weak_batch <= 256, "A batch holds 1 to 256 patches."),
            (1 <= self.patches_per_case <= 1000, "An epoch takes 1 to 1000 patches of each case."),
            (self.threshold is None or 0.0 < self.threshold < 1.0, "The threshold must lie between 0 and 1."),
            (0.0 <= self.lesion_share <= 1.0, "The share of patches on lesions must lie between 0 and 1."),
            (0.0 < rate <= 10.0, "The learning rate must lie above 0 and be at most 10."),
            (0.0 <= self.momentum < 1.0, "The momentum must be at least 0 and under 1."),
            (
                bool(self.rate_steps) == (self.schedule == "steps") and rising,
                'The schedule "steps", and no other, needs epochs that rise, after which the learning rate falls.',
            ),
            (0.0 <= self.weight_decay <= 1.0, "The weight decay must lie between 0 and 1."),
            (self._has_prior(), "b of the prior lies between 0 and 20 (by density) or 1 (constant), and k above 0."),
            (0.0 <= self.augmentation <= 2.0, "The strength of the augmentation must lie between 0 and 2."),
            (self.validate_every >= 1, "Validations must be at least one epoch apart."),
            (patience >= 1, "The patience must be at least one validation."),
            (self.threads is None or self.threads >= 1, "A training needs at least one thread."),
            (self.checkpoint_seconds >= 0.0, "The time between checkpoints cannot be negative."),
        )

    def _has_prior(self) -> bool:
        highest = _HIGHEST_X if self.prior == "density" else 1.0
        return 0.0 < self.b_of_prior <= highest and 0.0 < self.prior_k <= _STEEPEST

    @property
    def b_of_prior(self) -> float:
        """B of the prior: as asked, else the paper's best."""
        best = 9.0 if self.prior == "density" else 1.0
        return best if self.prior_b is None else self.prior_b

    @property
    def sides(self) -> tuple[int, int, int]:
        """The sides of a patch (k, j, i) of a network of volumes."""
        return (_SIDE, _SIDE, _SIDE) if self.patch is None else self.patch

    @property
    def rate(self) -> float:
        """The learning rate at the start."""
        if self.learning_rate is not None:
            return self.learning_rate
        return (2e-3 if self.parent is None else 5e-4) * (5.0 if self.optimiser == "sgd" else 1.0)


_NO_INFLUENCE = ("parent", "first_weights", "name", "licence", "attribution", "limits", "threads", "checkpoint_seconds")


def recipe_values(options: TrainingOptions) -> dict[str, Any]:
    """What of the options decides how the model comes out, as plain JSON values; but for parent and first weights."""
    values = {name: value for name, value in asdict(options).items() if name not in _NO_INFLUENCE}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

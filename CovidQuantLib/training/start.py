"""What a training starts from: the network with its first weights, and the grid and labels that it works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from CovidQuantLib.inference import EVEN
from CovidQuantLib.messages import InputError
from CovidQuantLib.models import ModelCard, load_model
from CovidQuantLib.models.fields import Scalar
from CovidQuantLib.networks import LabelSet, Preprocessing, Reading, label_set, network
from CovidQuantLib.training.options import PAIR, TrainingOptions

if TYPE_CHECKING:
    from torch import nn

DEFAULT_NETWORK, DEFAULT_LABELS = "vbnet", "infection"
_OWN_SETTINGS = {"vbnet": {"width": 8, "norm": "batch"}}
"""Settings of a network where they are not the catalogue's: small enough for a CPU, and a norm that was trained.

Instance and group norm take their statistics from the input. What is learnt on patches around lesions then does not
hold on whole lungs: the same training gave a Dice of 0.24 on whole volumes with instance norm (0.75 in windows of the
patch's size), and 0.84 with batch norm.
"""


@dataclass(frozen=True)
class Start:
    """A network by name and settings, its preprocessing and label set, and the parent that they come from.

    `patch` is what is cut out of a case (k, j, i), in voxels. `first_weights` is the SHA-256 of the file that some of
    the weights come from. `before` is what the card says of a training that came right before this one. `threshold`
    is the probability from which on a voxel is labelled.
    """

    network: str
    arguments: Mapping[str, Any]
    preprocessing: Preprocessing
    label_set: LabelSet
    parent: ModelCard | None
    module: nn.Module
    patch: tuple[int, int, int]
    first_weights: str | None = None
    before: Mapping[str, Scalar] = field(default_factory=dict)
    threshold: float = EVEN

    @property
    def learns_from_patients(self) -> bool:
        """Whether consolidation is learnt from one label for each patient (`weak_labels`), and not from masks."""
        return self.network == PAIR

    @property
    def reading(self) -> Reading:
        """What one input of the network is."""
        return network(self.network).reading


def make_start(options: TrainingOptions) -> Start:
    """The network with its parent's weights, or fresh ones drawn from the seed.

    Raises `InputError` where the options ask for another network, grid or label set than the parent's.
    """
    import torch

    torch.manual_seed(options.seed)
    if options.parent is not None:
        return _from_parent(options)
    spec = network(options.network or DEFAULT_NETWORK)
    labels = label_set(options.label_set or DEFAULT_LABELS)
    arguments = {**spec.arguments, **_OWN_SETTINGS.get(spec.name, {}), **(options.arguments or {})}
    arguments = {name: list(value) if isinstance(value, tuple) else value for name, value in arguments.items()}
    module = spec.build(classes=labels.classes, **arguments)
    preprocessing = replace(spec.preprocessing, multiple_of=spec.multiple_of(arguments))
    if options.spacing_mm is not None:
        preprocessing = replace(preprocessing, spacing_mm=options.spacing_mm, matrix=None, thick_slices_mm=None)
    if options.lungs_alone is not None:
        preprocessing = replace(preprocessing, lungs_alone=options.lungs_alone)
    if preprocessing.lungs_alone and labels.name == "lungs":
        raise InputError("A network that finds the lungs cannot be shown the lungs alone.")
    patch = _patch(options, preprocessing, spec.reading)
    first = None
    if options.first_weights is not None:
        from CovidQuantLib.training.first_weights import load_first_weights

        first = load_first_weights(module, options.first_weights)
    threshold = options.threshold or EVEN
    return Start(spec.name, arguments, preprocessing, labels, None, module, patch, first, threshold=threshold)


def _from_parent(options: TrainingOptions) -> Start:
    assert options.parent is not None
    parent = load_model(options.parent)
    card = parent.card
    others = {
        "network": options.network not in (None, card.network),
        "settings of the network": any(
            card.arguments.get(name) != (list(value) if isinstance(value, tuple) else value)
            for name, value in (options.arguments or {}).items()
        ),
        "spacing": options.spacing_mm not in (None, card.preprocessing.spacing_mm),
        "label set": options.label_set not in (None, card.label_set.name),
        "view of the lungs": options.lungs_alone not in (None, card.preprocessing.lungs_alone),
    }
    if differing := [name for name, differs in others.items() if differs]:
        raise InputError(
            f"The parent has another {' and '.join(differing)} than was asked for. Leave these out to train it on, or "
            "start without a parent."
        )
    patch = _patch(options, card.preprocessing, network(card.network).reading)
    module = parent.module.train().requires_grad_(True)  # noqa: FBT003 - torch's own signature
    threshold = options.threshold or card.threshold
    return Start(
        card.network, card.arguments, card.preprocessing, card.label_set, card, module, patch, threshold=threshold
    )


def _patch(options: TrainingOptions, preprocessing: Preprocessing, reading: Reading) -> tuple[int, int, int]:
    """What is cut out of a case: as asked, else 64 a side, and whole slices of a network that sees them at one size."""
    k, j, i = options.sides
    if options.patch is None and preprocessing.matrix is not None:
        j = i = preprocessing.matrix
    if reading.takes_volumes and preprocessing.padded_shape((k, j, i)) == (k, j, i):
        return (k, j, i)
    if not reading.takes_volumes and preprocessing.padded_shape((j, i)) == (j, i):
        return (reading.slices, j, i)
    raise InputError(f"The sides of a patch must be multiples of {preprocessing.multiple_of} voxels.")

"""What is compared: the networks, how each is trained, and which patients are left out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from CovidQuantLib.datalists import Datalist
from CovidQuantLib.messages import InputError
from CovidQuantLib.networks import network, network_names
from CovidQuantLib.training import TrainingOptions
from CovidQuantLib.training.options import PAIR, recipe_values

INFECTION, CLASSES = LABEL_SETS = ("infection", "classes")
"""What the networks may tell apart. High opacity holds effusion, and is compared with neither."""
_PER_TRAINING = ("network", "arguments", "name")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The whole comparison.

    networks     names of the catalogue, in the order of the table; empty: all that the data list can teach
    training     how each of them is trained, in each fold. Only the network differs, and the label set where it is
                 None: see `label_set`
    folds        None: each patient is left out once. A number: so many parts by patient, each the test part once; a
                 fifth of the other patients choose the weights, and the rest is trained on (Grodecki et al. 2021,
                 section 2.7 and figure 3, with five)
    only         numbers of the folds to do, from 1; empty: all
    means        groups of networks whose mean probability is judged as well
    """

    networks: tuple[str, ...] = ()
    training: TrainingOptions
    folds: int | None = None
    only: tuple[int, ...] = ()
    means: tuple[tuple[str, ...], ...] = ()

    def __post_init__(self) -> None:
        if len(set(self.networks)) < len(self.networks):
            raise InputError("Name each network that is to be compared once.")
        if set(self.networks) - set(network_names()):
            raise InputError(f"There is no such network. There are: {', '.join(network_names())}.")
        if self.folds is not None and self.folds < 2:
            raise InputError("A cross-validation takes at least two folds.")
        if len(set(self.only)) < len(self.only):
            raise InputError("Name each fold that is to be done once.")
        if len({frozenset(group) for group in self.means}) < len(self.means):
            raise InputError("Name each mean of networks once.")
        for group in self.means:
            if len(set(group)) < max(2, len(group)) or set(group) - set(self.networks or network_names()):
                raise InputError(
                    "A mean is of two or more networks that are compared, each once. Name them with + between."
                )
            if PAIR in group:
                # The probabilities of its three answers are not those of UNet-1 and UNet-2: `hybrid_unet_pair`.
                raise InputError(f"{PAIR} gives no probability of infection to take the mean of. Name hybrid_unet.")
        self._check_training()

    def _check_training(self) -> None:
        training = self.training
        if training.parent is not None or training.first_weights is not None or training.arguments is not None:
            raise InputError("A comparison trains each network from scratch, with its own settings.")
        if training.label_set not in (None, *LABEL_SETS):
            raise InputError(f"Networks are compared on one of: {', '.join(LABEL_SETS)}.")

    def label_set(self, name: str, *, told: bool) -> str:
        """What the network of this name learns to tell apart: as asked for all of them.

        Else ground glass and consolidation where its paper learns them and the masks tell them (`told`), and infection
        where either does not.
        """
        own = CLASSES if told and network(name).tells_classes else INFECTION
        return self.training.label_set or own

    def options(self, name: str, *, told: bool) -> TrainingOptions:
        """How the network of this name is trained in each fold; `told`: the masks tell the classes apart."""
        return replace(self.training, network=name, label_set=self.label_set(name, told=told))

    def on(self, listed: Datalist) -> Plan:
        """The plan with its networks named: the pair of Wu et al. only where the list has labels of patients."""
        told = any(entry.has_consolidation is not None for entry in listed.training)
        if self.networks:
            return self
        return replace(self, networks=tuple(name for name in network_names() if told or name != PAIR))

    def values(self) -> dict[str, Any]:
        """What must be the same when a comparison goes on; more networks and folds may join it."""
        return {"folds": self.folds, "training": _recipe(self.training)}

    @staticmethod
    def defaults() -> dict[str, Any]:
        """What the plan of an earlier version means where it says nothing."""
        return {"training": _recipe(TrainingOptions(minutes=1))}


def _recipe(training: TrainingOptions) -> dict[str, Any]:
    return {name: value for name, value in recipe_values(training).items() if name not in _PER_TRAINING}


def mean_name(group: tuple[str, ...]) -> str:
    """What a table calls the mean of these networks."""
    return f"mean of {' + '.join(group)}"

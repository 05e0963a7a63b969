"""Checkpoints: everything that a training needs to go on as if it had never stopped, in one file that appears whole.

The file is a safetensors file whose header also carries the plain values as JSON; reading it executes nothing. Samples
need no state: each is a function of seed, epoch and number.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from CovidQuantLib.files import whole_file
from CovidQuantLib.messages import InputError

CHECKPOINT_FILE = "checkpoint.safetensors"
Tensors = dict[str, torch.Tensor]
_FORMAT = "covidquant-checkpoint-1"


@dataclass(frozen=True)
class Position:
    """How far a training is. `step` counts all steps, `step_of_epoch` those of `epoch`; `seconds` are those trained.

    `best` and `best_false_ml` are the best validation so far (None before the first), `best_step` when it was; `waited`
    the validations since then, `validated_step` the step of the last one. `validation_seconds` is how long all took;
    `epoch_loss` the sum of the losses of this epoch; `log_bytes` where the log stood. `drops` is how often validation
    was no better for as long as the schedule "plateau" waits.
    """

    epoch: int = 0
    step_of_epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    best: float | None = None
    best_false_ml: float | None = None
    best_step: int = 0
    validated_step: int = 0
    waited: int = 0
    validation_seconds: float = 0.0
    log_bytes: int = 0
    epoch_loss: float = 0.0
    drops: int = 0


@dataclass(frozen=True)
class Checkpoint:
    """What a checkpoint holds: position, settings, weights, the optimiser's state, the best weights, random states."""

    position: Position
    settings: Mapping[str, Any]
    weights: Mapping[str, torch.Tensor]
    optimiser: Mapping[str, torch.Tensor]
    best: Mapping[str, torch.Tensor]
    random: Mapping[str, torch.Tensor]


_GROUPS = ("weights", "optimiser", "best", "random")


def write_checkpoint(folder: Path, checkpoint: Checkpoint) -> None:
    """Write `checkpoint` into `folder`, over the last one; a kill at any moment leaves the one or the other."""
    tensors = {
        f"{group}/{name}": tensor.detach().cpu().contiguous()
        for group in _GROUPS
        for name, tensor in getattr(checkpoint, group).items()
    }
    values = {"format": _FORMAT, "position": asdict(checkpoint.position), "settings": dict(checkpoint.settings)}
    content = save(tensors, {"values": json.dumps(values, allow_nan=False)})
    with whole_file(folder / CHECKPOINT_FILE) as temporary:
        temporary.write_bytes(content)


def read_checkpoint(folder: Path) -> Checkpoint | None:
    """The checkpoint in `folder`, None where there is none. Raises `InputError` where it is damaged."""
    path = folder / CHECKPOINT_FILE
    if not path.is_file():
        return None
    found: dict[str, dict[str, torch.Tensor]] = {group: {} for group in _GROUPS}
    try:
        with safe_open(path, framework="pt") as file:
            values = json.loads(file.metadata()["values"])
            if values["format"] != _FORMAT:
                raise ValueError
            for key in file.keys():  # noqa: SIM118 - no mapping
                group, name = key.split("/", 1)
                found[group][name] = file.get_tensor(key)
        return Checkpoint(Position(**values["position"]), values["settings"], **found)
    except (SafetensorError, OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            "The unfinished training beside the output is damaged and cannot be continued. Remove its folder "
            "(the output's name with .training) to start again."
        ) from error


def check_same_settings(settings: Mapping[str, Any], begun: Mapping[str, Any]) -> None:
    """Raise `InputError` where the unfinished training was begun with other settings or data; tells which."""
    other = sorted(name for name in settings.keys() | begun.keys() if settings.get(name) != begun.get(name))
    if other:
        raise InputError(
            f"An unfinished training lies beside the output, and was begun with other settings ({', '.join(other)}). "
            "Give the same ones to continue it, or remove its folder (the output's name with .training)."
        )


def cpu_tensors(tensors: Mapping[str, torch.Tensor]) -> Tensors:
    """A copy of `tensors` on the CPU that nobody changes."""
    return {name: tensor.detach().cpu().clone() for name, tensor in tensors.items()}


def random_states() -> dict[str, torch.Tensor]:
    """The state of torch's generators, for networks that draw (dropout)."""
    states = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state()
    return states


def restore_random(states: Mapping[str, torch.Tensor]) -> None:
    """Bring back what `random_states` gave."""
    torch.set_rng_state(states["cpu"])
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state(states["cuda"])


def data_code(codes: tuple[str, ...]) -> str:
    """One hash for all cases of a training, in their order."""
    return hashlib.sha256("\n".join(codes).encode()).hexdigest()

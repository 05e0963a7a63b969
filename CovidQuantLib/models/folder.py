"""A model is a folder of two files: `model.safetensors` and `model.json`. Loading it executes nothing.

Paths do not stand in either file, both are read once into memory, and what was hashed is what is loaded.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from CovidQuantLib.files import whole_folder
from CovidQuantLib.messages import InputError
from CovidQuantLib.models.card import CARD_FILE, ModelCard, format_card, parse_card
from CovidQuantLib.models.plain_files import read_plain_file
from CovidQuantLib.models.weights import (
    LARGEST_WEIGHTS,
    WEIGHTS_FILE,
    format_weights,
    is_pickle,
    module_of,
    pickle_refusal,
)
from CovidQuantLib.strict_json import LARGEST_JSON

if TYPE_CHECKING:
    from torch import nn

_PICKLE_SUFFIXES = {".pt", ".pth", ".pkl", ".pickle", ".bin", ".ckpt"}


@dataclass(frozen=True)
class LoadedModel:
    """A model ready for inference: its card, and the network in evaluation mode on the CPU."""

    card: ModelCard
    module: nn.Module


def save_model(folder: Path, card: ModelCard, module: nn.Module) -> ModelCard:
    """Write the model into `folder`, new or empty; it appears whole or not at all. Gives the card with its hash.

    What is written is loaded back first. Raises `InputError` where the card and the network do not fit each other, or
    the folder cannot be written.
    """
    weights = format_weights(module)
    written = replace(card, sha256=hashlib.sha256(weights).hexdigest())
    content = format_card(written)
    module_of(parse_card(content), weights)
    write_model_files(folder, content, weights)
    return written


def write_model_files(folder: Path, card: bytes, weights: bytes) -> None:
    """Write the two files of a model into `folder`, new or empty; it appears whole or not at all."""
    with whole_folder(folder) as temporary:
        (temporary / WEIGHTS_FILE).write_bytes(weights)
        (temporary / CARD_FILE).write_bytes(card)


def load_model(folder: Path) -> LoadedModel:
    """The model in `folder`. Raises `InputError` with one sentence for whatever does not fit."""
    content, weights = read_model_files(folder)
    card = parse_card(content)
    return LoadedModel(card, module_of(card, weights))


def read_card(folder: Path) -> ModelCard:
    """The card of the model in `folder`, its weights unread. Needs no PyTorch. Raises `InputError` as `load_model`."""
    _check_folder(folder)
    return parse_card(read_plain_file(folder, CARD_FILE, largest=LARGEST_JSON))


def read_model_files(folder: Path) -> tuple[bytes, bytes]:
    """The bytes of `model.json` and of `model.safetensors`, whose hash fits the card. Needs no PyTorch.

    Raises `InputError` where a file is missing, a link, too large or a pickle, or the hash is another.
    """
    _check_folder(folder)
    content = read_plain_file(folder, CARD_FILE, largest=LARGEST_JSON)
    card = parse_card(content)
    weights = read_plain_file(folder, WEIGHTS_FILE, largest=LARGEST_WEIGHTS)
    if is_pickle(weights):
        raise pickle_refusal()
    if hashlib.sha256(weights).hexdigest() != card.sha256:
        raise InputError(
            "The weights are not those that the model card was written for: the file was changed or is damaged. "
            "Get the model again from where it came."
        )
    return content, weights


def _check_folder(folder: Path) -> None:
    """Raise `InputError` where `folder` is none, cannot be read, or holds a pickle in place of a model."""
    try:
        _check_readable(folder)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError(f"The model cannot be read: {reason}. Check the path, and that you may read it.") from error


def _check_readable(folder: Path) -> None:
    if not folder.is_dir():
        if folder.suffix in _PICKLE_SUFFIXES and folder.is_file():
            raise pickle_refusal()
        raise InputError("There is no such model: give a folder with model.json and model.safetensors.")
    if not (folder / WEIGHTS_FILE).exists() and any(path.suffix in _PICKLE_SUFFIXES for path in folder.iterdir()):
        raise pickle_refusal()

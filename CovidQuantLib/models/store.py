"""The models of this user: those that ship with CovidQuant, and a store in the configuration folder.

A model in the store is a folder named by its id and is never changed; importing copies the two files of a model and
nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from CovidQuantLib.identity import configuration_folder
from CovidQuantLib.messages import InputError
from CovidQuantLib.models.card import ModelCard, Part, parse_card
from CovidQuantLib.models.folder import read_card, read_model_files, write_model_files
from CovidQuantLib.models.weights import module_of
from CovidQuantLib.resources import resource

Source = Literal["shipped", "store"]
_SHORTEST_ID = 4


@dataclass(frozen=True)
class StoredModel:
    """A model that can be named on the command line: its card, its folder, and where that is."""

    card: ModelCard
    folder: Path
    source: Source


def store_folder() -> Path:
    """The folder that holds this user's models and the history of their activation."""
    return configuration_folder() / "models"


def stored_models() -> tuple[StoredModel, ...]:
    """All models whose card can be read, shipped ones first, by name. Weights are not read. Needs no PyTorch."""
    found, _ = _read_all()
    return found


def unreadable_models() -> tuple[tuple[str, str], ...]:
    """Names of the folders in the store whose card cannot be read, each with the sentence that says why."""
    _, refused = _read_all()
    return refused


def find_model(name: str) -> StoredModel:
    """The model that `name` stands for: its id, the start of its id (4 letters or more), or its name.

    Raises `InputError` where there is none, or more than one.
    """
    models = stored_models()
    # An id stands for its model alone, whatever another one is called.
    exact = [one for one in models if one.card.id == name] or [one for one in models if one.card.name == name]
    started = [one for one in models if len(name) >= _SHORTEST_ID and one.card.id.startswith(name)]
    matches = exact or started
    if not matches:
        raise InputError("There is no such model here. See the list: covidquant models list.")
    if len(matches) > 1:
        raise InputError(f"{len(matches)} models fit this name. Give the id of one: covidquant models list.")
    return matches[0]


def shipped_model(part: Part) -> StoredModel | None:
    """The model for `part` that ships with CovidQuant; None where none does."""
    return next((one for one in stored_models() if one.source == "shipped" and one.card.part == part), None)


def import_model(folder: Path) -> StoredModel:
    """Check the model in `folder` by loading it whole, and copy it into the store.

    A model that is there already stays as it is. Raises `InputError` for whatever `load_model` refuses, and where
    another model with the same id is here.
    """
    content, weights = read_model_files(folder)
    card = parse_card(content)
    module_of(card, weights)
    for one in stored_models():
        if one.card.id == card.id:
            if one.card != card:
                raise InputError("Another model with the same id is here already. Nothing was imported.")
            return one
    target = store_folder() / card.id
    write_model_files(target, content, weights)
    return StoredModel(card, target, "store")


def _read_all() -> tuple[tuple[StoredModel, ...], tuple[tuple[str, str], ...]]:
    models, refused = [], []
    for folder, source in _folders():
        try:
            models.append(StoredModel(read_card(folder), folder, source))
        except InputError as error:
            refused.append((folder.name, str(error)))
    models.sort(key=lambda one: (one.source != "shipped", one.card.name, one.card.id))
    return tuple(models), tuple(refused)


def _folders() -> list[tuple[Path, Source]]:
    try:
        shipped = _visible(resource("models"))
    except InputError:
        shipped = []
    return [*((path, "shipped") for path in shipped), *((path, "store") for path in _visible(store_folder()))]


def _visible(folder: Path) -> list[Path]:
    """The folders in `folder`; one with a leading dot is being written, or was left by a crash."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))

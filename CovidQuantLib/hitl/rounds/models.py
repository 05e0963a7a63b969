"""The models of a pool: folders under their ids that are written once, and the model that a name stands for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from CovidQuantLib.hitl.pool import Pool
from CovidQuantLib.hitl.pool.durable import refuse, write_folder
from CovidQuantLib.hitl.pool.layout import is_code
from CovidQuantLib.hitl.rounds.places import ensure_folders, models_folder
from CovidQuantLib.messages import InputError
from CovidQuantLib.models import ModelCard, read_card, stored_models
from CovidQuantLib.models.card import CARD_FILE, parse_card
from CovidQuantLib.models.folder import read_model_files
from CovidQuantLib.models.weights import WEIGHTS_FILE


@dataclass(frozen=True)
class PoolModel:
    """A model in a pool: its card and its folder."""

    card: ModelCard
    folder: Path


def pool_model(pool: Pool, model: str) -> PoolModel:
    """The model of the pool with the id `model`. Raises `InputError` where it is not there or is damaged."""
    folder = models_folder(pool) / model
    if not is_code(model) or not folder.is_dir():
        raise InputError("The pool lacks a model that it names. Restore its folder 'models' from a backup.")
    return PoolModel(read_card(folder), folder)


def keep_model(pool: Pool, folder: Path) -> PoolModel:
    """Copy the model in `folder` into the pool; one that is there already stays as it is.

    Raises `InputError` where it is no whole model of infection, or where the pool cannot be written.
    """
    content, weights = read_model_files(folder)
    card = parse_card(content)
    if card.part != "infection":
        raise InputError(f"A round trains models for infection, and this one gives {card.part}.")
    target = models_folder(pool) / card.id
    if not _is_whole(target):
        try:
            ensure_folders(pool, target.parent)
            write_folder(pool.disk, target, {WEIGHTS_FILE: weights}, lambda _: (CARD_FILE, content), _is_whole)
        except OSError as error:
            refuse(error, "The model was not kept in the pool: covidquant round resume POOL.")
    return pool_model(pool, card.id)


def seen_cases(pool: Pool, model: ModelCard | None) -> frozenset[str]:
    """Hashes of all cases that `model` or a model before it was trained on, as far as those are known here."""
    cards = {one.card.id: one.card for one in stored_models()}
    seen: set[str] = set()
    passed: set[str] = set()
    while model is not None and model.id not in passed:
        passed.add(model.id)
        seen |= set(model.trained_on)
        folder = models_folder(pool) / (model.parent or "none")
        known = read_card(folder) if folder.is_dir() else cards.get(model.parent or "")
        model = known
    return frozenset(seen)


def _is_whole(folder: Path) -> bool:
    try:
        read_model_files(folder)
    except InputError:
        return False
    return True

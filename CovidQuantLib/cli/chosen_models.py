"""Which models a job uses: those that the user names, else the active ones where networks can run."""

from __future__ import annotations

from pathlib import Path

from CovidQuantLib.hitl.pool import open_pool
from CovidQuantLib.hitl.rounds import promoted_model
from CovidQuantLib.messages import InputError
from CovidQuantLib.models import LoadedModel, StoredModel, active_model, find_model, load_model
from CovidQuantLib.models.card import Part
from CovidQuantLib.networks import require_networks
from CovidQuantLib.networks.extra import missing_packages
from CovidQuantLib.segmentation.chest import THRESHOLD


def chosen_model(part: Part, name: str | None) -> LoadedModel | None:
    """The model for `part` that `name` stands for, loaded; None for the threshold method.

    Without a name: the active model, and the threshold where there is none or where networks cannot run and nobody has
    activated a model. Raises `InputError` for an unknown name, a model of another part, one that cannot be loaded, and
    an activated one that cannot run here.
    """
    if name == THRESHOLD:
        return None
    model = active_model(part) if name is None else find_model(name)
    if model is None or (name is None and model.source == "shipped" and missing_packages()):
        return None
    require_networks()
    return load_model(_of_part(model, part).folder)


def chosen_infection_model(name: str | None, pool: Path | None) -> LoadedModel | None:
    """The model for infection, as `chosen_model`; the newest promotion of the pool in `pool`, where it has one.

    Raises `InputError` as `chosen_model`, and where there is no such pool, its model is damaged or cannot run here, or
    the user names both a pool and another method.
    """
    if pool is None:
        return chosen_model("infection", name)
    if name is not None:
        raise InputError("--pool takes the pool's active model, and --infection names another one. Give one of them.")
    promoted = promoted_model(open_pool(pool))
    if promoted is None:
        return chosen_model("infection", None)
    require_networks()
    return load_model(promoted.folder)


def _of_part(model: StoredModel, part: Part) -> StoredModel:
    if model.card.part != part:
        raise InputError(
            f"This model gives {model.card.part}, and a model for {part} is wanted. See: covidquant models list."
        )
    return model

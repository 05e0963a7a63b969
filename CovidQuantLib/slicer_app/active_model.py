"""Which model says what is infection, in one sentence that always stands on the screen."""

from __future__ import annotations

from pathlib import Path

from slicer.i18n import tr as _

from CovidQuantLib.hitl.pool import open_pool
from CovidQuantLib.hitl.rounds import promoted_model
from CovidQuantLib.messages import InputError
from CovidQuantLib.models import active_model
from CovidQuantLib.models.card import ModelCard
from CovidQuantLib.networks.extra import missing_packages

_SHOWN_ID = 8


def active_model_sentence(pool: Path | None) -> str:
    """The active model of the pool, else of this user, else the threshold; or why it cannot be told."""
    try:
        if pool is not None:
            promoted = promoted_model(open_pool(pool))
            if promoted is not None:
                return _("Infection by: {model}, active in the pool").format(model=_name(promoted.card))
        own = active_model("infection")
    except InputError as error:
        return str(error)
    if own is None:
        return _("Infection by: threshold baseline (there is no model)")
    if own.source == "shipped" and missing_packages():
        return _("Infection by: threshold baseline (the shipped model needs packages: see Settings)")
    return _("Infection by: {model}").format(model=_name(own.card))


def _name(card: ModelCard) -> str:
    return f"{card.name} ({card.id[:_SHOWN_ID]})"

"""Model folders: save and load them safely, keep a store of them, and know which one is active."""

from CovidQuantLib.models.active import activate, active_model, rollback
from CovidQuantLib.models.card import Metric, ModelCard, new_model_id
from CovidQuantLib.models.folder import LoadedModel, load_model, read_card, save_model
from CovidQuantLib.models.store import StoredModel, find_model, import_model, stored_models

__all__ = [
    "LoadedModel",
    "Metric",
    "ModelCard",
    "StoredModel",
    "activate",
    "active_model",
    "find_model",
    "import_model",
    "load_model",
    "new_model_id",
    "read_card",
    "rollback",
    "save_model",
    "stored_models",
]

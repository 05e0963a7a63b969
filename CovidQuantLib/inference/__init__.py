"""Networks on a CT: onto the model's spacing, through an engine, and back onto the CT's own grid.

Importing this room needs no PyTorch.
"""

from CovidQuantLib.inference.engines import Engine, engine_names, open_engine
from CovidQuantLib.inference.prediction import EVEN, Prediction, predict
from CovidQuantLib.inference.preparation import model_grid, prepare, view_box

__all__ = [
    "EVEN",
    "Engine",
    "Prediction",
    "engine_names",
    "model_grid",
    "open_engine",
    "predict",
    "prepare",
    "view_box",
]

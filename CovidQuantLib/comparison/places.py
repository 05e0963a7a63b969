"""What a comparison writes into its output folder.

plan.json                       what it was begun with
models/NETWORK-fold-N/          a model, with its log in NETWORK-fold-N.training
results/NETWORK-fold-N.json     the training and what was found in the CTs left out; mean-... likewise
results/cost-NETWORK-ENGINE.json
work/                           probabilities, until everything is done
"""

from __future__ import annotations

from pathlib import Path

from CovidQuantLib.long_jobs import LongJob

JOB = LongJob(
    "comparison",
    "of other data, folds or settings",
    "Remove its results and models, or choose a new folder.",
)


def models_folder(output: Path) -> Path:
    """The models, one for each network and fold."""
    return output / "models"


def results_folder(output: Path) -> Path:
    """One file for each network and fold that is done."""
    return output / "results"


def work_folder(output: Path) -> Path:
    """What is kept until everything is done."""
    return output / "work"


def model_folder(output: Path, network: str, fold: int) -> Path:
    """The model of this network in the fold of this number."""
    return models_folder(output) / f"{network}-fold-{fold}"


def result_file(output: Path, network: str, fold: int) -> Path:
    """What came of this network in this fold."""
    return results_folder(output) / f"{network}-fold-{fold}.json"


def mean_file(output: Path, group: tuple[str, ...], fold: int) -> Path:
    """What came of the mean of these networks in this fold."""
    return results_folder(output) / f"mean-{'-'.join(group)}-fold-{fold}.json"


def cost_file(output: Path, network: str, engine: str) -> Path:
    """What this network costs through this engine."""
    return results_folder(output) / f"cost-{network}-{engine}.json"

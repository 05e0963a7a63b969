"""What a comparison writes into its output folder, and how it finds there what is done.

plan.json                    what it was begun with
models/NETWORK-fold-N/       a model, with its log in NETWORK-fold-N.training
results/NETWORK-fold-N.json  the training and what was found in the CTs left out; mean-..., cost-... likewise
work/                        probabilities, until everything is done
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

"""Tiny patients and settings for trainings of UNet-1 and UNet-2 together."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from CovidQuantLib.datalists import Datalist
from CovidQuantLib.training import TrainingOptions, train
from Testing.network_factory import SMALL_NETWORKS
from Testing.training_factory import GRID, write_volume

HEALTHY, GROUND_GLASS, DENSE = -850, -500, 0


def chest(*, mixed: bool, seed: int = 0) -> tuple[Any, Any, Any]:
    """HU, classes and lungs: infection at the base and at the apex, at the base dense where the patient is mixed.

    They lie so far apart that no slab shows both: a network that saw a dense lesion beside ground glass could tell the
    patient by it, and call all of its infection consolidation.
    """
    lungs, classes = np.zeros(GRID.shape, np.uint8), np.zeros(GRID.shape, np.uint8)
    for label, first in ((1, 2), (2, 18)):
        lungs[1:31, 2:30, first : first + 12] = label
        classes[1:9, 8:24, first + 2 : first + 10] = 2 if mixed else 1
        classes[21:31, 8:24, first + 2 : first + 10] = 1
    hu = np.where(lungs > 0, HEALTHY, -100) + np.random.default_rng(seed).normal(0, 10, GRID.shape)
    hu[classes == 1], hu[classes == 2] = GROUND_GLASS, DENSE
    return hu.astype(np.int16), classes, lungs


def entry(folder: Path, number: int, *, mixed: bool, told: bool | None = None, classes: bool = False) -> dict[str, Any]:
    """Write a patient; gives its entry. With `classes` the mask tells them."""
    hu, labels, lungs = chest(mixed=mixed, seed=number)
    arrays = {"image": hu, "label": labels if classes else (labels > 0).astype(np.uint8), "lungs": lungs}
    names = {key: f"{number}-{key}.nii.gz" for key in arrays}
    for key, array in arrays.items():
        write_volume(folder / names[key], array)
    return {**names, "patient": f"P{number}", "has_consolidation": told}


def small(**changes: Any) -> TrainingOptions:
    """Options for a training of seconds."""
    values = {
        "network": "hybrid_unet_pair",
        "arguments": SMALL_NETWORKS["hybrid_unet_pair"],
        "spacing_mm": (2.0, 2.0, 2.0),
        "patch": (16, 32, 32),
        "epochs": 5,
        "batch": 8,
        "weak_batch": 8,
        "patches_per_case": 4,
        "learning_rate": 1e-2,
        "augmentation": 0.0,
        "threads": 1,
    }
    return TrainingOptions(**{**values, **changes})


def taught(parent: Path, listed: Datalist, output: Path, **changes: Any) -> Any:
    """The card of a UNet-2 that was trained from this parent."""
    options = {"parent": parent, "arguments": None, "spacing_mm": None, "validate_every": 50, **changes}
    return train(listed, output, small(optimiser="adam", schedule="constant", **options))

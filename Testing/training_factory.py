"""Tiny training data for tests: two lungs in 32 voxels a side, with dense balls in them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import SimpleITK as sitk

from CovidQuantLib.ct import Geometry
from CovidQuantLib.ct.orientation import image_of

SIDE = 32
GRID = Geometry((SIDE, SIDE, SIDE), (2.0, 2.0, 2.0), (0.0, 0.0, 0.0), (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0))
SMALL: dict[str, Any] = {
    "arguments": {"width": 4, "blocks": [1, 1]},
    "spacing_mm": (2.0, 2.0, 2.0),
    "patch": (16, 16, 16),
    "threads": 1,
}
"""Options of a training that takes a second."""


def write_case(folder: Path, number: int, *, balls: int = 3, grid: Geometry = GRID) -> dict[str, str]:
    """Write CT, mask and lungs of one case; gives its entry of a data list."""
    random = np.random.default_rng(number)
    k, j, i = np.mgrid[:SIDE, :SIDE, :SIDE]
    lungs = np.zeros(grid.shape, bool)
    for middle in (9, 23):
        lungs |= ((i - middle) / 6) ** 2 + ((j - 16) / 11) ** 2 + ((k - 16) / 13) ** 2 < 1
    lesion = np.zeros(grid.shape, bool)
    inside = np.argwhere(lungs)
    for _ in range(balls):
        centre = inside[random.integers(len(inside))]
        lesion |= (k - centre[0]) ** 2 + (j - centre[1]) ** 2 + (i - centre[2]) ** 2 < 16
    lesion &= lungs
    hu = np.where(lesion, 300, np.where(lungs, -850, -150)) + random.normal(0, 10, grid.shape)
    arrays: dict[str, npt.NDArray[Any]] = {
        "image": hu.astype(np.int16),
        "label": lesion.astype(np.uint8),
        "lungs": lungs.astype(np.uint8),
    }
    names = {key: f"{number}-{key}.nii.gz" for key in arrays}
    for key, array in arrays.items():
        write_volume(folder / names[key], array, grid)
    return {**names, "patient": f"P{number}"}


def write_volume(path: Path, array: npt.NDArray[Any], grid: Geometry = GRID) -> None:
    """Write an array of the library's axes as a volume."""
    sitk.WriteImage(image_of(array, grid), str(path))


def write_list(folder: Path, training: list[Any], validation: Any = (), **fields: Any) -> Path:
    """Write a data list; gives its path."""
    path = folder / "list.json"
    path.write_text(json.dumps({"name": "balls", "training": training, "validation": validation, **fields}))
    return path

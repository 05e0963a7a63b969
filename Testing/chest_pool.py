"""Pools of chests of 32 voxels a side with dense balls, on which the real trainer trains in seconds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from CovidQuantLib.ct import CtVolume, ScanFacts, StoredOrder
from CovidQuantLib.hitl.pool import (
    BLANK,
    AnatomyMaps,
    Pool,
    Reading,
    Subject,
    add_scan,
    init_pool,
    submit_anatomy,
    submit_reading,
)
from Testing.training_factory import GRID, write_case


def chest_pool(folder: Path, *, training: int, held_out: int, unread: int = 0) -> Pool:
    """A pool in `folder`/pool: patients for training, then held-out ones, then patients whose scans nobody has read."""
    pool = init_pool(folder / "pool", fraction=0.0)
    for number in range(training + held_out + unread):
        names = write_case(folder, number)
        hu, label, lungs = (_array(folder / names[key]) for key in ("image", "label", "lungs"))
        lungs[:, :, GRID.shape[2] // 2 :] *= 2
        ct = CtVolume(hu, GRID, StoredOrder(), GRID, ScanFacts(content_code_source=f"series {number}".encode()))
        is_held_out = training <= number < training + held_out
        scan = add_scan(pool, ct, Subject(f"patient {number}"), held_out=is_held_out).scan
        submit_anatomy(pool, scan, AnatomyMaps(lungs.astype(np.uint8)))
        if number < training + held_out:
            submit_reading(pool, scan, Reading(label.astype(np.uint8), "R1", BLANK, classes="infection"))
    return pool


def _array(path: Path) -> Any:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(path)))

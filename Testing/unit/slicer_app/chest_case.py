"""A small synthetic chest as the worker would hand it over: a result folder's segmentation, and its CT as a node."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import slicer

from CovidQuantLib.reports.results import SEGMENTATION_FILE
from CovidQuantLib.reports.seg_nrrd import write_seg_nrrd
from CovidQuantLib.segmentation.chest import ESTIMATED, THRESHOLD, ChestSegmentation, Part
from CovidQuantLib.slicer_app.segmentation_nodes import CaseNodes, load_results
from CovidQuantLib.synthetic_chest import SMALL, SyntheticChest, make_chest


@lru_cache(maxsize=1)
def a_chest() -> SyntheticChest:
    return make_chest(SMALL)


def segmentation_of(chest: SyntheticChest) -> ChestSegmentation:
    return ChestSegmentation(
        lungs=Part(chest.lungs, THRESHOLD),
        lobes=Part(chest.lobes, ESTIMATED),
        segments=Part(chest.segments, ESTIMATED),
        infection=Part(chest.infection, THRESHOLD),
    )


def write_results(folder: Path, chest: SyntheticChest) -> Path:
    folder.mkdir(exist_ok=True)
    write_seg_nrrd(folder / SEGMENTATION_FILE, chest.ct, segmentation_of(chest))
    return folder


def ct_node(chest: SyntheticChest) -> Any:
    """The CT as a volume node, stored as the chest's source stores it."""
    stored = chest.ct.stored_geometry
    affine = np.eye(4)
    affine[:3, :3] = np.reshape(stored.direction, (3, 3)) * np.asarray(stored.spacing)
    affine[:3, 3] = stored.origin
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine
    return slicer.util.addVolumeFromArray(chest.ct.stored.to_stored(chest.ct.hu), affine, "Chest")


def case_nodes(folder: Path) -> CaseNodes:
    chest = a_chest()
    return load_results(write_results(folder / "results", chest), ct_node(chest), lambda: None)

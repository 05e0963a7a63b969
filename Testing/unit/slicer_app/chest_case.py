"""A small synthetic chest as the worker would hand it over: a result folder's segmentation, and its CT as a node."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import slicer

from CovidQuantLib.reports.file_names import SEGMENTATION_FILE
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


@lru_cache(maxsize=1)
def a_result_folder() -> Path:
    """The results of the chest, written once."""
    folder = Path(tempfile.mkdtemp(prefix="covidquant-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return write_results(folder / "results", a_chest())


def case_nodes() -> CaseNodes:
    """The chest in the scene, with its proposal."""
    return load_results(a_result_folder(), ct_node(a_chest()), lambda: None)

"""Lungs by a trained network, to add what the threshold lungs leave out in dense disease.

Thresholds follow air. Where much of a lung is consolidated and its border to heart, liver or fluid has no contrast,
shape alone must tell it, which a network has learnt. It only adds: where the lungs hold air, the threshold's border is
the sharper one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from CovidQuantLib.ct import CtVolume, HuArray, LabelArray, MaskArray
from CovidQuantLib.ct.grid import Box, WorkingGrid
from CovidQuantLib.inference import open_engine, predict
from CovidQuantLib.messages import CaseWarning
from CovidQuantLib.networks import network
from CovidQuantLib.progress import Progress, no_progress, part_of
from CovidQuantLib.segmentation.aorta import descending_aorta
from CovidQuantLib.segmentation.lungs import Lungs
from CovidQuantLib.segmentation.morphology import components, dilate, open_
from CovidQuantLib.segmentation.spine import find_spine

if TYPE_CHECKING:
    from CovidQuantLib.models import LoadedModel

Parts = npt.NDArray[np.int32]
SMALLEST_ADDED_ML = 60.0
"""A smaller disagreement is left to the reader: vessels of a hilum make 50 ml."""
LARGEST_LUNGS_ML = 10_000.0
LEAST_COVERED = 0.8
"""Beyond the one (larger than any lungs), or under the other (its share of the threshold lungs, side by side), the
network has not understood the CT, and nothing of it is taken."""
DENSE_HU = -500
"""What is added is denser than this in the mean: bronchi and rests of air within it come with it."""
_WORKING_MM = 3.0
_SHELL_MM, _AROUND_MM = 5.0, 10.0
_AORTA_WALL_MM = 6.0
_BODY_HU = -300


@dataclass(frozen=True)
class BackedLungs:
    """Lungs with what a network added to them, and how much that was."""

    lungs: Lungs
    added_ml: float


def back_up_lungs(ct: CtVolume, lungs: Lungs, model: LoadedModel, progress: Progress = no_progress) -> BackedLungs:
    """`lungs` with the dense parts of a lung that `model` sees and the threshold left out.

    A part counts where it touches the lungs, is dense in the mean, thicker than twice 5 mm and has 60 ml or more;
    thinner ones are differences of the border, which is the network's within 10 mm of such a part. Airways and the
    descending aorta stay outside. Then parts of that size that the network sees on the other side change sides. Where
    something was added a warning says how much. Nothing is where the network's lungs cannot be any, and a warning says
    that.
    """
    whole = Box((0, 0, 0), ct.geometry.shape)
    # Lungs are looked for on a coarse grid: OpenVINO takes longer to compile the network than torch to run it.
    engine = open_engine(model.module, "torch")
    seen = predict(
        ct.hu,
        ct.geometry,
        whole,
        engine,
        model.card.preprocessing,
        reading=network(model.card.network).reading,
        threshold=model.card.threshold,
        progress=part_of(progress, 0.0, 0.8),
    )
    progress(0.8, "Comparing the lungs with the network's")
    if not _plausible(seen.labels, lungs.labels, ct.geometry.voxel_ml):
        warning = CaseWarning(
            "lungs_network_left_out",
            "The lungs model took for lungs what cannot be lungs and was left out. Dense parts of them may be missing.",
        )
        return BackedLungs(replace(lungs, warnings=(*lungs.warnings, warning)), 0.0)
    grid = WorkingGrid.over(ct.geometry, whole, _WORKING_MM)
    missing = (seen.labels > 0) & (lungs.labels == 0) & ~lungs.airways
    added = _dense_parts(missing, ct.hu, lungs, grid)
    added_ml = float(np.count_nonzero(added)) * ct.geometry.voxel_ml
    if not added_ml:
        return BackedLungs(lungs, 0.0)
    warning = CaseWarning(
        "lungs_network",
        f"{added_ml:.0f} ml of dense tissue without visible air were added to the lungs by a network, which knows "
        "their usual shape. Look at the lungs' border there.",
    )
    other_side = _near_thick_parts((seen.labels > 0) & (lungs.labels > 0) & (seen.labels != lungs.labels), grid)
    labels = np.where(added | other_side, seen.labels, lungs.labels).astype(np.uint8)
    return BackedLungs(replace(lungs, labels=labels, warnings=(*lungs.warnings, warning)), added_ml)


def _plausible(seen: LabelArray, lungs: LabelArray, voxel_ml: float) -> bool:
    inside = lungs > 0
    covered = int(np.count_nonzero(seen[inside] == lungs[inside]))
    total_ml = float(np.count_nonzero(seen)) * voxel_ml
    return covered >= LEAST_COVERED * int(np.count_nonzero(inside)) and total_ml <= LARGEST_LUNGS_ML


def _dense_parts(missing: MaskArray, hu: HuArray, lungs: Lungs, grid: WorkingGrid) -> MaskArray:
    """The parts of `missing` worth adding, on the CT's grid."""
    parts, large = _thick_parts(missing, grid)
    if not large.any():
        return np.zeros(missing.shape, bool)
    coarse_hu = grid.reduce(hu)
    aorta = _aorta(coarse_hu, lungs, grid)
    missing = missing & ~(grid.expand_labels(aorta.view(np.uint8)) > 0)
    parts, large = _thick_parts(missing, grid)
    near = dilate(grid.reduce_mask(lungs.labels > 0), _SHELL_MM, grid.spacing_kji)
    touching = np.bincount(parts[near], minlength=len(large)) > 0
    inside = np.bincount(parts.ravel(), minlength=len(large))
    mean_hu = np.bincount(parts.ravel(), coarse_hu.ravel(), len(large)) / np.maximum(inside, 1)
    return missing & _around(parts, large & touching & (mean_hu > DENSE_HU), grid)


def _aorta(hu: HuArray, lungs: Lungs, grid: WorkingGrid) -> MaskArray:
    """The descending aorta with its wall, on the working grid; empty where no trachea was found."""
    trachea = np.zeros(hu.shape, bool)
    for branch in lungs.tree.branches:
        if branch.generation == 0:
            at = ((branch.points_kji + 0.5) / np.array(grid.step)).astype(np.int64)
            trachea[tuple(np.clip(at, 0, np.array(hu.shape) - 1).T)] = True
    body = hu > _BODY_HU
    tissue = body & ~grid.reduce_mask(lungs.labels > 0)
    spine = find_spine(hu, body, grid.spacing_kji)
    aorta = descending_aorta(hu, tissue, trachea, spine, grid.spacing_kji)
    return dilate(aorta, _AORTA_WALL_MM, grid.spacing_kji)


def _near_thick_parts(mask: MaskArray, grid: WorkingGrid) -> MaskArray:
    return mask & _around(*_thick_parts(mask, grid), grid)


def _thick_parts(mask: MaskArray, grid: WorkingGrid) -> tuple[Parts, npt.NDArray[np.bool_]]:
    """What of `mask` is thicker than twice the shell, numbered on the working grid, and which numbers are large."""
    parts, counts = components(open_(grid.reduce_mask(mask), _SHELL_MM, grid.spacing_kji))
    large = counts * (float(np.prod(grid.spacing_kji)) / 1000.0) >= SMALLEST_ADDED_ML
    large[0] = False
    return parts, large


def _around(parts: Parts, kept: npt.NDArray[np.bool_], grid: WorkingGrid) -> MaskArray:
    """What lies in and around the `kept` parts, on the CT's grid."""
    if not kept.any():
        return np.zeros(grid.box.shape, bool)
    around = dilate(np.asarray(kept[parts]), _AROUND_MM, grid.spacing_kji)
    return np.asarray(grid.expand_labels(around.view(np.uint8)) > 0)

"""Both lungs of a chest CT, with their consolidations, by adaptive threshold and morphology.

The method of Hu et al. 2001 and Armato and Sensakovic 2004 ("Automated lung segmentation for thoracic CT"), which
Pan et al. 2020 build on: optimal threshold, airways taken out, lungs told apart, borders closed. The coarse part runs
on a grid of about 2 mm; the border between air and tissue is the CT's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from CovidQuantLib.ct import CtVolume, Geometry, LabelArray, MaskArray
from CovidQuantLib.messages import CaseWarning, InputError
from CovidQuantLib.progress import Progress, no_progress, part_of
from CovidQuantLib.segmentation.airways import Airways, AirwayTree, CoarseChest, coarse_chest, grow_airways
from CovidQuantLib.segmentation.gas import gas_outside_lungs
from CovidQuantLib.segmentation.lung_border import labels_on_ct
from CovidQuantLib.segmentation.morphology import components, dilate
from CovidQuantLib.segmentation.whole_lungs import whole_lungs

_SMALLEST_PIECE_ML = 0.5
_SMALLEST_LUNGS_ML = 150.0
_MAIN_PIECE_SHARE = 0.05
_NEAR_MM = 15.0
_BRONCHUS_WALL_MM = 2.0
_REACH = 2.5
_MAIN_BRONCHUS_MM = 50.0

_CUT_SHARE = 0.01
_LEAST_HEIGHT_MM = 100.0
_CUT_SENTENCES = {
    "lungs_cut_top": "The lungs are cut at the upper end of the scan: volumes and shares are of the part shown.",
    "lungs_cut_bottom": "The lungs are cut at the lower end of the scan: volumes and shares are of the part shown.",
    "lungs_cut_side": "The lungs are cut at a side of the image: volumes and shares are of the part shown.",
}

NO_LUNGS = (
    "No lungs were found in this CT: nothing in it looks like aerated lung inside a chest. "
    "Choose a CT of the whole chest; a series of the abdomen, the head or a limb cannot be used."
)

ONLY_BASES = (
    "This CT shows only a short part of the lungs, without the trachea: no volume or share of it would mean anything. "
    "Choose a CT of the whole chest."
)


@dataclass(frozen=True)
class Lungs:
    """`labels` (uint8; 1 right, 2 left) and `airways` (lumen of trachea and bronchi) on the CT's grid.

    Trachea and main bronchi are in no lung; bronchi inside a lung belong to it. `tree` is that of the airways.
    """

    labels: LabelArray
    airways: MaskArray
    warnings: tuple[CaseWarning, ...]
    tree: AirwayTree


def segment_lungs(ct: CtVolume, progress: Progress = no_progress) -> Lungs:
    """Both lungs of `ct`, whole, with consolidated parts.

    Raises `InputError` where the CT shows no lungs, or nothing but their bases.
    """
    progress(0.0, "Looking for the lungs")
    chest = coarse_chest(ct)
    airways = grow_airways(ct, chest=chest, progress=part_of(progress, 0.2, 0.5))
    progress(0.5, "Finding the lungs")
    bronchi = main_airways(chest, airways)
    gas = gas_outside_lungs(chest.hu, chest.air & ~bronchi, chest.grid.spacing_kji)
    aerated = aerated_lungs(chest, bronchi | gas)
    sides = whole_lungs(chest, aerated, bronchi, gas, part_of(progress, 0.6, 0.85))
    barred = bronchi | (chest.air & (sides == 0))
    labels = labels_on_ct(ct, chest, sides, aerated, barred, part_of(progress, 0.85, 1.0))
    warnings = _cut_at_border(labels)
    if chest.trachea is None and _is_low_and_cut(labels, ct.geometry, warnings):
        raise InputError(ONLY_BASES)
    return Lungs(labels, airways.lumen, warnings, airways.tree)


def main_airways(chest: CoarseChest, airways: Airways) -> MaskArray:
    """Trachea and main bronchi with their walls, on the coarse grid."""
    mask = np.zeros(chest.hu.shape, bool)
    size: npt.NDArray[np.int64] = np.array(mask.shape) - 1
    step = np.array(chest.grid.step)
    spacing = chest.grid.geometry.spacing_kji
    lumen = np.zeros(mask.shape, bool)
    lumen[tuple(np.minimum(((np.argwhere(airways.lumen) + 0.5) / step).astype(np.int64), size).T)] = True
    for branch in airways.tree.branches:
        if branch.generation <= 1:
            # A main bronchus whose partings were missed runs on into a lobe: it ends after its usual length.
            points = (
                branch.points_kji[branch.way_mm(spacing) <= _MAIN_BRONCHUS_MM]
                if branch.generation
                else branch.points_kji
            )
            line = np.zeros(mask.shape, bool)
            line[tuple(np.minimum(((points + 0.5) / step).astype(np.int64), size).T)] = True
            mask |= dilate(line, _REACH * branch.radius_mm, chest.grid.spacing_kji) & lumen
    return dilate(mask, _BRONCHUS_WALL_MM, chest.grid.spacing_kji)


def aerated_lungs(chest: CoarseChest, barred: MaskArray) -> MaskArray:
    """Air of the lungs on the coarse grid: large pieces, and small ones near them. `barred` is air that is no lung.

    Raises `InputError` where nothing of the size of lungs is left.
    """
    spacing = chest.grid.spacing_kji
    labels, counts = components(chest.air & ~barred)
    ml = counts * float(np.prod(spacing)) / 1000.0
    if ml.max(initial=0.0) < _SMALLEST_LUNGS_ML / 2.0 or ml.sum() < _SMALLEST_LUNGS_ML:
        raise InputError(NO_LUNGS)
    main = np.flatnonzero(counts >= max(_MAIN_PIECE_SHARE * counts[1:].sum(), 1))
    lungs = np.isin(labels, main)
    near = dilate(lungs, _NEAR_MM, spacing)
    for number in range(1, len(counts)):
        if number not in main and ml[number] >= _SMALLEST_PIECE_ML:
            piece = labels == number
            if near[piece].mean() > 0.9:
                lungs |= piece
    return np.asarray(lungs)


def _cut_at_border(labels: LabelArray) -> tuple[CaseWarning, ...]:
    """A warning for each end of the scan at which the lungs go on, and for its sides."""
    found = []
    area = [int(np.count_nonzero(labels[k])) for k in range(labels.shape[0])]
    limit = _CUT_SHARE * max(area)
    if area[-1] > limit:
        found.append("lungs_cut_top")
    if area[0] > limit:
        found.append("lungs_cut_bottom")
    edges = (labels[:, 0], labels[:, -1], labels[:, :, 0], labels[:, :, -1])
    if any(np.count_nonzero(edge) > limit for edge in edges):
        found.append("lungs_cut_side")
    return tuple(CaseWarning(code, _CUT_SENTENCES[code]) for code in found)


def _is_low_and_cut(labels: LabelArray, geometry: Geometry, warnings: tuple[CaseWarning, ...]) -> bool:
    """Whether the lungs end at the upper end of the scan after a short way."""
    height = float(np.count_nonzero((labels > 0).any(axis=(1, 2)))) * geometry.spacing_kji[0]
    return height < _LEAST_HEIGHT_MM and any(warning.code == "lungs_cut_top" for warning in warnings)

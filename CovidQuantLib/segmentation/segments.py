"""The 18 bronchopulmonary segments, estimated: cones from where the bronchus enters the lobe, led by the bronchi.

Segments have no visible border. Each belongs to a segmental bronchus, so seen from the lobe's gate (where its bronchus
enters) a segment is what lies around that bronchus. Directions of the segments come from a prior in the lobe's own
proportions; where the airway tree was followed into the lobe, its branches pull them to where they are in this patient.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from CovidQuantLib.anatomy import LOBES, SEGMENTS, Structure
from CovidQuantLib.ct import CtVolume, Geometry, LabelArray
from CovidQuantLib.ct.grid import WorkingGrid, bounding_box
from CovidQuantLib.progress import Progress, no_progress
from CovidQuantLib.segmentation.airways import AirwayTree
from CovidQuantLib.segmentation.lungs import Lungs
from CovidQuantLib.segmentation.segment_prior import SMALLEST_SHARE, DoubleArray, prior_directions

_WORKING_MM = 3.0
_GATE_SHARE = 0.01
_NEAR_GATE_MM = 8.0
_BRONCHUS_WEIGHT = 0.05
_BALANCE_STEP = 0.15
_BALANCE_ROUNDS = 20


@dataclass(frozen=True)
class Segments:
    """`labels`: uint8, 1 to 18, on the CT's grid, one for every voxel of a lobe.

    `followed` holds the keys of the segments whose bronchus was followed; the others lie where the prior puts them.
    """

    labels: LabelArray
    followed: tuple[str, ...]


@dataclass(frozen=True)
class _LobeFrame:
    """A lobe's own coordinates.

    `gate` in mm from the CT's first voxel, `scale` the mean distance of the lobe's voxels from it along k, j, i in mm;
    `outwards` is -1 where outwards is to the patient's right, else 1.
    """

    gate: DoubleArray
    scale: DoubleArray
    outwards: float

    def rays(self, points_mm: DoubleArray) -> DoubleArray:
        """Unit vectors (n, 3) to the head, back and outside from the gate to `points_mm` (n, 3; k, j, i)."""
        rays = (points_mm - self.gate) / self.scale * (1.0, 1.0, self.outwards)
        return np.asarray(rays / np.maximum(np.linalg.norm(rays, axis=1, keepdims=True), 1e-6))


def segment_segments(ct: CtVolume, lungs: Lungs, lobes: LabelArray, progress: Progress = no_progress) -> Segments:
    """Estimate the segments of `lobes` (uint8, 1 to 5, on the CT's grid)."""
    labels = np.zeros_like(lobes)
    followed: list[str] = []
    for number, lobe in enumerate(LOBES):
        progress(number / len(LOBES), "Finding the segments")
        mask = lobes == lobe.label
        if mask.any():
            followed += _part_lobe(mask, lobe, ct.geometry, lungs.tree, labels)
    progress(1.0, "Finding the segments")
    return Segments(labels, tuple(followed))


def _part_lobe(
    mask: npt.NDArray[np.bool_], lobe: Structure, geometry: Geometry, tree: AirwayTree, labels: LabelArray
) -> list[str]:
    """Write the segments of one lobe into `labels`; gives the keys of those whose bronchus was followed."""
    members = [segment for segment in SEGMENTS if segment.parent == lobe.key]
    grid = WorkingGrid.over(geometry, bounding_box(mask, geometry), _WORKING_MM)
    spacing = np.array(geometry.spacing_kji)
    inside = grid.share(mask) > 0.0
    centres = (np.argwhere(inside) + 0.5) * grid.step - 0.5 + grid.box.start
    points = centres * spacing
    branches = _branches_inside(tree, mask)
    gate = branches[0][0] * spacing if branches else _medial_gate(points, geometry)
    scale = np.maximum(np.abs(points - gate).mean(axis=0), 1.0)
    frame = _LobeFrame(gate, scale, -1.0 if lobe.parent == "right" else 1.0)
    middles, seen = _middles(prior_directions([one.key for one in members]), frame, branches, spacing)
    coarse = np.zeros(grid.shape, np.intp)
    coarse[inside] = _balanced(frame.rays(points) @ middles.T)
    coarse = _filled(_without_islands(coarse + 1, inside, len(members)))
    values = np.array([0, *(one.label for one in members)], np.uint8)[coarse]
    box = grid.box.slices
    labels[box] = np.where(mask[box], grid.expand_labels(values), labels[box])
    return [one.key for one, found in zip(members, seen, strict=True) if found]


def _branches_inside(tree: AirwayTree, mask: npt.NDArray[np.bool_]) -> list[DoubleArray]:
    """The parts of the tree's centre lines inside the lobe, in voxels (n, 3), the nearest to the trachea first."""
    found = []
    for branch in sorted(tree.branches, key=lambda branch: branch.generation):
        points = np.asarray(branch.points_kji, np.float64)
        index = np.clip(np.rint(points).astype(int), 0, np.array(mask.shape) - 1)
        within = points[mask[tuple(index.T)]]
        if len(within):
            found.append(within)
    return found


def _medial_gate(points: DoubleArray, geometry: Geometry) -> DoubleArray:
    """The gate of a lobe that no bronchus was followed into: its part nearest to the middle of the chest."""
    middle = (np.array(geometry.shape) - 1) / 2 * geometry.spacing_kji
    goal = np.array([points[:, 0].mean(), points[:, 1].mean(), middle[2]])
    distance = np.linalg.norm(points - goal, axis=1)
    nearest = np.argsort(distance)[: max(1, int(len(points) * _GATE_SHARE))]
    return np.asarray(points[nearest].mean(axis=0))


def _middles(
    prior: DoubleArray, frame: _LobeFrame, branches: list[DoubleArray], spacing: DoubleArray
) -> tuple[DoubleArray, npt.NDArray[np.bool_]]:
    """The directions of the segments, pulled to the bronchi that are seen, and which of them have one.

    Each point of a centre line beyond the gate counts for the segment whose prior direction is nearest to its branch's
    end; `_BRONCHUS_WEIGHT` for each mm, so that 20 mm of bronchus weigh as much as the prior.
    """
    pulled = prior.copy()
    seen = np.zeros(len(prior), bool)
    for branch in branches:
        points = branch * spacing
        beyond = points[np.linalg.norm(points - frame.gate, axis=1) > _NEAR_GATE_MM]
        if len(beyond) < 2:
            continue
        rays = frame.rays(beyond)
        owner = int(np.argmax(prior @ rays[-1]))
        length = np.linalg.norm(np.diff(beyond, axis=0), axis=1).sum()
        pulled[owner] += _BRONCHUS_WEIGHT * length * rays[len(rays) // 2 :].mean(axis=0)
        seen[owner] = True
    return np.asarray(pulled / np.linalg.norm(pulled, axis=1, keepdims=True)), seen


def _balanced(nearness: DoubleArray) -> npt.NDArray[np.intp]:
    """The segment of each voxel from its nearness (voxels, segments), so that none is squeezed out of its lobe.

    A segment that has less than its smallest share is moved forward step by step.
    """
    bonus = np.zeros(nearness.shape[1])
    least = SMALLEST_SHARE / nearness.shape[1]
    for _ in range(_BALANCE_ROUNDS):
        owner = np.argmax(nearness + bonus, axis=1)
        share = np.bincount(owner, minlength=len(bonus)) / len(owner)
        if share.min() >= least:
            break
        bonus += np.where(share < least, _BALANCE_STEP * (1.0 - share / least), 0.0)
    return np.argmax(nearness + bonus, axis=1)


def _without_islands(parts: npt.NDArray[np.intp], inside: npt.NDArray[np.bool_], count: int) -> npt.NDArray[np.intp]:
    """`parts` (1 to `count` where `inside`) with all but the largest piece of each set to 0."""
    kept = np.zeros_like(parts)
    for part in range(1, count + 1):
        pieces, number = ndimage.label((parts == part) & inside)
        if number:
            kept[pieces == 1 + int(np.argmax(np.bincount(pieces.ravel())[1:]))] = part
    return kept


def _filled(parts: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """`parts` with each 0 replaced by the nearest part, so that no voxel of the lobe is left without one."""
    nearest = ndimage.distance_transform_edt(parts == 0, return_distances=False, return_indices=True)
    return np.asarray(parts[tuple(nearest)])

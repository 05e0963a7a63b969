"""The airways: the lumen of trachea and bronchi, and their tree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from CovidQuantLib.ct import CtVolume, Geometry, HuArray, MaskArray
from CovidQuantLib.ct.grid import Box, WorkingGrid, bounding_box
from CovidQuantLib.ct.volume import T
from CovidQuantLib.progress import Progress, no_progress, part_of
from CovidQuantLib.segmentation.airway_evidence import SUREST, lumen_levels, surrounding_hu
from CovidQuantLib.segmentation.airway_wave import AirwayWave, WaveBranch
from CovidQuantLib.segmentation.morphology import Spacing, components, erode, open_
from CovidQuantLib.segmentation.thorax_air import find_body_air
from CovidQuantLib.segmentation.trachea import find_trachea

COARSE_MM = 2.0
_PLEURA_MM = 4.0
_LIGHTEST_PARENCHYMA_HU = -600
_WIDE_AIRWAY_MM = 3.0
_LUMEN_SPREAD_HU = 60
_WIDEST_TREE_ML = 120.0
_SHORTEST_BRANCH_MM = 4.0
_SHORTEST_INNER_MM = 2.5


@dataclass(frozen=True)
class AirwayBranch:
    """An airway between two partings.

    `parent` is the number of the branch it leaves (None for the trachea), `generation` 0 for the trachea.
    `points_kji` (n, 3) is its centre line in voxels of the CT's grid, from the trachea's side on. `radius_mm` is that
    of a cylinder of the same volume and length.
    """

    parent: int | None
    generation: int
    points_kji: npt.NDArray[np.float32]
    length_mm: float
    radius_mm: float

    def way_mm(self, spacing_kji: Spacing) -> npt.NDArray[np.float64]:
        """How far each point lies along the branch from its first one, in mm, on a grid of this spacing."""
        steps = np.linalg.norm(np.diff(self.points_kji, axis=0) * np.array(spacing_kji), axis=1)
        return np.concatenate([[0.0], np.cumsum(steps)])


@dataclass(frozen=True)
class AirwayTree:
    """Branches, each after its parent; empty where no trachea was found."""

    branches: tuple[AirwayBranch, ...] = ()

    def children(self, number: int) -> tuple[int, ...]:
        """The numbers of the branches that leave branch `number`."""
        return tuple(n for n, branch in enumerate(self.branches) if branch.parent == number)


@dataclass(frozen=True)
class Airways:
    """`lumen` on the CT's grid (trachea from the top of its round part, bronchi as far as they were followed)."""

    lumen: MaskArray
    tree: AirwayTree


@dataclass(frozen=True)
class CoarseChest:
    """The chest on a coarse grid of about 2 mm: HU, the body, its air, and the trachea's lumen where one is seen."""

    grid: WorkingGrid
    hu: HuArray
    body: MaskArray
    air: MaskArray
    threshold_hu: float
    trachea: MaskArray | None


def coarse_chest(ct: CtVolume) -> CoarseChest:
    """The chest of `ct` on a coarse grid, with what is known before lungs and airways are told apart."""
    shape = ct.geometry.shape
    grid = WorkingGrid.over(ct.geometry, Box((0, 0, 0), shape), COARSE_MM)
    hu = grid.reduce(ct.hu)
    found = find_body_air(hu, grid.spacing_kji)
    trachea = find_trachea(hu, found.body, grid.spacing_kji)
    return CoarseChest(grid, hu, found.body, found.body & (hu < found.threshold_hu), found.threshold_hu, trachea)


def grow_airways(ct: CtVolume, *, chest: CoarseChest | None = None, progress: Progress = no_progress) -> Airways:
    """The airways of `ct`, followed from the trachea down as far as the image allows.

    `chest` saves the coarse work where it has been done. Without a trachea the airways are empty.
    """
    progress(0.0, "Finding the trachea")
    chest = chest or coarse_chest(ct)
    lumen = np.zeros(ct.geometry.shape, bool)
    if chest.trachea is None:
        return Airways(lumen, AirwayTree())
    box = _box(chest, ct.geometry)
    levels = _levels(ct, chest, box, part_of(progress, 0.1, 0.5))
    seed = np.zeros(levels.shape, bool)
    seed[-2] = levels[-2] > SUREST
    if not seed.any():
        return Airways(lumen, AirwayTree())
    wave = AirwayWave(np.minimum(levels, SUREST), tuple(range(1, SUREST + 1)))
    branches = wave.run(np.flatnonzero(seed), part_of(progress, 0.5, 0.9))
    inside = np.zeros(levels.size, bool)
    for branch in branches:
        inside[np.concatenate(branch.layers)] = True
    lumen[box.slices] = inside.reshape(levels.shape)[1:-1, 1:-1, 1:-1]
    tree = _tree(branches, levels.shape, box, ct.geometry.spacing_kji)
    progress(1.0, "Following the airways")
    return Airways(lumen, tree)


def _box(chest: CoarseChest, geometry: Geometry) -> Box:
    """The CT's voxels around the lungs' air, from below up to the top of the trachea's round part."""
    labels, _ = components(chest.air)
    around = bounding_box(labels == 1, _coarse_geometry(chest))
    assert chest.trachea is not None
    top = int(np.flatnonzero(chest.trachea.any(axis=(1, 2)))[-1])
    start, stop = [], []
    for axis in range(3):
        first, last = around.start[axis], around.stop[axis]
        if axis == 0:
            first, last = min(first, top), top
        start.append(int(first * chest.grid.step[axis]))
        stop.append(min(geometry.shape[axis], int(np.ceil(last * chest.grid.step[axis]))))
    return Box((start[0], start[1], start[2]), (max(stop[0], start[0] + 1), stop[1], stop[2]))


def _coarse_geometry(chest: CoarseChest) -> Geometry:
    spacing = chest.grid.spacing_kji
    return Geometry(chest.hu.shape, (spacing[2], spacing[1], spacing[0]), (0.0, 0.0, 0.0), ())


def _levels(ct: CtVolume, chest: CoarseChest, box: Box, progress: Progress) -> npt.NDArray[np.uint8]:
    """Lumen levels of the box, with a border of one voxel of 0; wide airways are above the surest level."""
    progress(0.0, "Following the airways")
    spacing = chest.grid.spacing_kji
    labels, _ = components(chest.air)
    plain = (labels == 1) & (chest.hu < _LIGHTEST_PARENCHYMA_HU)
    parenchyma = erode(plain, _PLEURA_MM, spacing)
    wide = _wide_airways(chest)
    around = surrounding_hu(chest.hu, parenchyma, spacing)
    progress(0.4, "Following the airways")
    levels = lumen_levels(
        np.ascontiguousarray(ct.hu[box.slices]),
        _nearest(parenchyma, chest, box),
        _nearest(around, chest, box),
        ct.geometry.spacing_kji,
    )
    levels[_nearest(wide, chest, box)] = SUREST + 1
    progress(1.0, "Following the airways")
    return np.pad(levels, 1)


def _wide_airways(chest: CoarseChest) -> MaskArray:
    """Trachea and bronchi wide enough for the coarse grid, by the strictest threshold that keeps out of the lungs."""
    assert chest.trachea is not None
    spacing = chest.grid.spacing_kji
    centre = float(np.median(chest.hu[chest.trachea]))
    for spread in (_LUMEN_SPREAD_HU, _LUMEN_SPREAD_HU // 2, _LUMEN_SPREAD_HU // 4):
        gas = open_((chest.hu < centre + spread) & chest.body, _WIDE_AIRWAY_MM, spacing) | chest.trachea
        labels, counts = components(gas)
        parts = np.unique(labels[chest.trachea])
        if counts[parts].sum() * float(np.prod(spacing)) / 1000.0 <= _WIDEST_TREE_ML:
            return np.asarray(np.isin(labels, parts))
    return chest.trachea


def _nearest(values: npt.NDArray[T], chest: CoarseChest, box: Box) -> npt.NDArray[T]:
    """Coarse values on the box's voxels, the nearest sample each."""
    picks = []
    for axis in range(3):
        fine = np.arange(box.start[axis], box.stop[axis])
        picks.append(np.minimum(((fine + 0.5) / chest.grid.step[axis]).astype(np.int64), values.shape[axis] - 1))
    return values[picks[0]][:, picks[1]][:, :, picks[2]]


def _tree(branches: list[WaveBranch], shape: tuple[int, ...], box: Box, spacing_kji: Spacing) -> AirwayTree:
    """Branches as centre lines; twigs too short to be one are dropped, and what they parted is joined again.

    A stretch of a voxel or two between two partings is one parting of three.
    """
    lines = [_line(branch, shape, box) for branch in branches]
    lengths = [_length(line, spacing_kji) for line in lines]
    volumes = [sum(len(layer) for layer in branch.layers) * float(np.prod(spacing_kji)) for branch in branches]
    children: dict[int, list[int]] = {n: [] for n in range(-1, len(branches))}
    for number in range(len(branches) - 1, -1, -1):
        if lengths[number] >= _SHORTEST_BRANCH_MM or children[number]:
            children[branches[number].parent].insert(0, number)
    found: list[AirwayBranch] = []
    waiting: list[tuple[int, int | None]] = [(0, None)]
    while waiting:
        number, parent = waiting.pop(0)
        line, volume = [lines[number]], volumes[number]
        while len(children[number]) == 1:
            number = children[number][0]
            line.append(lines[number])
            volume += volumes[number]
        points = np.concatenate(line)
        length = _length(points, spacing_kji)
        if parent is not None and children[number] and length < _SHORTEST_INNER_MM:
            waiting.extend((child, parent) for child in children[number])
            continue
        radius = float(np.sqrt(volume / (np.pi * max(length, min(spacing_kji)))))
        generation = 0 if parent is None else found[parent].generation + 1
        found.append(AirwayBranch(parent, generation, points, length, radius))
        waiting.extend((child, len(found) - 1) for child in children[number])
    return AirwayTree(tuple(found))


def _line(branch: WaveBranch, shape: tuple[int, ...], box: Box) -> npt.NDArray[np.float32]:
    """Centres of the branch's layers, in voxels of the CT."""
    centres = [np.mean(np.unravel_index(layer, shape), axis=1) for layer in branch.layers]
    return (np.array(centres) - 1.0 + np.array(box.start)).astype(np.float32)


def _length(points: npt.NDArray[np.float32], spacing_kji: Spacing) -> float:
    steps = np.diff(points, axis=0) * np.array(spacing_kji)
    return float(np.linalg.norm(steps, axis=1).sum())

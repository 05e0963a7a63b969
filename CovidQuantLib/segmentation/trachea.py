"""The trachea: a round column of air that runs down the middle of the chest, slice by slice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from CovidQuantLib.ct import HuArray, MaskArray
from CovidQuantLib.segmentation.morphology import Spacing

_AREA_MM2 = (40.0, 900.0)
_LONGEST_SIDE_MM = 45.0
_FILLED = 0.5
_SHORTEST_MM = 20.0
_FULL_LENGTH_MM = 60.0
_OFF_CENTRE_MM = 45.0
_THRESHOLDS_HU = (-900, -800, -700, -600)


@dataclass(frozen=True)
class _Region:
    """A piece of air in one slice: its number there, area in mm2 and centre (row, column)."""

    k: int
    label: int
    area: float
    centre: tuple[float, float]


def find_trachea(hu: HuArray, body: MaskArray, spacing_kji: Spacing) -> MaskArray | None:
    """The trachea's lumen down to the carina on a coarse grid of about 2 to 4 mm, or None where none is seen.

    `hu` and `body` have axes (k, j, i). Several thresholds are tried, since partial volume lifts a small lumen.
    """
    best: list[MaskArray] = []
    best_score = 0.0
    if not body.any():
        return None
    for threshold in _THRESHOLDS_HU:
        labels = _label_slices((hu < threshold) & body)
        chain, score = _best_chain(labels, body, spacing_kji)
        if score > best_score:
            best_score = score
            best = [_mask_of(chain, labels)]
        if score >= _FULL_LENGTH_MM:
            break
    return best[0] if best and best_score >= _SHORTEST_MM else None


def _label_slices(air: MaskArray) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    """Connected pieces of each axial slice, numbered from 1 across the whole volume."""
    in_plane = np.zeros((3, 3, 3), bool)
    in_plane[1] = ndimage.generate_binary_structure(2, 1)
    labels, _ = ndimage.label(air, in_plane)
    return np.asarray(labels, np.int32)


def _best_chain(
    labels: np.ndarray[tuple[int, ...], np.dtype[np.int32]], body: MaskArray, spacing_kji: Spacing
) -> tuple[list[_Region], float]:
    """The longest run of round pieces, each over the next one below; its score is its length in mm near the middle."""
    middle = float(np.average(np.arange(body.shape[2]), weights=body.any(axis=1).sum(axis=0)))
    open_chains: list[list[_Region]] = []
    done: list[list[_Region]] = []
    for k in range(labels.shape[0] - 1, -1, -1):
        regions = _round_regions(labels[k], k, spacing_kji)
        going = []
        for chain in open_chains:
            below = _under(chain[-1], labels, regions)
            if below is None:
                done.append(chain)
            else:
                regions.remove(below)
                going.append([*chain, below])
        open_chains = going + [[region] for region in regions]
    best: list[_Region] = []
    best_score = 0.0
    for chain in done + open_chains:
        offset = abs(float(np.mean([region.centre[1] for region in chain])) - middle) * spacing_kji[2]
        score = len(chain) * spacing_kji[0] * max(0.0, 1.0 - (offset / _OFF_CENTRE_MM) ** 2)
        if score > best_score:
            best, best_score = chain, score
    return best, best_score


def _round_regions(
    labels: np.ndarray[tuple[int, ...], np.dtype[np.int32]], k: int, spacing_kji: Spacing
) -> list[_Region]:
    first = int(labels[labels > 0].min()) if labels.any() else 1
    regions = []
    for offset, box in enumerate(ndimage.find_objects(np.maximum(labels - first + 1, 0))):
        if box is None:
            continue
        label = first + offset
        piece = labels[box] == label
        area = float(piece.sum()) * spacing_kji[1] * spacing_kji[2]
        sides = (piece.shape[0] * spacing_kji[1], piece.shape[1] * spacing_kji[2])
        round_enough = max(sides) <= _LONGEST_SIDE_MM and piece.mean() >= _FILLED and max(sides) <= 2.5 * min(sides)
        if _AREA_MM2[0] <= area <= _AREA_MM2[1] and round_enough:
            rows, columns = np.nonzero(piece)
            centre = (box[0].start + float(rows.mean()), box[1].start + float(columns.mean()))
            regions.append(_Region(k, label, area, centre))
    return regions


def _under(
    region: _Region, labels: np.ndarray[tuple[int, ...], np.dtype[np.int32]], below: list[_Region]
) -> _Region | None:
    """The region of the next slice that most of `region` lies on, if it is of a similar size."""
    beneath = labels[region.k - 1][labels[region.k] == region.label]
    numbers, counts = np.unique(beneath[beneath > 0], return_counts=True)
    for number in numbers[np.argsort(-counts)]:
        for candidate in below:
            if candidate.label == number and 0.5 < candidate.area / region.area < 2.0:
                return candidate
    return None


def _mask_of(chain: list[_Region], labels: np.ndarray[tuple[int, ...], np.dtype[np.int32]]) -> MaskArray:
    mask = np.zeros(labels.shape, bool)
    for region in chain:
        mask[region.k] = labels[region.k] == region.label
    return mask

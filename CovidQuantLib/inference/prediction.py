"""A network's answer for a CT: labels on the CT's own grid, and how sure it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from CovidQuantLib.ct import Geometry, HuArray, LabelArray, MaskArray
from CovidQuantLib.ct.grid import Box, WorkingGrid
from CovidQuantLib.inference.engines import Engine
from CovidQuantLib.inference.preparation import model_grid, prepare, view_box
from CovidQuantLib.inference.slices import run_slices
from CovidQuantLib.inference.windows import run_volume
from CovidQuantLib.networks import VOLUMES, Preprocessing, Reading
from CovidQuantLib.progress import Progress, no_progress, part_of

_SLAB = 16
"""Planes of the CT that are labelled at a time: full-size probabilities are never all in memory."""
EVEN = 0.5
"""The threshold that prefers no class."""
_TINY = np.float32(1e-12)
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Prediction:
    """What a network says of a CT.

    `labels` (uint8) stand on the CT's whole grid (k, j, i), 0 outside of `box`; label n is the network's channel n.
    `entropy` (float32, on the box's voxels) is the uncertainty where it was asked for: the entropy of the
    probabilities divided by its largest value, 0 where one class is certain to 1 where all are as likely.
    `foreground` (float32, on the box's voxels) is the probability of any label but the background, where asked for.
    `uncertain_ml`, where it was asked for, has one number a slice k of the whole grid: the sum of that entropy over the
    slice's lung voxels times their volume, as if so many ml were even odds and all others certain.
    `notes` are sentences for the user on how the network ran.
    """

    labels: LabelArray
    entropy: FloatArray | None
    box: Box
    notes: tuple[str, ...]
    foreground: FloatArray | None = None
    uncertain_ml: tuple[float, ...] | None = None


def predict(
    ct_hu: HuArray,
    geometry: Geometry,
    box: Box,
    engine: Engine,
    preprocessing: Preprocessing,
    *,
    reading: Reading = VOLUMES,
    lungs: MaskArray | None = None,
    uncertainty: bool = False,
    foreground: bool = False,
    by_slice: bool = False,
    threshold: float = EVEN,
    progress: Progress = no_progress,
) -> Prediction:
    """Labels of `box` of a CT (`ct_hu`, the whole grid k, j, i, in HU).

    `reading` says what the network takes: volumes, or slices, which are stacked. `lungs` is a mask on the same grid,
    for a network that sees the lungs alone, and for what `by_slice` adds up (without it the whole box). `uncertainty`
    asks for the entropy of every voxel, `by_slice` for its sums alone, which take no memory.

    The network works on its own grid (`model_grid`), which may reach beyond `box` (`view_box`); its probabilities are
    interpolated linearly onto the CT's voxels, where the largest gives the label (the smaller label of two even ones).
    `threshold` (above 0, under 1) is the probability from which on one label wins against the background alone: the
    background's odds are multiplied by threshold / (1 - threshold).
    A cancel takes effect within about a second.
    """
    view = view_box(ct_hu, geometry, box, preprocessing)
    grid = model_grid(geometry, view, preprocessing)
    volume = prepare(ct_hu, geometry, view, preprocessing, part_of(progress, 0.0, 0.1), lungs=lungs)
    running, multiple_of = part_of(progress, 0.1, 0.8), preprocessing.multiple_of
    if reading.takes_volumes:
        probabilities, notes = run_volume(engine, volume[None], multiple_of, running)
    else:
        probabilities, notes = run_slices(engine, volume, reading, multiple_of, running)
    back = part_of(progress, 0.8, 1.0)
    labels = np.zeros(geometry.shape, np.uint8)
    inside = labels[box.slices]
    seen = _within(box, view)
    entropy, any_label = (np.empty(box.shape, np.float32) if wanted else None for wanted in (uncertainty, foreground))
    sums = np.zeros(geometry.shape[0]) if by_slice else None
    for start in range(0, box.shape[0], _SLAB):
        back(start / box.shape[0], "Bringing the network's answer onto the CT")
        stop = min(start + _SLAB, box.shape[0])
        planes = [found[seen] for found in _expanded(probabilities, grid, start, stop)]
        inside[start:stop] = _labels(planes, threshold)
        if entropy is not None:
            entropy[start:stop] = _entropy(planes)
        if any_label is not None:
            any_label[start:stop] = 1.0 - planes[0]
        if sums is not None:
            where = None if lungs is None else lungs[box.slices][start:stop]
            sums[box.start[0] + start : box.start[0] + stop] = _sums(planes, where)
    back(1.0, "Bringing the network's answer onto the CT")
    uncertain = None if sums is None else tuple(map(float, sums * geometry.voxel_ml))
    return Prediction(labels, entropy, box, notes, any_label, uncertain)


def _within(box: Box, view: Box) -> tuple[slice, slice, slice]:
    """The index that cuts the rows and columns of `box` out of planes of `view`, which holds it."""
    rows, columns = (slice(box.start[axis] - view.start[axis], box.stop[axis] - view.start[axis]) for axis in (1, 2))
    return (slice(None), rows, columns)


def _expanded(probabilities: FloatArray, grid: WorkingGrid, start: int, stop: int) -> list[FloatArray]:
    """The probability of each class on planes `start` to before `stop` of the box."""
    found = [grid.expand_planes(one, start, stop) for one in probabilities[1:]]
    # Of two classes one says all; of more the sum of all others would add up their rounding.
    return [1 - found[0], *found] if len(found) == 1 else [grid.expand_planes(probabilities[0], start, stop), *found]


def _labels(planes: Sequence[FloatArray], threshold: float) -> LabelArray:
    """The label with the largest probability, that of the background weighed by the threshold."""
    if len(planes) == 2:
        return (planes[1] > threshold).astype(np.uint8)
    most = planes[0] * np.float32(threshold / (1 - threshold))
    labels = np.zeros(most.shape, np.uint8)
    for label, found in enumerate(planes[1:], start=1):
        labels[found > most] = label
        np.maximum(most, found, out=most)
    return labels


def _entropy(planes: Sequence[FloatArray]) -> FloatArray:
    """Entropy of the probabilities, divided by log(classes)."""
    total = np.zeros(planes[0].shape, np.float32)
    for found in planes:
        total -= found * np.log(np.maximum(found, _TINY))
    return np.clip(total / np.float32(np.log(len(planes))), 0.0, 1.0)


def _sums(planes: Sequence[FloatArray], where: MaskArray | None) -> list[float]:
    """The entropy of each plane's voxels in `where`, added up."""
    sums = []
    for number in range(len(planes[0])):
        flat = [found[number].ravel() if where is None else found[number][where[number]] for found in planes]
        sums.append(float(_entropy(flat).sum(dtype=np.float64)))
    return sums

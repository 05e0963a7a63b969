"""A network's answer for a CT: labels on the CT's own grid, and how sure it was."""

from __future__ import annotations

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
_EVEN = 0.5
_TINY = np.float32(1e-12)
FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Prediction:
    """What a network says of a CT.

    `labels` (uint8) stand on the CT's whole grid (k, j, i), 0 outside of `box`; label n is the network's channel n.
    `entropy` (float32, on the box's voxels) is the uncertainty where it was asked for: the entropy of the
    probabilities divided by its largest value, 0 where one class is certain to 1 where all are as likely.
    `notes` are sentences for the user on how the network ran.
    """

    labels: LabelArray
    entropy: FloatArray | None
    box: Box
    notes: tuple[str, ...]


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
    progress: Progress = no_progress,
) -> Prediction:
    """Labels of `box` of a CT (`ct_hu`, the whole grid k, j, i, in HU).

    `reading` says what the network takes: volumes, or slices, which are stacked. `lungs` is a mask on the same grid,
    for a network that sees the lungs alone.

    The network works on its own grid (`model_grid`), which may reach beyond `box` (`view_box`); its probabilities are
    interpolated linearly onto the CT's voxels, where the largest gives the label (the smaller label of two even ones).
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
    entropy = np.empty(box.shape, np.float32) if uncertainty else None
    for start in range(0, box.shape[0], _SLAB):
        back(start / box.shape[0], "Bringing the network's answer onto the CT")
        stop = min(start + _SLAB, box.shape[0])
        inside[start:stop] = _labels(probabilities, grid, start, stop)[seen]
        if entropy is not None:
            entropy[start:stop] = _entropy(probabilities, grid, start, stop)[seen]
    back(1.0, "Bringing the network's answer onto the CT")
    return Prediction(labels, entropy, box, notes)


def _within(box: Box, view: Box) -> tuple[slice, slice, slice]:
    """The index that cuts the rows and columns of `box` out of planes of `view`, which holds it."""
    rows, columns = (slice(box.start[axis] - view.start[axis], box.stop[axis] - view.start[axis]) for axis in (1, 2))
    return (slice(None), rows, columns)


def _labels(probabilities: FloatArray, grid: WorkingGrid, start: int, stop: int) -> LabelArray:
    """The label with the largest probability on planes `start` to before `stop` of the box."""
    if len(probabilities) == 2:
        return (grid.expand_planes(probabilities[1], start, stop) > _EVEN).astype(np.uint8)
    most = grid.expand_planes(probabilities[0], start, stop)
    labels = np.zeros(most.shape, np.uint8)
    for label in range(1, len(probabilities)):
        found = grid.expand_planes(probabilities[label], start, stop)
        better = found > most
        labels[better] = label
        np.maximum(most, found, out=most)
    return labels


def _entropy(probabilities: FloatArray, grid: WorkingGrid, start: int, stop: int) -> FloatArray:
    """Entropy of the probabilities on these planes, divided by log(classes)."""
    total = np.zeros((stop - start, *grid.box.shape[1:]), np.float32)
    for one in probabilities:
        found = grid.expand_planes(one, start, stop)
        total -= found * np.log(np.maximum(found, _TINY))
    return np.clip(total / np.float32(np.log(len(probabilities))), 0.0, 1.0)

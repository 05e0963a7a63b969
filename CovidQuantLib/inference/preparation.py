"""From a CT to what a network sees. Training and inference go through the same functions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from CovidQuantLib.ct import Geometry, HuArray, MaskArray
from CovidQuantLib.ct.grid import Box, WorkingGrid
from CovidQuantLib.inference.body import body_box
from CovidQuantLib.networks import Preprocessing
from CovidQuantLib.progress import Progress, no_progress


def view_box(hu: HuArray, geometry: Geometry, box: Box, preprocessing: Preprocessing) -> Box:
    """What the network sees of the slices of `box` (the lungs): the box itself, whole slices, or the body's box.

    `hu` is the whole CT (k, j, i) in HU. The body's box holds `box`.
    """
    if preprocessing.view == "lungs":
        return box
    if preprocessing.view == "slice":
        return Box((box.start[0], 0, 0), (box.stop[0], *geometry.shape[1:]))
    body = body_box(hu, geometry, box)
    rows, columns = ((min(box.start[axis], body.start[axis]), max(box.stop[axis], body.stop[axis])) for axis in (1, 2))
    return Box((box.start[0], rows[0], columns[0]), (box.stop[0], rows[1], columns[1]))


def model_grid(geometry: Geometry, box: Box, preprocessing: Preprocessing) -> WorkingGrid:
    """The grid over `box` (see `view_box`) that the network works on.

    It has the model's spacing, or the CT's own where that is None; slices of a network with a matrix have that many
    rows and columns.
    Where the CT has the model's spacing along an axis, to 1 %, its own samples are kept; where it is finer it is
    averaged, where it is coarser interpolated linearly; thick slices are kept where the preprocessing says so.
    """
    k, j, i = geometry.spacing_kji
    if preprocessing.spacing_mm is not None:
        i, j, k = preprocessing.spacing_mm
    thick = preprocessing.thick_slices_mm
    if thick is not None and geometry.spacing_kji[0] >= thick:
        k = geometry.spacing_kji[0]
    grid = WorkingGrid.exactly(geometry, box, (k, j, i))
    if preprocessing.matrix is None:
        return grid
    side, (_, rows, columns) = preprocessing.matrix, box.shape
    return WorkingGrid(box, (grid.step[0], rows / side, columns / side), (grid.shape[0], side, side), geometry)


def prepare(
    hu: HuArray,
    geometry: Geometry,
    box: Box,
    preprocessing: Preprocessing,
    progress: Progress = no_progress,
    *,
    lungs: MaskArray | None = None,
) -> npt.NDArray[np.float32]:
    """What the network sees of `box` (see `view_box`), before padding: float32, axes (k, j, i), on `model_grid`.

    Values run from 0 to `highest_value`. `hu` is the whole CT (k, j, i) in HU, `lungs` a mask on its grid: what a
    network of `lungs_alone` sees. A voxel of the model's grid is lung where at least half of it is. Raises `ValueError`
    where such a network gets no lungs.
    """
    grid = model_grid(geometry, box, preprocessing)
    seen = grid.reduce(hu, progress)
    if preprocessing.lungs_alone:
        if lungs is None:
            raise ValueError("a network that sees the lungs alone needs them")
        seen[~grid.reduce_mask(lungs)] = preprocessing.hu_low
    values = preprocessing.normalise(seen)
    values *= np.float32(preprocessing.highest_value)
    return values

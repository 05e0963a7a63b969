"""From a CT to what a network sees. Training and inference go through the same two functions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from CovidQuantLib.ct import Geometry, HuArray, MaskArray
from CovidQuantLib.ct.grid import Box, WorkingGrid
from CovidQuantLib.networks import Preprocessing
from CovidQuantLib.progress import Progress, no_progress


def model_grid(geometry: Geometry, box: Box, preprocessing: Preprocessing) -> WorkingGrid:
    """The grid over `box` that the network works on: at the model's spacing, or the CT's own where that is None.

    Where the CT has the model's spacing along an axis, to 1 %, its own samples are kept; where it is finer it is
    averaged, where it is coarser (thick slices) interpolated linearly.
    """
    if preprocessing.spacing_mm is None:
        return WorkingGrid.exactly(geometry, box, geometry.spacing_kji)
    i, j, k = preprocessing.spacing_mm
    return WorkingGrid.exactly(geometry, box, (k, j, i))


def prepare(
    hu: HuArray,
    geometry: Geometry,
    box: Box,
    preprocessing: Preprocessing,
    progress: Progress = no_progress,
    *,
    lungs: MaskArray | None = None,
) -> npt.NDArray[np.float32]:
    """What the network sees of `box`, before padding: float32, axes (k, j, i), 0 to 1, on `model_grid`.

    `hu` is the whole CT (k, j, i) in HU, `lungs` a mask on its grid: what a network of `lungs_alone` sees. A voxel of
    the model's grid is lung where at least half of it is. Raises `ValueError` where such a network gets no lungs.
    """
    grid = model_grid(geometry, box, preprocessing)
    seen = grid.reduce(hu, progress)
    if preprocessing.lungs_alone:
        if lungs is None:
            raise ValueError("a network that sees the lungs alone needs them")
        seen[~grid.reduce_mask(lungs)] = preprocessing.hu_low
    return preprocessing.normalise(seen)

"""The box of the body in the slices of a CT."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CovidQuantLib.ct import Geometry, HuArray
from CovidQuantLib.ct.grid import Box

_TISSUE_HU = -300
_STEP_MM = 4.0


def body_box(hu: HuArray, geometry: Geometry, box: Box) -> Box:
    """The rows and columns that hold the body on the slices of `box`, and those slices.

    The body is the largest piece of tissue (over -300 HU) in steps of 4 mm, once what is thinner than 12 mm, such as a
    table, is taken away. Where there is none the whole slices are given.
    """
    steps = [1, *(max(1, round(_STEP_MM / mm)) for mm in geometry.spacing_kji[1:])]
    slices = slice(box.start[0], box.stop[0], max(1, round(_STEP_MM / geometry.spacing_kji[0])))
    tissue = hu[slices, :: steps[1], :: steps[2]] > _TISSUE_HU
    thick = ndimage.binary_opening(tissue, np.ones((1, 3, 3), bool))
    pieces, count = ndimage.label(thick)
    start, stop = [box.start[0], 0, 0], [box.stop[0], *geometry.shape[1:]]
    if count:
        body = pieces == 1 + int(np.argmax(np.bincount(pieces.ravel())[1:]))
        for axis in (1, 2):
            hit = np.flatnonzero(body.any(axis=tuple({0, 1, 2} - {axis})))
            start[axis] = max(0, (int(hit[0]) - 1) * steps[axis])
            stop[axis] = min(geometry.shape[axis], (int(hit[-1]) + 2) * steps[axis])
    return Box((start[0], start[1], start[2]), (stop[0], stop[1], stop[2]))

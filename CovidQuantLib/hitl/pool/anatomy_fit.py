"""Lungs, lobes and segments that still lie in each other after somebody has changed one of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from CovidQuantLib.anatomy import lobe_of_segment, lung_of_lobe
from CovidQuantLib.ct import Geometry, LabelArray, MaskArray
from CovidQuantLib.ct.grid import bounding_box
from CovidQuantLib.messages import InputError

_REACH_MM = 30.0


def lungs_with(lungs: LabelArray, infection: LabelArray, geometry: Geometry) -> LabelArray:
    """The lungs, with every infected voxel outside them given to the nearest lung.

    All arrays uint8, axes (k, j, i). Raises `InputError` where there are no lungs.
    """
    outside = (infection > 0) & (lungs == 0)
    if not outside.any():
        return lungs
    if not lungs.any():
        raise InputError("The lungs are empty: infection cannot be added to them.")
    whole = lungs.copy()
    _give_nearest(whole, outside, lungs > 0, geometry)
    return whole


def fitted_lobes(lobes: LabelArray, lungs: LabelArray, geometry: Geometry) -> LabelArray:
    """The lobes made to fill `lungs` exactly: what lies outside its lung goes, what is missing is the nearest lobe's.

    A lung without any lobe stays undivided.
    """
    return _fitted(lobes, lungs, lung_of_lobe(), geometry)


def fitted_segments(segments: LabelArray, lobes: LabelArray, geometry: Geometry) -> LabelArray:
    """The segments made to fill `lobes` exactly, as `fitted_lobes`."""
    return _fitted(segments, lobes, lobe_of_segment(), geometry)


def _fitted(parts: LabelArray, wholes: LabelArray, whole_of_part: tuple[int, ...], geometry: Geometry) -> LabelArray:
    of_part = np.array(whole_of_part, np.uint8)[parts]
    right = (parts > 0) & (of_part == wholes)
    fitted = np.where(right, parts, np.uint8(0))
    missing = (wholes > 0) & ~right
    if not missing.any():
        return fitted
    for label in np.unique(wholes[missing]):
        known = right & (wholes == label)
        if known.any():
            _give_nearest(fitted, missing & (wholes == label), known, geometry)
    return fitted


def _give_nearest(labels: npt.NDArray[np.uint8], missing: MaskArray, known: MaskArray, geometry: Geometry) -> None:
    """Give each voxel of `missing` the label of the nearest voxel of `known`, in place."""
    # What is missing is small and lies at a border: a box around it holds what is near.
    box = bounding_box(missing, geometry, _REACH_MM)
    if not known[box.slices].any():
        box = bounding_box(missing | known, geometry)
    near = labels[box.slices]
    nearest = ndimage.distance_transform_edt(
        ~known[box.slices], sampling=geometry.spacing_kji, return_distances=False, return_indices=True
    )
    hole = missing[box.slices]
    near[hole] = near[tuple(axis[hole] for axis in nearest)]

"""Structures in one piece: what is cut off by the grid goes to the neighbour that it touches."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from CovidQuantLib.ct import LabelArray, MaskArray


def largest(mask: MaskArray) -> MaskArray:
    """The largest face-connected part of a mask."""
    parts, count = ndimage.label(mask)
    if count <= 1:
        return mask
    return np.asarray(parts == 1 + np.argmax(np.bincount(parts.ravel())[1:]))


def without_islands(labels: LabelArray, within: LabelArray) -> LabelArray:
    """`labels` with every structure face-connected: its islands go to neighbours in the same structure of `within`."""
    stray = np.zeros(labels.shape, bool)
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is not None:
            here = labels[box] == number
            stray[box] |= here & ~largest(here)
    where = np.argwhere(stray)
    labels = labels.copy()
    while len(where):
        settled = np.zeros(len(where), bool)
        for step in (*np.eye(3, dtype=int), *-np.eye(3, dtype=int)):
            beside = np.clip(where + step, 0, np.array(labels.shape) - 1)
            here, there = tuple(where.T), tuple(beside.T)
            takes = ~settled & ~stray[there] & (within[there] == within[here]) & (labels[there] > 0)
            labels[tuple(where[takes].T)] = labels[tuple(beside[takes].T)]
            settled |= takes
        if not settled.any():
            break
        stray[tuple(where[settled].T)] = False
        where = where[~settled]
    return labels

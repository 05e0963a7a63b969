"""Which patch is taken where: a pure function of seed, epoch and sample, so that any sample can be made again."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from CovidQuantLib.training.cases import Case

_ORDER, _PLACE = 0, 1


@dataclass(frozen=True)
class Place:
    """A patch before it is cut: the number of its case, its centre (k, j, i), and the seed of its augmentation."""

    case: int
    centre: tuple[int, int, int]
    seed: int


def steps_of_an_epoch(cases: int, patches_per_case: int, batch: int) -> int:
    """Steps in which each case gives `patches_per_case` patches, a few more where batches do not fit."""
    return math.ceil(cases * patches_per_case / batch)


def place(cases: Sequence[Case], *, seed: int, epoch: int, sample: int, lesion_share: float) -> Place:
    """Where sample number `sample` of an epoch lies.

    Cases take turns, in an order that each round draws anew. With the probability `lesion_share` the centre is a voxel
    of a label (each label that the case has is as likely), else any voxel that counts; a case without labels gives
    background.
    """
    turn, position = divmod(sample, len(cases))
    order = np.random.default_rng([seed, epoch, turn, _ORDER]).permutation(len(cases))
    chosen = int(order[position])
    random = np.random.default_rng([seed, epoch, sample, _PLACE])
    case = cases[chosen]
    wants_lesion = random.random() < lesion_share
    present = [found for found in case.centres[1:] if found.size] if wants_lesion else []
    centres = present[int(random.integers(len(present)))] if present else case.centres[0]
    flat = int(centres[int(random.integers(centres.size))])
    k, j, i = np.unravel_index(flat, case.labels.shape)
    return Place(chosen, (int(k), int(j), int(i)), int(random.integers(2**31)))

"""Connected lesions out of the infected voxels that the pass has found, without going over the volume again.

Infected voxels are gathered into runs along the array's last axis. Two runs touch (26-neighbourhood) where they lie in
neighbouring rows and overlap when one is widened by a voxel; lesions are the connected sets of runs. A lesion lies in
one lung: where the lungs touch, two pleurae are between them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS, LOBES
from CovidQuantLib.ct.grid import Box
from CovidQuantLib.quantification.label_maps import INFECTION_CLASSES, lobe_of_place, lung_of_place
from CovidQuantLib.quantification.one_pass import InfectedVoxels
from CovidQuantLib.quantification.values import Lesion, SmallLesions

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Runs:
    """Runs in the order of the array.

    `row` is a run's slice and row in one number, `start` and `last` its first and last column, `lung` the label of the
    lung that holds all of it.
    """

    row: Indices
    start: Indices
    last: Indices
    lung: npt.NDArray[np.uint8]


def find_lesions(
    infected: InfectedVoxels, *, voxel_ml: float, minimum_ml: float
) -> tuple[tuple[Lesion, ...], SmallLesions]:
    """The lesions of at least `minimum_ml`, the largest first (equal ones in the array's order), and the smaller ones.

    The smaller ones are only counted: noise makes thousands of them, and none is read one by one.
    """
    if infected.position.size == 0:
        return (), SmallLesions(0, 0.0, minimum_ml)
    rows, columns = infected.box.shape[1:]
    lung = np.tile(np.array(lung_of_place(), np.uint8), INFECTION_CLASSES)[infected.kind]
    runs = _runs(infected.position, lung, columns)
    count, lesion_of_run = connected_components(_touching(runs, rows, columns), directed=False)
    lengths = runs.last - runs.start + 1
    # Axes: lesion, infection (GGO, consolidation), lobe in the order of `LOBES` and, last, no lobe.
    voxels = _voxels_by_kind(infected, np.repeat(lesion_of_run, lengths), count)
    sizes = voxels.sum(axis=(1, 2))
    volumes = voxels.sum(axis=2) * voxel_ml
    centres = _centres(runs, lengths, lesion_of_run, infected.box)
    small = sizes * voxel_ml < minimum_ml
    order = np.argsort(-sizes, kind="stable")
    lesions = tuple(
        Lesion(
            volume_ml=float(sizes[n] * voxel_ml),
            ggo_ml=float(volumes[n, GROUND_GLASS.label - 1]),
            consolidation_ml=float(volumes[n, CONSOLIDATION.label - 1]),
            lobes=_largest_first(voxels[n].sum(axis=0)),
            centre_kji=(float(centres[n, 0]), float(centres[n, 1]), float(centres[n, 2])),
        )
        for n in order[~small[order]]
    )
    return lesions, SmallLesions(int(small.sum()), float(sizes[small].sum() * voxel_ml), minimum_ml)


def _runs(position: Indices, lung: npt.NDArray[np.uint8], columns: int) -> _Runs:
    breaks = np.diff(position) != 1
    breaks |= position[1:] % columns == 0
    breaks |= lung[1:] != lung[:-1]
    ends = np.flatnonzero(breaks)
    begins = np.concatenate([[0], ends + 1])
    first, last = position[begins], position[np.concatenate([ends, [position.size - 1]])]
    row = first // columns
    return _Runs(row, first - row * columns, last - row * columns, lung[begins])


def _touching(runs: _Runs, rows: int, columns: int) -> coo_array:
    """The runs' neighbours as a sparse matrix; each pair is looked for from its later run.

    Rows are numbered with one empty row between slices, and columns with a free one at each side, so that a step
    beyond a border meets nothing.
    """
    row = runs.row + runs.row // rows
    width = columns + 2
    starts, ends = row * width + runs.start, row * width + runs.last
    pairs = [
        _overlapping(starts, ends, starts - offset * width - 1, ends - offset * width + 1)
        for offset in (1, rows, rows + 1, rows + 2)
    ]
    one = np.concatenate([pair[0] for pair in pairs])
    other = np.concatenate([pair[1] for pair in pairs])
    alike = runs.lung[one] == runs.lung[other]
    return coo_array((alike[alike], (one[alike], other[alike])), shape=(row.size, row.size))


def _overlapping(starts: Indices, ends: Indices, low: Indices, high: Indices) -> tuple[Indices, Indices]:
    """Index pairs (n, m) where the interval [low[n], high[n]] meets the sorted, disjoint [starts[m], ends[m]]."""
    begin = np.searchsorted(ends, low, side="left")
    numbers = np.searchsorted(starts, high, side="right") - begin
    which = np.repeat(np.arange(low.size), numbers)
    within = np.arange(which.size) - np.repeat(np.cumsum(numbers) - numbers, numbers)
    return which, begin[which] + within


def _voxels_by_kind(infected: InfectedVoxels, lesion: npt.NDArray[np.int32], count: int) -> Indices:
    order = [lobe.key for lobe in LOBES]
    lobe = [len(order) if key is None else order.index(key) for key in lobe_of_place()]
    width = len(order) + 1
    kind = np.array([(label - 1) * width + column for label in range(INFECTION_CLASSES) for column in lobe])
    kinds = (INFECTION_CLASSES - 1) * width
    key = lesion * np.int64(kinds)
    key += kind[infected.kind]
    return np.bincount(key, minlength=count * kinds).reshape(count, INFECTION_CLASSES - 1, width)


def _largest_first(voxels: Indices) -> tuple[str, ...]:
    return tuple(LOBES[n].key for n in np.argsort(-voxels[: len(LOBES)], kind="stable") if voxels[n])


def _centres(runs: _Runs, lengths: Indices, lesion: npt.NDArray[np.int32], box: Box) -> npt.NDArray[np.float64]:
    """Centres of mass (lesion, axis) in voxels of the whole grid."""
    k, j = np.divmod(runs.row, box.shape[1])
    middles = (k, j, (runs.start + runs.last) / 2.0)
    sums = [np.bincount(lesion, weights=middle * lengths) for middle in middles]
    return np.stack(sums, axis=1) / np.bincount(lesion, weights=lengths)[:, None] + np.asarray(box.start)

"""Connected lesions out of the infected voxels that the pass has found, without going over the volume again.

Infected voxels are gathered into runs along the array's last axis. Two runs touch (26-neighbourhood) where they lie in
neighbouring rows and overlap when one is widened by a voxel; lesions are the connected sets of runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from CovidQuantLib.anatomy import CONSOLIDATION, GROUND_GLASS, LOBES
from CovidQuantLib.quantification.label_maps import lobe_of_place
from CovidQuantLib.quantification.one_pass import InfectedVoxels
from CovidQuantLib.quantification.values import Lesion, SmallLesions

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Runs:
    """Runs in the order of the array.

    `first` is where the run's first voxel stands in the list of voxels, `row` its slice and row in one number, `start`
    and `last` its first and last column.
    """

    first: Indices
    row: Indices
    start: Indices
    last: Indices


def find_lesions(
    infected: InfectedVoxels, *, voxel_ml: float, minimum_ml: float
) -> tuple[tuple[Lesion, ...], SmallLesions]:
    """The lesions of at least `minimum_ml`, the largest first (equal ones in the array's order), and the smaller ones.

    The smaller ones are only counted: noise makes thousands of them, and none is read one by one.
    """
    if infected.position.size == 0:
        return (), SmallLesions(0, 0.0, minimum_ml)
    rows, columns = infected.box.shape[1:]
    runs = _runs(infected.position, columns)
    count, lesion_of_run = connected_components(_touching(runs, rows, columns), directed=False)
    lengths = np.diff(runs.first, append=infected.position.size)
    lesion = np.repeat(lesion_of_run.astype(np.int64), lengths)
    sizes = np.bincount(lesion, minlength=count)
    ggo = np.bincount(lesion[infected.infection == GROUND_GLASS.label], minlength=count)
    consolidation = np.bincount(lesion[infected.infection == CONSOLIDATION.label], minlength=count)
    lobes = _voxels_by_lobe(lesion, infected.place, count)
    centres = _centres(infected, lesion, sizes)
    small = sizes * voxel_ml < minimum_ml
    order = np.argsort(-sizes, kind="stable")
    lesions = tuple(
        Lesion(
            volume_ml=float(sizes[n] * voxel_ml),
            ggo_ml=float(ggo[n] * voxel_ml),
            consolidation_ml=float(consolidation[n] * voxel_ml),
            lobes=_largest_first(lobes[n]),
            centre_kji=(float(centres[n, 0]), float(centres[n, 1]), float(centres[n, 2])),
        )
        for n in order[~small[order]]
    )
    return lesions, SmallLesions(int(small.sum()), float(sizes[small].sum() * voxel_ml), minimum_ml)


def _runs(position: Indices, columns: int) -> _Runs:
    row, column = np.divmod(position, columns)
    breaks = (np.diff(position) != 1) | (np.diff(row) != 0)
    first = np.concatenate([[0], np.flatnonzero(breaks) + 1])
    last = np.concatenate([first[1:] - 1, [position.size - 1]])
    return _Runs(first, row[first], column[first], column[last])


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
    return coo_array((np.ones(one.size, np.uint8), (one, other)), shape=(row.size, row.size))


def _overlapping(starts: Indices, ends: Indices, low: Indices, high: Indices) -> tuple[Indices, Indices]:
    """Index pairs (n, m) where the interval [low[n], high[n]] meets the sorted, disjoint [starts[m], ends[m]]."""
    begin = np.searchsorted(ends, low, side="left")
    numbers = np.searchsorted(starts, high, side="right") - begin
    which = np.repeat(np.arange(low.size), numbers)
    within = np.arange(which.size) - np.repeat(np.cumsum(numbers) - numbers, numbers)
    return which, begin[which] + within


def _voxels_by_lobe(lesion: Indices, place: npt.NDArray[np.uint8], count: int) -> Indices:
    """Voxels of each lesion (rows) in each lobe (columns, in the order of `LOBES`; the last: in no lobe)."""
    order = [lobe.key for lobe in LOBES]
    column = np.array([len(order) if key is None else order.index(key) for key in lobe_of_place()])
    width = len(order) + 1
    counts = np.bincount(lesion * width + column[place], minlength=count * width)
    return counts.reshape(count, width)


def _largest_first(voxels: Indices) -> tuple[str, ...]:
    return tuple(LOBES[n].key for n in np.argsort(-voxels[: len(LOBES)], kind="stable") if voxels[n])


def _centres(infected: InfectedVoxels, lesion: Indices, sizes: Indices) -> npt.NDArray[np.float64]:
    """Centres of mass (lesion, axis) in voxels of the whole grid."""
    index = np.unravel_index(infected.position, infected.box.shape)
    sums = [np.bincount(lesion, weights=axis, minlength=sizes.size) for axis in index]
    return np.stack(sums, axis=1) / sizes[:, None] + np.asarray(infected.box.start)

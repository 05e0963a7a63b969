"""Agreement of two infection masks on one anatomy, as Shan et al. 2020 measure it (their tables 1 and 2).

Both masks are measured against the same lungs, lobes and segments: this is the error of the infection alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from CovidQuantLib.anatomy import LOBES, LUNGS, LUNGS_KEY, SEGMENTS, Structure
from CovidQuantLib.ct import Geometry, LabelArray
from CovidQuantLib.messages import InputError

_SLAB_VOXELS = 1 << 20
_BOTH = 3


@dataclass(frozen=True)
class Agreement:
    """One case: a predicted infection mask against a reference.

    `dice` is 0 to 1, None where both masks are empty (0 where one is). Volumes in ml are those of the whole masks;
    `volume_error_ml` is their absolute difference. `poi_errors` are absolute differences of the percentage of infection
    in percentage points by region (`"lungs"`, each lung, lobe and segment), None where the region is absent. What lies
    outside the lungs counts in Dice and volume but in no percentage: `outside_lungs_ml` says how much, of the
    reference and of the prediction.
    """

    dice: float | None
    reference_ml: float
    prediction_ml: float
    volume_error_ml: float
    poi_errors: dict[str, float | None]
    outside_lungs_ml: tuple[float, float]


def agreement(
    reference: LabelArray,
    prediction: LabelArray,
    geometry: Geometry,
    *,
    lungs: LabelArray,
    lobes: LabelArray | None = None,
    segments: LabelArray | None = None,
) -> Agreement:
    """Compare two infection masks (any nonzero label is infection) on one anatomy.

    All arrays are uint8 with axes (k, j, i) on the grid of `geometry`; a missing map of lobes or segments makes their
    percentages None. Raises `InputError` where the arrays do not stand on one grid.
    """
    maps: list[tuple[tuple[Structure, ...], LabelArray | None]] = [(LUNGS, lungs), (LOBES, lobes), (SEGMENTS, segments)]
    given = [array for _, array in maps if array is not None]
    if any(array.shape != geometry.shape for array in (reference, prediction, *given)):
        raise InputError("The two infection masks and the anatomy are not on one grid. Bring them onto the CT's grid.")
    counts = [_joint_counts(reference, prediction, array, len(structures)) for structures, array in maps]
    in_lungs = counts[0][1:].sum(axis=0)
    everywhere = counts[0].sum(axis=0)
    errors: dict[str, float | None] = {LUNGS_KEY: _poi_error(in_lungs)}
    for (structures, _), by_label in zip(maps, counts, strict=True):
        errors |= {structure.key: _poi_error(by_label[structure.label]) for structure in structures}
    in_reference, in_prediction = _sizes(everywhere)
    outside_reference, outside_prediction = _sizes(counts[0][0])
    both = 2 * int(everywhere[_BOTH])
    return Agreement(
        dice=both / (in_reference + in_prediction) if in_reference + in_prediction else None,
        reference_ml=in_reference * geometry.voxel_ml,
        prediction_ml=in_prediction * geometry.voxel_ml,
        volume_error_ml=abs(in_reference - in_prediction) * geometry.voxel_ml,
        poi_errors=errors,
        outside_lungs_ml=(outside_reference * geometry.voxel_ml, outside_prediction * geometry.voxel_ml),
    )


def _joint_counts(
    reference: LabelArray, prediction: LabelArray, anatomy: LabelArray | None, labels: int
) -> npt.NDArray[np.int64]:
    """Voxels by anatomy label (rows 0 to `labels`) and by mask: in neither, the reference, the prediction, both."""
    counts = np.zeros(4 * (labels + 1), np.int64)
    if anatomy is None:
        return counts.reshape(-1, 4)
    if anatomy.max(initial=0) > labels:
        raise InputError(
            "A map of the anatomy holds a value that no structure has. Give a map with CovidQuant's labels."
        )
    step = max(1, _SLAB_VOXELS // max(1, reference[0].size))
    for first in range(0, reference.shape[0], step):
        slab = slice(first, first + step)
        code = anatomy[slab] * np.uint8(4)
        code += reference[slab] > 0
        code += (prediction[slab] > 0) * np.uint8(2)
        counts += np.bincount(code.ravel(), minlength=counts.size)
    return counts.reshape(-1, 4)


def _sizes(by_mask: npt.NDArray[np.int64]) -> tuple[int, int]:
    """Voxels of the reference and of the prediction."""
    return int(by_mask[1] + by_mask[_BOTH]), int(by_mask[2] + by_mask[_BOTH])


def _poi_error(by_mask: npt.NDArray[np.int64]) -> float | None:
    """Absolute difference of the percentages, from whole voxels so that one point is exactly 1.0."""
    whole = int(by_mask.sum())
    in_reference, in_prediction = _sizes(by_mask)
    return 100.0 * abs(in_reference - in_prediction) / whole if whole else None

"""How dense this patient's normal lung is: what is abnormally dense is measured from there, not from a fixed HU."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from CovidQuantLib.ct import MaskArray

GRAVITY_HU_PER_MM = 0.25
"""How much denser normal lung is for each mm further down: 0.09 to 0.35 in four supine LIDC chests."""
_DARKEST_HU, _BRIGHTEST_HU = -1000.0, -650.0
_USUAL_HU = -850.0
_BIN_HU = 5.0
_LEAST_VOXELS = 200


@dataclass(frozen=True)
class NormalLung:
    """Density of the aerated lung in HU: `level` is its mode, `spread` a robust standard deviation.

    The spread holds noise and the lung's own variation; it comes from the side below the mode, where no opacity is.
    """

    level: float
    spread: float


def normal_lung(density: npt.NDArray[np.float32], inside: MaskArray) -> NormalLung:
    """The normal lung of a smoothed CT (HU, k, j, i) within `inside`.

    The mode is looked for between -1000 and -650 HU: expiration moves it, disease of most of the lung does not. Where
    next to nothing is aerated, a usual lung is taken (-850 HU).
    """
    aerated = density[inside & (density > _DARKEST_HU) & (density < _BRIGHTEST_HU)]
    if aerated.size < _LEAST_VOXELS:
        return NormalLung(_USUAL_HU, 0.0)
    counts, edges = np.histogram(aerated, np.arange(_DARKEST_HU, _BRIGHTEST_HU + _BIN_HU, _BIN_HU))
    smooth = np.convolve(counts, np.ones(5), "same")
    level = float(edges[np.argmax(smooth)] + _BIN_HU / 2.0)
    below = level - aerated[aerated <= level]
    return NormalLung(level, float(np.percentile(below, 68.3)))


def expected_density(
    normal: NormalLung, inside: MaskArray, spacing_kji: tuple[float, float, float], patient_position: str | None
) -> npt.NDArray[np.float32]:
    """Normal density in HU at each row (axis j) of the grid, as an array of shape (1, rows, 1).

    It rises towards the back in a patient who lies on it, towards the front in a prone one, and not with j in one who
    lies on a side. `patient_position` is DICOM's code (`"HFS"`, `"FFP"` ...); without one the patient is supine.
    """
    rows = np.arange(inside.shape[1], dtype=np.float32) * np.float32(spacing_kji[1])
    weight = np.count_nonzero(inside, axis=(0, 2))
    middle = float((rows * weight).sum() / max(1, weight.sum()))
    down = {"S": 1.0, "P": -1.0}.get((patient_position or "HFS")[2:], 0.0)
    return np.asarray(normal.level + down * GRAVITY_HU_PER_MM * (rows - middle), dtype=np.float32)[None, :, None]

"""The effort of a simulated reader: modelled minutes, never measured ones.

The reader corrects a proposal to the truth. Nobody is timed; the minutes follow from two lengths of work:

    minutes = (seconds_per_slice x slices touched + seconds_per_mm x added path length in mm) / 60

Added path length is the measure that goes with the time of correcting contours (Vaassen et al. 2020); the slices stand
for what each one costs before anything is drawn in it. A border within `ACCEPTED_MM` of the truth is accepted.

The constants are set once, from one equation: drawing `TYPICAL` from nothing costs the 211.3 minutes of Shan et al.
2020 (table 3, no model). `TYPICAL` is a case of real shape: the medians over the 50 lesion masks that MosMedData 1110
published (Morozov et al. 2020, CC BY-NC-ND; measured, not copied), brought to the slices of 1 mm every 0.8 mm that
Shan's readers had. One equation does not part slices from path: half each is an assumption, as is `ACCEPTED_MM`, and so
every result carries the range over all assumptions of `SENSITIVITY`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from CovidQuantLib.ct import Geometry, LabelArray
from CovidQuantLib.hitl.edit_log import compare_masks
from CovidQuantLib.progress import Progress, no_progress, part_of

FROM_NOTHING_MINUTES = 211.3
"""Contouring one CT without a model (Shan et al. 2020, table 3: 211.3 +- 52.6)."""
ACCEPTED_MM = 1.0
"""A border within this distance of the truth is left as it is: about one pixel and a half."""
SLICE_SHARE = 0.5
"""The share of `FROM_NOTHING_MINUTES` that goes with the slices and not with the path."""


@dataclass(frozen=True)
class TypicalCase:
    """The infection of a case that stands for many: how far its slices reach, and how much contour it has.

    `extent_mm` is the number of slices that show infection times their distance; `contour_mm2` the contour length of
    all of them times their distance, so that both hold for slices of any distance.
    """

    extent_mm: float
    contour_mm2: float

    def work(self, slice_distance_mm: float) -> tuple[float, float]:
        """Slices to touch and path to draw (mm) when this case is drawn from nothing."""
        return self.extent_mm / slice_distance_mm, self.contour_mm2 / slice_distance_mm


TYPICAL = TypicalCase(extent_mm=124.0, contour_mm2=26_831.0)
"""Medians of the 50 masks (66 ml of infection, in 15.5 slices of 8 mm)."""
SMALL, LARGE = TypicalCase(82.0, 9_724.0), TypicalCase(168.0, 41_739.0)
"""First and third quartiles of the 50 masks."""
SLICE_DISTANCE_MM = 0.8
"""The distance of the slices that Shan's readers had (1 mm thick)."""


@dataclass(frozen=True)
class EffortConstants:
    """What a slice and a millimetre of path cost, in seconds."""

    seconds_per_slice: float
    seconds_per_mm: float

    def minutes(self, slices: float, path_mm: float) -> float:
        """Modelled minutes for this work."""
        return (self.seconds_per_slice * slices + self.seconds_per_mm * path_mm) / 60.0


def constants_for(typical: TypicalCase, slice_share: float) -> EffortConstants:
    """The constants for which drawing `typical` from nothing costs `FROM_NOTHING_MINUTES`, `slice_share` by slices."""
    slices, path_mm = typical.work(SLICE_DISTANCE_MM)
    seconds = 60.0 * FROM_NOTHING_MINUTES
    return EffortConstants(slice_share * seconds / slices, (1 - slice_share) * seconds / path_mm)


CONSTANTS = constants_for(TYPICAL, SLICE_SHARE)
"""The constants of every modelled minute: 40.9 s for a slice and 0.189 s for a millimetre of path."""


@dataclass(frozen=True)
class Sensitivity:
    """The assumptions that are tried for the range beside a modelled minute: each with each."""

    slice_shares: tuple[float, ...] = (0.2, SLICE_SHARE, 0.8)
    typical_cases: tuple[TypicalCase, ...] = (SMALL, TYPICAL, LARGE)
    accepted_mm: tuple[float, ...] = (0.0, ACCEPTED_MM, 2.0)

    def constants(self) -> tuple[EffortConstants, ...]:
        """The constants under each pair of assumptions."""
        return tuple(constants_for(typical, share) for typical, share in product(self.typical_cases, self.slice_shares))


SENSITIVITY = Sensitivity()


@dataclass(frozen=True)
class ModelledMinutes:
    """Modelled minutes of one correction, with the lowest and the highest under the assumptions of `SENSITIVITY`.

    `slices` and `path_mm` are the work that `minutes` follows from, at `ACCEPTED_MM`. `under` are the minutes under
    each combination of assumptions, in one order for all corrections: ranges of means and of shares need them.
    """

    minutes: float
    lowest: float
    highest: float
    slices: int
    path_mm: float
    under: tuple[float, ...]


def modelled_minutes(
    start: LabelArray, truth: LabelArray, geometry: Geometry, progress: Progress = no_progress
) -> ModelledMinutes:
    """Modelled minutes for correcting the infection mask `start` to `truth`; an empty start is drawn from nothing.

    Both are uint8 with axes (k, j, i) on the grid of `geometry`; ground glass and consolidation are taken as one, as
    Shan's readers drew them. Thin slices cost more: the work is that of this grid. Raises `InputError` as
    `compare_masks`.
    """
    work: dict[float, tuple[int, float]] = {}
    one, other = ((mask > 0).astype("uint8") for mask in (start, truth))
    accepted = SENSITIVITY.accepted_mm
    for number, tolerance_mm in enumerate(accepted):
        step = part_of(progress, number / len(accepted), (number + 1) / len(accepted))
        change = compare_masks(one, other, geometry, step, tolerance_mm=tolerance_mm).infection
        work[tolerance_mm] = (len(change.slices_touched), change.added_path_mm)
    under = tuple(constants.minutes(*done) for constants, done in product(SENSITIVITY.constants(), work.values()))
    slices, path_mm = work[ACCEPTED_MM]
    return ModelledMinutes(CONSTANTS.minutes(slices, path_mm), min(under), max(under), slices, path_mm, under)


def in_words() -> str:
    """The constants and their range, to be printed with every modelled minute."""
    low_slice, high_slice = _range(constants.seconds_per_slice for constants in SENSITIVITY.constants())
    low_mm, high_mm = _range(constants.seconds_per_mm for constants in SENSITIVITY.constants())
    low_accepted, high_accepted = _range(SENSITIVITY.accepted_mm)
    return (
        f"Modelled minutes (simulated reader): {CONSTANTS.seconds_per_slice:.1f} s for each slice touched (range "
        f"{low_slice:.1f} to {high_slice:.1f}) and {CONSTANTS.seconds_per_mm:.3f} s for each mm of added path (range "
        f"{low_mm:.3f} to {high_mm:.3f}), a border within {ACCEPTED_MM:g} mm of the truth accepted (range "
        f"{low_accepted:g} to {high_accepted:g} mm); set so that drawing a typical case from nothing costs "
        f"{FROM_NOTHING_MINUTES:g} minutes. Nobody was timed."
    )


def _range(values: Iterable[float]) -> tuple[float, float]:
    values = tuple(values)
    return min(values), max(values)

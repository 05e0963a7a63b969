"""What is done to a CT before a network sees it: spacing, HU window, padding, and whether it sees the lungs alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from CovidQuantLib.messages import InputError

_HU_RANGE = (-1024, 32767)
_SPACING_RANGE = (0.2, 20.0)
_LARGEST_MULTIPLE = 64
_LARGEST_MATRIX = 1024
_LARGEST_VALUE = 1000.0

View = Literal["lungs", "slice", "body"]
"""What a network sees of a slice: the box of the lungs, all of it, or the box of the body."""


@dataclass(frozen=True)
class Preprocessing:
    """How a network wants its CT.

    `spacing_mm` is (i, j, k), None where the CT's own spacing is kept. HU are cut to `hu_low` .. `hu_high` and mapped
    linearly to 0 .. 1, so that the zeros that convolutions pad with are air. Each side of an input is padded, with
    `hu_low`, to a multiple of `multiple_of` voxels. With `lungs_alone` everything outside of the lungs is shown as
    `hu_low`, so that an opacity at the pleura stands against air and not against the chest wall (Wu et al., section
    II-A, mask the lungs).

    For networks of slices: `view` says what of a slice they see. With `matrix` that is brought to `matrix` x `matrix`
    pixels, whatever their spacing then is, and i and j of `spacing_mm` count for nothing. Slices `thick_slices_mm`
    apart or farther keep their distance, whatever k of `spacing_mm` is; None: they do not. What is 0 .. 1 above is
    multiplied by `highest_value` for the network.
    Raises `InputError` for a window, spacing or multiple that no chest CT can be prepared with.
    """

    spacing_mm: tuple[float, float, float] | None
    hu_low: int
    hu_high: int
    multiple_of: int
    lungs_alone: bool = False
    matrix: int | None = None
    view: View = "lungs"
    thick_slices_mm: float | None = None
    highest_value: float = 1.0

    def __post_init__(self) -> None:
        if not _HU_RANGE[0] <= self.hu_low < self.hu_high <= _HU_RANGE[1]:
            raise InputError("The HU window of a network must rise, between -1024 and 32767 HU.")
        if not 1 <= self.multiple_of <= _LARGEST_MULTIPLE:
            raise InputError(f"The sides of a network's input must be multiples of 1 to {_LARGEST_MULTIPLE} voxels.")
        if self.spacing_mm is not None and not all(
            _SPACING_RANGE[0] <= mm <= _SPACING_RANGE[1] for mm in self.spacing_mm
        ):
            raise InputError("The spacing of a network's input must lie between 0.2 and 20 mm along each axis.")
        self._check_slices()

    def _check_slices(self) -> None:
        side = self.multiple_of if self.matrix is None else self.matrix
        if not 1 <= side <= _LARGEST_MATRIX or side % self.multiple_of:
            raise InputError(
                f"The matrix of a network's slices must be a multiple of {self.multiple_of}, up to {_LARGEST_MATRIX}."
            )
        if self.view not in get_args(View):
            raise InputError(f"A network sees one of: {', '.join(get_args(View))}.")
        if self.thick_slices_mm is not None and not _SPACING_RANGE[0] <= self.thick_slices_mm <= _SPACING_RANGE[1]:
            raise InputError("Slices that keep their distance must lie 0.2 to 20 mm apart.")
        if not 0.0 < self.highest_value <= _LARGEST_VALUE:
            raise InputError(f"A network's values must end above 0 and at most at {_LARGEST_VALUE:g}.")

    def normalise(self, hu: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
        """`hu` (any shape, any real dtype, in HU) as float32 from 0 (`hu_low` and less) to 1 (`hu_high` and more)."""
        values = hu.astype(np.float32)
        values -= self.hu_low
        values *= np.float32(1.0 / (self.hu_high - self.hu_low))
        return np.clip(values, 0.0, 1.0, out=values)

    def padded_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """`shape` with each side raised to the next multiple of `multiple_of`."""
        return tuple(-(-side // self.multiple_of) * self.multiple_of for side in shape)

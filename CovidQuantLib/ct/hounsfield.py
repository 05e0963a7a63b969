"""Stored values of any type to int16 HU with padding at -1024."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from CovidQuantLib.ct.volume import PADDING_HU, HuArray
from CovidQuantLib.messages import InputError

_INT16 = np.iinfo(np.int16)
_POSSIBLE_HU = (-1000.0, 3071.0)
_NOISE_HU = -1200


def is_possible_hu(value: float) -> bool:
    """Whether air in the lung, tissue or metal can have this HU, so that it cannot mark padding by itself."""
    return _POSSIBLE_HU[0] < value <= _POSSIBLE_HU[1]


def to_hu(values: npt.NDArray[Any], padding_hu: float | None = None) -> tuple[HuArray, int]:
    """`values` (rescaled, any number type) as int16 HU, and how many of them were padding.

    Padding is what lies under -1200, and what equals `padding_hu` where no tissue can have that value; noise in air
    reaches a little under -1024, and is cut there. Fractions are rounded, values beyond int16 are cut. Raises
    `InputError` where a value is not a number.
    """
    if values.dtype.kind == "f":
        if not np.isfinite(values).all():
            raise InputError("The CT holds values that are no numbers (NaN or infinite). Export it again.")
        values = np.rint(values)
    if not np.can_cast(values.dtype, np.int16):
        # `clip` compares in the values' own type, which may be unsigned: its bounds must fit there.
        lowest = _INT16.min if values.dtype.kind != "u" else 0
        values = np.clip(values, lowest, _INT16.max)
    hu = values.astype(np.int16)
    padded = hu < _NOISE_HU
    if padding_hu is not None and not is_possible_hu(padding_hu):
        padded |= hu == np.clip(round(padding_hu), _INT16.min, _INT16.max)
    hu[padded] = PADDING_HU
    np.maximum(hu, PADDING_HU, out=hu)
    return hu, int(np.count_nonzero(padded))

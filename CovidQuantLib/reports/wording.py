"""Numbers as a person reads them: what is missing is "not available", and what is estimated has no decimals."""

from __future__ import annotations

import math

from CovidQuantLib.quantification.values import Level
from CovidQuantLib.segmentation.chest import EDITED, ESTIMATED, THRESHOLD, ChestSegmentation, Part

NOT_AVAILABLE = "not available"
_ONE_DECIMAL_BELOW = 100.0
_SMALLEST_ML = 0.1
_SMALLEST_PERCENT = 0.1
_SHOWN_ID = 8
"""Letters of a model's id that a person reads, as in the list of models."""


def millilitres(value: float | None, *, estimated: bool = False) -> str:
    """A volume in ml, without its unit: one decimal under 100 ml, whole above and where it is estimated."""
    if value is None:
        return NOT_AVAILABLE
    decimals = 0 if estimated or value >= _ONE_DECIMAL_BELOW else 1
    return _rounded(value, decimals, 1.0 if decimals == 0 else _SMALLEST_ML)


def percent(value: float | None, *, estimated: bool = False) -> str:
    """A percentage with its sign: one decimal, or whole where it is estimated."""
    if value is None:
        return NOT_AVAILABLE
    number = _rounded(value, 0, 1.0) if estimated else _rounded(value, 1, _SMALLEST_PERCENT)
    return f"{number} %"


def percent_range(limits: tuple[float, float] | None) -> str:
    """The range of an estimated percentage in whole percents, rounded outwards; empty where there is none."""
    if limits is None or limits[0] == limits[1]:
        return ""
    return f"{math.floor(limits[0])} to {math.ceil(limits[1])} %"


def true_minus(text: str) -> str:
    """A number as text with a true minus sign in place of the hyphen."""
    return text.replace("-", "\N{MINUS SIGN}")


def part_of_level(segmentation: ChestSegmentation, level: Level) -> Part:
    """The label map that regions of this level come from."""
    return {"lobe": segmentation.lobes, "segment": segmentation.segments}.get(level, segmentation.lungs)


def source_sentence(part: Part) -> str:
    """Where a label map came from, in words."""
    known = {
        THRESHOLD: "HU threshold, shape and size rules",
        ESTIMATED: "estimated from the lungs' shape and image evidence",
        EDITED: "edited by a reader",
    }
    if part.model is None:
        return known.get(part.source, f"segmenter “{part.source}”")
    first, added, model_id = part.source.rpartition("+")
    network = f"network “{part.model}” ({model_id[:_SHOWN_ID]})"
    return f"{known[first]}, with dense parts added by the {network}" if added else network


def _rounded(value: float, decimals: int, smallest: float) -> str:
    """`value` rounded; nothing is "0", and a little more than nothing is under the smallest number that can be read."""
    if value == 0.0:
        return "0"
    text = f"{value:.{decimals}f}"
    if value > 0.0 and float(text) == 0.0:
        return f"< {smallest:.{decimals}f}"
    return text

"""Whether a new model is no worse than the old one: paired differences of the same patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from CovidQuantLib.messages import InputError

CONFIDENCE = 0.95
METHOD = "one-sided 95 % lower bound of the mean paired difference, Student's t, the patient as the unit"


@dataclass(frozen=True)
class PairedDifference:
    """Differences (new minus old) over `count` patients; `lower` is the lower 95 % bound of their mean.

    `sd` is that of a sample. `sd` and `lower` are None where there are fewer than two patients.
    """

    count: int
    mean: float | None
    sd: float | None
    lower: float | None


def paired_difference(old: Sequence[float], new: Sequence[float]) -> PairedDifference:
    """The mean of `new - old` and its one-sided 95 % lower bound: mean - t(0.95, n - 1) x SD / sqrt(n).

    `old[n]` and `new[n]` are of the same patient. Student's t takes the mean difference as normally distributed, which
    holds roughly from about ten patients on; it is wider than a bootstrap there, which covers too little in so few.
    Raises `InputError` where the numbers of values differ.
    """
    if len(old) != len(new):
        raise InputError("A paired comparison needs both values of every patient.")
    differences = np.asarray(new, np.float64) - np.asarray(old, np.float64)
    count = differences.size
    if count < 2:
        return PairedDifference(count, float(differences[0]) if count else None, None, None)
    mean, sd = float(differences.mean()), float(differences.std(ddof=1))
    return PairedDifference(count, mean, sd, mean - float(stdtrit(count - 1, CONFIDENCE)) * sd / count**0.5)

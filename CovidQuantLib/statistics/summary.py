"""A number over cases, as the papers print it: mean and standard deviation, median, quartiles, range."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Summary:
    """`count` values, and `missing` ones that were not available.

    `sd` is that of a sample (divided by n - 1), None for a single value. Quartiles are interpolated linearly (R's type
    7, what `numpy.percentile` does).
    """

    count: int
    missing: int
    mean: float
    sd: float | None
    median: float
    q1: float
    q3: float
    minimum: float
    maximum: float


@dataclass(frozen=True)
class Share:
    """`count` of `total` values; `missing` ones were not available and are in neither."""

    count: int
    total: int
    missing: int

    @property
    def percent(self) -> float | None:
        """The share in percent; None where there was no value."""
        return 100.0 * self.count / self.total if self.total else None


def summarise(values: Iterable[float | None]) -> Summary | None:
    """The summary of the values that are not None; None where there is none."""
    values = list(values)
    known = np.array([value for value in values if value is not None], np.float64)
    if known.size == 0:
        return None
    q1, median, q3 = np.percentile(known, [25, 50, 75])
    return Summary(
        count=known.size,
        missing=len(values) - known.size,
        mean=float(known.mean()),
        sd=float(known.std(ddof=1)) if known.size > 1 else None,
        median=float(median),
        q1=float(q1),
        q3=float(q3),
        minimum=float(known.min()),
        maximum=float(known.max()),
    )


def share_within(values: Iterable[float | None], limit: float) -> Share:
    """How many of the values are at most `limit`."""
    values = list(values)
    known = [value for value in values if value is not None]
    return Share(sum(value <= limit for value in known), len(known), len(values) - len(known))

"""Fixtures of the reports' tests."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from CovidQuantLib.reports import gallery
from Testing.unit.reports.small_case import SHAPE, Case, small_case


@pytest.fixture(scope="session", autouse=True)
def small_pictures() -> Iterator[None]:
    """Reports with pictures of few pixels: what stands in them is tested apart, at full size."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gallery, "_WIDEST_PIXELS", 120.0)
        yield


@pytest.fixture(scope="session")
def a_case() -> Case:
    return small_case()


@pytest.fixture
def a_case_without_infection(a_case: Case) -> Case:
    return a_case.with_infection(np.zeros(SHAPE, np.uint8))

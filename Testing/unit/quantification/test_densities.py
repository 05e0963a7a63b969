from __future__ import annotations

import numpy as np
import pytest

from CovidQuantLib.ct import PADDING_HU
from CovidQuantLib.quantification.densities import histogram, hu_statistics


def counts_of(hu: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.bincount(np.asarray(hu) - PADDING_HU).astype(np.int64)


def test_statistics_of_four_voxels_can_be_checked_by_hand() -> None:
    found = hu_statistics(counts_of([-700, -500, -500, -300]))
    assert found is not None
    assert found.mean == -500.0
    assert found.sd == pytest.approx(20000**0.5)
    assert found.median == -500.0
    assert found.p25 == -550.0
    assert found.p95 == pytest.approx(-330.0)


def test_one_voxel_has_no_spread() -> None:
    found = hu_statistics(counts_of([-100]))
    assert found is not None
    assert (found.mean, found.sd, found.p5, found.p95) == (-100.0, 0.0, -100.0, -100.0)


def test_no_voxel_has_no_statistics() -> None:
    assert hu_statistics(np.zeros(10, np.int64)) is None


@pytest.mark.parametrize("seed", range(5))
def test_percentiles_are_those_of_the_voxels_themselves(seed: int) -> None:
    hu = np.random.default_rng(seed).integers(-1024, 200, 37 + seed)
    found = hu_statistics(counts_of(hu.tolist()))
    assert found is not None
    expected = np.percentile(hu, [5, 25, 50, 75, 95])
    assert [found.p5, found.p25, found.median, found.p75, found.p95] == pytest.approx(expected)
    assert found.sd == pytest.approx(hu.std())


def test_a_bin_begins_with_its_border_and_ends_before_the_next() -> None:
    found = histogram(counts_of([-1024, -1021, -1020, -201, -200, 0]), start_hu=-1030, bin_width=10)
    borders = {found.start_hu + n * found.bin_width: count for n, count in enumerate(found.counts) if count}
    assert borders == {-1030: 2, -1020: 1, -210: 1, -200: 1, 0: 1}
    assert len(found.counts) == 104


@pytest.mark.parametrize("bin_width", [1, 7, 10, 25])
def test_every_voxel_is_in_the_histogram(bin_width: int) -> None:
    hu = np.random.default_rng(0).integers(-1024, 3072, 1000)
    assert sum(histogram(counts_of(hu.tolist()), start_hu=-1030, bin_width=bin_width).counts) == 1000

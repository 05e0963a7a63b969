"""Stored values of any type become int16 HU."""

from __future__ import annotations

import numpy as np
import pytest

from CovidQuantLib.ct.hounsfield import to_hu
from CovidQuantLib.messages import InputError


@pytest.mark.parametrize("padding", [-3024, -2048, -1500])
def test_what_lies_far_under_air_is_padding(padding: int) -> None:
    hu, padded = to_hu(np.array([padding, -1024, -1000, 40]))
    assert hu.tolist() == [-1024, -1024, -1000, 40]
    assert padded == 1


def test_noise_under_air_reads_as_air_and_is_no_padding() -> None:
    hu, padded = to_hu(np.array([-1100, -1025, 40]))
    assert hu.tolist() == [-1024, -1024, 40]
    assert padded == 0


def test_declared_padding_counts_where_no_tissue_has_its_value() -> None:
    hu, padded = to_hu(np.array([-1000, 4000, 40]), padding_hu=4000.0)
    assert hu.tolist() == [-1000, -1024, 40]
    assert padded == 1


def test_declared_padding_that_could_be_water_is_left_alone() -> None:
    hu, padded = to_hu(np.array([-1000, 0, 40]), padding_hu=0.0)
    assert hu.tolist() == [-1000, 0, 40]
    assert padded == 0


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.int32, np.uint16, np.uint64, np.int64, np.float32, np.float64])
def test_every_number_type_gives_the_same_hu(kind: type) -> None:
    hu, _ = to_hu(np.array([0, 40, 100]).astype(kind))
    assert hu.dtype == np.int16
    assert hu.tolist() == [0, 40, 100]


def test_fractions_are_rounded_and_what_exceeds_int16_is_cut() -> None:
    assert to_hu(np.array([-0.6, 0.4, 99.5, 1e6, -1e6]))[0].tolist() == [-1, 0, 100, 32767, -1024]
    assert to_hu(np.array([65535], np.uint16))[0].tolist() == [32767]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(bad: float) -> None:
    with pytest.raises(InputError, match="NaN or infinite"):
        to_hu(np.array([0.0, bad]))

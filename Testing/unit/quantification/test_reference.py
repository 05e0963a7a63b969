from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from CovidQuantLib.ct import PADDING_HU
from CovidQuantLib.messages import InputError
from CovidQuantLib.quantification import (
    HuReference,
    QuantificationOptions,
    load_reference,
    reference_of,
    shipped_reference,
    write_reference,
)
from CovidQuantLib.quantification.reference import compare

FOUR_BINS = HuReference("test", "made in the test", "none", 1, -1000, 100, (0.5, 0.25, 0.25, 0.0))


def counts_at(*hu: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.bincount(np.asarray(hu) - PADDING_HU).astype(np.int64)


def test_equal_distributions_have_distance_0_and_full_overlap() -> None:
    found = compare(counts_at(-1000, -901, -900, -750), FOUR_BINS)
    assert found is not None
    assert found.hellinger == 0.0
    assert found.intersection_over_union == 1.0
    assert found.reference == "test"


def test_disjoint_distributions_have_distance_1_and_no_overlap() -> None:
    found = compare(counts_at(-700, -650), FOUR_BINS)
    assert found is not None
    assert found.hellinger == 1.0
    assert found.intersection_over_union == 0.0


def test_two_bins_can_be_checked_by_hand() -> None:
    halves = HuReference("halves", "test", "none", 1, 0, 10, (0.5, 0.5))
    found = compare(counts_at(1), halves)
    assert found is not None
    assert found.hellinger == pytest.approx((1 - 0.5**0.5) ** 0.5)
    assert found.intersection_over_union == pytest.approx(0.5 / 1.5)


def test_voxels_beyond_the_range_count_in_the_end_bins() -> None:
    found = compare(
        counts_at(-1024, -1024, -850, 3000), HuReference("ends", "t", "n", 1, -1000, 100, (0.5, 0.25, 0.25))
    )
    assert found is not None
    assert found.hellinger == 0.0


GOOD: dict[str, Any] = {
    "format": "covidquant-lung-hu",
    "version": 1,
    "name": "two chests",
    "origin": "made in the test",
    "kernel": "standard",
    "cases": 2,
    "start_hu": -1000,
    "bin_width": 500,
    "shares": [0.25, 0.75],
}


def written(folder: Path, content: object) -> Path:
    path = folder / "reference.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_a_reference_of_the_users_own_is_read(tmp_path: Path) -> None:
    assert load_reference(written(tmp_path, GOOD)).shares == (0.25, 0.75)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"format": "other"}, "does not say"),
        ({"version": 2}, "does not say"),
        ({"name": ""}, '"name"'),
        ({"kernel": None}, '"kernel"'),
        ({"name": "two\nlines"}, '"name"'),
        ({"name": "half a sign \ud800"}, '"name"'),
        ({"origin": "x" * 1001}, '"origin"'),
        ({"cases": 0}, '"cases"'),
        ({"bin_width": 0}, '"bin_width"'),
        ({"bin_width": True}, '"bin_width"'),
        ({"start_hu": 0.5}, '"start_hu"'),
        ({"shares": [1.0]}, '"shares"'),
        ({"shares": [2.0, -1.0]}, '"shares"'),
        ({"shares": ["a", "b"]}, '"shares"'),
        ({"shares": [0.2, 0.2]}, "do not sum to 1"),
        ({"shares": [float("nan"), 1.0]}, '"shares"'),
    ],
)
def test_a_wrong_reference_is_refused_with_its_reason(tmp_path: Path, change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        load_reference(written(tmp_path, GOOD | change))


def test_a_file_that_is_no_reference_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.json").write_text("not JSON", encoding="utf-8")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "digits.json").write_text("9" * 5000)
    (tmp_path / "deep.json").write_text("[" * 100_000)
    (tmp_path / "folder.json").mkdir()
    for name in ("text.json", "binary.json", "digits.json", "deep.json", "folder.json", "missing.json"):
        with pytest.raises(InputError, match="HU reference"):
            load_reference(tmp_path / name)
    with pytest.raises(InputError, match="HU reference"):
        load_reference(written(tmp_path, [1, 2]))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no such thing there")
def test_a_pipe_is_no_reference_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(InputError, match="HU reference"):
        load_reference(tmp_path / "pipe.json")


def test_the_shipped_reference_says_what_it_is_and_is_compared_with_unless_another_is_given() -> None:
    shipped = shipped_reference()
    assert "LIDC" in shipped.name
    assert "not a normal population" in shipped.origin
    assert "CC BY" in shipped.origin
    assert sum(shipped.shares) == pytest.approx(1.0)
    assert QuantificationOptions().reference == shipped


def test_a_reference_of_two_cases_weighs_them_alike_whatever_their_size(tmp_path: Path) -> None:
    made = reference_of([counts_at(*[-800] * 30), counts_at(-500)], name="two", origin="test", kernel="none")
    path = tmp_path / "own.json"
    write_reference(path, made)
    assert load_reference(path) == made
    assert made.cases == 2
    assert {made.start_hu + n * made.bin_width: share for n, share in enumerate(made.shares) if share} == {
        -800: 0.5,
        -500: 0.5,
    }


def test_a_reference_of_nothing_is_refused() -> None:
    for cases in ([], [np.zeros(5, np.int64)]):
        with pytest.raises(InputError, match="at least one CT"):
            reference_of(cases, name="none", origin="test", kernel="none")

"""The lower bound of a paired difference, against numbers that can be checked by hand or in a table of t."""

from __future__ import annotations

import numpy as np
import pytest

from CovidQuantLib.messages import InputError
from CovidQuantLib.statistics import paired_difference


def test_the_bound_is_that_of_students_t() -> None:
    # Differences 1 to 10: mean 5.5, SD 3.02765; t(0.95, 9) = 1.83311 stands in every table.
    found = paired_difference([0.0] * 10, [float(number) for number in range(1, 11)])
    assert found.mean == pytest.approx(5.5)
    assert found.sd == pytest.approx(3.027650)
    assert found.lower == pytest.approx(5.5 - 1.833113 * 3.027650 / np.sqrt(10), abs=1e-5)


def test_it_covers_the_truth_in_nineteen_of_twenty_trials() -> None:
    random = np.random.default_rng(1)
    bounds = [paired_difference(np.zeros(12).tolist(), random.normal(0.3, 1.0, 12).tolist()).lower for _ in range(2000)]
    assert np.mean([bound is not None and bound <= 0.3 for bound in bounds]) == pytest.approx(0.95, abs=0.015)


def test_swapping_old_and_new_turns_the_sign() -> None:
    one, other = paired_difference([0.1, 0.5], [0.2, 0.9]), paired_difference([0.2, 0.9], [0.1, 0.5])
    assert one.mean == pytest.approx(-(other.mean or 0.0))
    assert one.sd == pytest.approx(other.sd)


def test_one_patient_has_a_difference_and_no_bound() -> None:
    assert paired_difference([0.5], [0.75]).mean == 0.25
    assert paired_difference([0.5], [0.75]).lower is None
    assert paired_difference([], []).mean is None


def test_equal_differences_have_their_mean_as_bound() -> None:
    assert paired_difference([0.5] * 10, [0.5] * 10).lower == 0.0


def test_values_that_do_not_pair_are_refused() -> None:
    with pytest.raises(InputError, match="both values of every patient"):
        paired_difference([0.5], [])

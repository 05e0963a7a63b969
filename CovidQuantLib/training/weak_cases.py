"""Which cases teach consolidation by one label for each patient, and which can judge it."""

from __future__ import annotations

from collections.abc import Sequence

from CovidQuantLib.messages import InputError
from CovidQuantLib.training.cases import Case


def weak_cases(training: Sequence[Case], validation: Sequence[Case]) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """The cases that UNet-2 learns from, and those that it is judged by.

    The former are those of which it is known whether there is consolidation anywhere; the latter those whose masks are
    known to tell it. Raises `InputError` where no case is known to have consolidation, or none to be without it.
    """
    known = tuple(case for case in training if case.has_consolidation is not None)
    if len({case.has_consolidation for case in known}) < 2:
        raise InputError(
            "Consolidation is learnt from patients with it and from patients without it: both are needed. Say "
            '"has_consolidation": true or false in the entries of the data list. In a pool it is a fact of the scan: '
            "covidquant pool mark POOL SCAN --reader R1 --has-consolidation no."
        )
    return known, tuple(case for case in validation if case.tells_consolidation)

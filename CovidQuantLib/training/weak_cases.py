"""Which cases teach consolidation by one label for each patient, and which can judge it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from CovidQuantLib.anatomy import CONSOLIDATION
from CovidQuantLib.ct.volume_files import read_volume
from CovidQuantLib.datalists import Entry
from CovidQuantLib.messages import InputError
from CovidQuantLib.training.cases import Case


def check_patient_labels(entries: Sequence[Entry]) -> None:
    """Raise `InputError` as `weak_cases` would, before any training; masks are read where only they can tell."""
    told = {entry.has_consolidation for entry in entries}
    unknown = (entry for entry in entries if entry.has_consolidation is None)
    if False not in told or not (True in told or any(_holds_consolidation(entry.label) for entry in unknown)):
        raise _one_kind()


def weak_cases(training: Sequence[Case], validation: Sequence[Case]) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """The cases that UNet-2 learns from, and those that it is judged by.

    The former are those of which it is known whether there is consolidation anywhere; the latter those whose masks are
    known to tell it. Raises `InputError` where no case is known to have consolidation, or none to be without it.
    """
    known = tuple(case for case in training if case.has_consolidation is not None)
    if len({case.has_consolidation for case in known}) < 2:
        raise _one_kind()
    return known, tuple(case for case in validation if case.tells_consolidation)


def _holds_consolidation(label: Path) -> bool:
    image = read_volume(label)  # The view does not hold it.
    return bool(np.any(sitk.GetArrayViewFromImage(image) == CONSOLIDATION.label))


def _one_kind() -> InputError:
    return InputError(
        "Consolidation is learnt from patients with it and from patients without it: both are needed. Say "
        '"has_consolidation": true or false in the entries of the data list. In a pool it is a fact of the scan: '
        "covidquant pool mark POOL SCAN --reader R1 --has-consolidation no."
    )

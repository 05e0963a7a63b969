"""Which cases teach consolidation by one label for each patient, and which can judge it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from CovidQuantLib.anatomy import CONSOLIDATION
from CovidQuantLib.ct import CtVolume, LabelArray, MaskArray
from CovidQuantLib.ct.grid import bounding_box
from CovidQuantLib.ct.volume_files import read_volume
from CovidQuantLib.datalists import Entry, Unmasked
from CovidQuantLib.inference import predict
from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import Progress
from CovidQuantLib.training.cases import Case, prepare_unmasked
from CovidQuantLib.training.options import TrainingOptions
from CovidQuantLib.training.start import Start


def check_patient_labels(entries: Sequence[Entry | Unmasked]) -> None:
    """Raise `InputError` as `weak_cases` would, before any training; masks are read where only they can tell."""
    told = {entry.has_consolidation for entry in entries}
    unknown = (one.label for one in entries if isinstance(one, Entry) and one.has_consolidation is None)
    if False not in told or not (True in told or any(map(_holds_consolidation, unknown))):
        raise _one_kind()


def check_judged(options: TrainingOptions, validation: Sequence[Entry]) -> None:
    """Raise `InputError` where the learning rate waits for validations of UNet-2, and no case can judge it."""
    judging = (one.has_consolidation is False or _holds_consolidation(one.label) for one in validation)
    if options.schedule == "plateau" and not any(judging):
        raise InputError(
            'The schedule "plateau" lowers the learning rate by what validations say, and no validation case tells '
            "consolidation. Give masks with the classes, or take another schedule."
        )


def weak_cases(training: Sequence[Case], validation: Sequence[Case]) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """The cases that UNet-2 learns from, and those that it is judged by.

    The former are those of which it is known whether there is consolidation anywhere; the latter those whose masks are
    known to tell it. Raises `InputError` where no case is known to have consolidation, or none to be without it.
    """
    known = tuple(case for case in training if case.has_consolidation is not None)
    if len({case.has_consolidation for case in known}) < 2:
        raise _one_kind()
    return known, tuple(case for case in validation if case.tells_consolidation)


def unmasked_cases(entries: Sequence[Unmasked], start: Start, device: str, progress: Progress) -> tuple[Case, ...]:
    """The cases without a mask, each with the infection that UNet-1 finds in it: from there its slabs are taken.

    `start` is that of UNet-2. Raises `InputError`, which names the entry, where one cannot be used.
    """
    if not entries:
        return ()
    # The comparison checks labels where PyTorch is not loaded yet.
    from CovidQuantLib.inference.torch_engine import TorchEngine
    from CovidQuantLib.networks.hybrid_unet_pair import HybridUNetPair

    assert isinstance(start.module, HybridUNetPair)
    engine = TorchEngine(start.module.unet_1, device=device)

    def find(ct: CtVolume, lungs: MaskArray) -> LabelArray:
        box = bounding_box(lungs, ct.geometry)
        return predict(ct.hu, ct.geometry, box, engine, start.preprocessing, reading=start.reading, lungs=lungs).labels

    cases = []
    for number, entry in enumerate(entries):
        progress(number / len(entries), f"Finding the infection of case {number + 1} of {len(entries)} without a mask")
        cases.append(prepare_unmasked(entry, find, start.label_set, start.preprocessing))
    return tuple(cases)


def _holds_consolidation(label: Path) -> bool:
    image = read_volume(label)  # The view does not hold it.
    return bool(np.any(sitk.GetArrayViewFromImage(image) == CONSOLIDATION.label))


def _one_kind() -> InputError:
    return InputError(
        "Consolidation is learnt from patients with it and from patients without it: both are needed. Say "
        '"has_consolidation": true or false in the entries of the data list. In a pool it is a fact of the scan: '
        "covidquant pool mark POOL SCAN --reader R1 --has-consolidation no."
    )

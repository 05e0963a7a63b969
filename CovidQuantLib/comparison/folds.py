"""Folds by patient: who is trained on, who chooses the weights, and who is left out and judged."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from CovidQuantLib.anatomy import CONSOLIDATION
from CovidQuantLib.datalists import Datalist, Entry, read_masks
from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import Progress
from CovidQuantLib.statistics.comparison import FoldFacts

_VALIDATION_SHARE = 0.2
_HASH_DIGITS = 16


@dataclass(frozen=True)
class Case:
    """An entry of the list with its patient as a number, from 1 in the order of the list, and the hash of its files.

    `tells_classes`: its mask holds consolidation apart from ground glass.
    """

    entry: Entry
    patient: int
    code: str
    tells_classes: bool = False

    @property
    def short_code(self) -> str:
        """As much of the hash as tells one case from another."""
        return self.code[:_HASH_DIGITS]


@dataclass(frozen=True)
class Fold:
    """One fold: `training` and `validation` are trained with, `test` is judged. No patient is in two of them."""

    number: int
    training: tuple[Case, ...]
    validation: tuple[Case, ...]
    test: tuple[Case, ...]

    @property
    def facts(self) -> FoldFacts:
        """Patients and CTs of each part, and the hash of all."""
        parts = (self.training, self.validation, self.test)
        told = "|".join(" ".join(case.code for case in part) for part in parts)
        training, validation, test = ((len({case.patient for case in part}), len(part)) for part in parts)
        data = hashlib.sha256(told.encode()).hexdigest()[:_HASH_DIGITS]
        return FoldFacts(number=self.number, training=training, validation=validation, test=test, data=data)


def read_cases(listed: Datalist, progress: Progress) -> tuple[tuple[Case, ...], tuple[Case, ...]]:
    """The entries that are learnt from and those that are judged (the same ones where the list names none apart).

    Every mask is read, and every CT's header. Raises `InputError` where the list does not say whether its lesions are
    real, a file of an entry is missing, damaged or of another grid, or one CT stands under two patients.
    """
    if listed.data is None:
        raise InputError('The list must say whether its lesions are real: give it "data", real or synthetic.')
    entries = (*listed.training, *listed.validation)
    numbers = {name: number for number, name in enumerate(dict.fromkeys(entry.person for entry in entries), 1)}
    cases: list[Case] = []
    owners: dict[bytes, int] = {}
    for number, entry in enumerate(entries):
        progress(number / len(entries), f"Reading case {number + 1} of {len(entries)}")
        image, code = _hash(entry)
        if owners.setdefault(image, numbers[entry.person]) != numbers[entry.person]:
            raise InputError(
                f"{entry.where}: the same CT stands in the list under another patient, or under none: it would be "
                'learnt from while its patient is left out. Give both entries one "patient".'
            )
        tells_classes = bool((read_masks(entry).infection == CONSOLIDATION.label).any())
        cases.append(Case(entry, numbers[entry.person], code, tells_classes))
    training, judged = tuple(cases[: len(listed.training)]), tuple(cases[len(listed.training) :])
    return training, judged or training


def make_folds(training: tuple[Case, ...], judged: tuple[Case, ...], number: int | None, seed: int) -> tuple[Fold, ...]:
    """Folds over the patients of `judged`; `number` None leaves out one patient at a time. See `Plan.folds`.

    Patients of `training` that are never judged are trained on in every fold. Raises `InputError` where there are too
    few patients.
    """
    patients = list(dict.fromkeys(case.patient for case in judged))
    if number is None:
        parts = [[patient] for patient in patients]
    else:
        rng = np.random.default_rng([seed, number])
        patients = [patients[place] for place in rng.permutation(len(patients))]
        parts = [[int(one) for one in part] for part in np.array_split(patients, min(number, len(patients)))]
    everyone = {case.patient for case in training}
    if number is not None and len(patients) < number:
        raise InputError(f"{number} folds need {number} patients, and the list has {len(patients)} to be judged.")
    folds = []
    for place, part in enumerate(parts):
        # From the next part on, so that another patient chooses the weights in each fold.
        others = [one for later in (*parts[place + 1 :], *parts[:place]) for one in later if one in everyone]
        choosing = [] if number is None else others[: max(1, round(_VALIDATION_SHARE * len(others)))]
        learnt = everyone - {*part, *choosing}
        if not learnt:
            raise InputError("With a patient left out there is nobody to train on. Give the list more patients.")
        folds.append(
            Fold(
                place + 1,
                tuple(case for case in training if case.patient in learnt),
                tuple(case for case in training if case.patient in choosing),
                tuple(case for case in judged if case.patient in part),
            )
        )
    return tuple(folds)


def _hash(entry: Entry) -> tuple[bytes, str]:
    """The hash of the CT's file, and that of all that the entry says."""
    if entry.lungs is None:
        raise InputError(f'{entry.where}: a comparison needs the lungs. Add "lungs" to every entry.')
    files = [hashlib.sha256(_content(entry, path)).digest() for path in (entry.image, entry.label, entry.lungs)]
    digest = hashlib.sha256(b"".join(files))
    digest.update(str(entry.has_consolidation).encode())
    return files[0], digest.hexdigest()


def _content(entry: Entry, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{entry.where}: a file does not exist, or may not be read. Check the data list.") from error

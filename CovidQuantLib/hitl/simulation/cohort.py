"""The cohort of a simulation: a data list whose masks are the truth."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from CovidQuantLib.datalists import Entry, Truth, read_datalist
from CovidQuantLib.datalists import read_truth as truth_of
from CovidQuantLib.hitl.pool.licences import NOT_STATED, Licence, licence
from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import Progress


@dataclass(frozen=True)
class CohortScan:
    """One scan of the cohort. `number` counts all scans from 1, `patient` all patients; `painter` may be empty."""

    number: int
    patient: int
    painter: str
    is_held_out: bool
    entry: Entry


@dataclass(frozen=True)
class Cohort:
    """The scans to be corrected and those held out, and what is known of them all."""

    scans: tuple[CohortScan, ...]
    data: Literal["real", "synthetic"]
    reference: str | None
    licence: Licence

    @property
    def training(self) -> tuple[CohortScan, ...]:
        """The scans that readers correct, batch after batch."""
        return tuple(one for one in self.scans if not one.is_held_out)

    @property
    def holdout(self) -> tuple[CohortScan, ...]:
        """The scans that models are judged on."""
        return tuple(one for one in self.scans if one.is_held_out)


def read_cohort(path: Path) -> Cohort:
    """The cohort in the data list `path`: "training" is corrected, "validation" held out.

    Raises `InputError` where the list cannot be used, an entry lacks its lungs, a patient stands on both sides, nobody
    is held out, or the list does not say whether its data are real or synthetic.
    """
    listed = read_datalist(path)
    if listed.data is None:
        raise InputError('The cohort must say whether its lesions are real: give the list "data", real or synthetic.')
    if not listed.validation:
        raise InputError('The cohort holds nobody out. Name the held-out scans under "validation".')
    entries = [*listed.training, *listed.validation]
    without = next((one for one in entries if one.lungs is None), None)
    if without is not None:
        raise InputError(f'{without.where}: the simulation needs the lungs. Add "lungs" to every entry.')
    for one in entries:
        if not all(file is None or file.exists() for file in (one.image, one.label, one.lungs)):
            raise InputError(f"{one.where}: a file does not exist. Check the data list.")
    names = [one.patient or one.where for one in entries]
    held_out = names[len(listed.training) :]
    if shared := len({*names[: len(listed.training)]} & {*held_out}):
        raise InputError(f"{shared} of the patients stand in training and hold-out. Leave each on one side.")
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names), 1)}
    scans = tuple(
        CohortScan(number, numbers[name], entry.painter or "", number > len(listed.training), entry)
        for number, (name, entry) in enumerate(zip(names, entries, strict=True), 1)
    )
    return Cohort(scans, listed.data, listed.reference, _licence(listed.licence))


def read_truth(scan: CohortScan) -> Truth:
    """CT, lungs and truth of a scan, ground glass and consolidation as one (0, 1). Raises `InputError`."""
    truth = truth_of(scan.entry)
    return replace(truth, infection=(truth.infection > 0).astype(np.uint8))


def cohort_code(cohort: Cohort, progress: Progress) -> str:
    """A hash of all files of the cohort and of which scan is whose, so that a simulation goes on with its own data."""
    digest = hashlib.sha256()
    for scan in cohort.scans:
        progress(scan.number / len(cohort.scans), f"Reading scan {scan.number} of {len(cohort.scans)}")
        digest.update(f"{scan.number} {scan.patient} {scan.painter} {scan.is_held_out}".encode())
        for path in (scan.entry.image, scan.entry.label, scan.entry.lungs):
            if path is not None and path.is_file():
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _licence(text: str | None) -> Licence:
    try:
        return NOT_STATED if text is None else licence(text)
    except InputError:
        return NOT_STATED

"""The pool that every arm begins with: all scans with their lungs, and the hold-out read blank to the truth."""

from __future__ import annotations

import shutil
from pathlib import Path

from CovidQuantLib.hitl.pool import (
    BLANK,
    AnatomyMaps,
    Pool,
    Reading,
    ScanDetails,
    Subject,
    add_scan,
    init_pool,
    open_pool,
    submit_anatomy,
    submit_reading,
)
from CovidQuantLib.hitl.simulation.cohort import Cohort, CohortScan, read_truth
from CovidQuantLib.hitl.simulation.places import read_names, work_folder, write_names
from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import Progress

READER = "SIM"
"""The simulated reader's code."""
SOURCE = "simulated cohort"
_NAMES_FILE = "scans.json"


def first_pool(output: Path, cohort: Cohort, progress: Progress) -> dict[str, CohortScan]:
    """Make the pool where it is not there yet; gives the cohort's scans by their codes in it.

    Raises `InputError` where a scan cannot be used, or the folder cannot be written.
    """
    folder = _folder(output)
    known = read_names(folder.parent / _NAMES_FILE)
    if known is None or not folder.is_dir():
        shutil.rmtree(folder, ignore_errors=True)
        pool = init_pool(folder, fraction=0.0)
        known = {}
        for scan in cohort.scans:
            progress(
                (scan.number - 1) / len(cohort.scans), f"Adding scan {scan.number} of {len(cohort.scans)} to a pool"
            )
            code = _add(pool, cohort, scan)
            if code in known:
                raise InputError(
                    f"The entries {known[code]} and {scan.number} of the cohort are one CT. Leave one out."
                )
            known[code] = scan.number
        write_names(folder.parent / _NAMES_FILE, known)
    by_number = {scan.number: scan for scan in cohort.scans}
    return {code: by_number[number] for code, number in known.items()}


def copied_pool(output: Path, name: str) -> Pool:
    """A copy of the first pool for one arm and seed, or the one that is there."""
    target = work_folder(output) / name
    if not target.is_dir():
        unfinished = target.with_name(f".{name}")
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(_folder(output), unfinished)
        unfinished.rename(target)
    return open_pool(target)


def _folder(output: Path) -> Path:
    return work_folder(output) / "first"


def _add(pool: Pool, cohort: Cohort, scan: CohortScan) -> str:
    truth = read_truth(scan)
    details = ScanDetails(licence=cohort.licence, source=SOURCE, synthetic=cohort.data == "synthetic")
    subject = Subject(f"cohort {scan.patient}")
    added = add_scan(pool, truth.ct, subject, details=details, held_out=scan.is_held_out).scan
    submit_anatomy(pool, added, AnatomyMaps(truth.lungs, sources={"lungs": SOURCE}))
    if scan.is_held_out:
        submit_reading(pool, added, Reading(truth.infection, READER, BLANK, classes="infection"))
    return added.code

"""One correction of the simulated reader: from what a model proposes, or from nothing, to the truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from CovidQuantLib.ct import LabelArray
from CovidQuantLib.datalists import Truth
from CovidQuantLib.hitl.pool import BLANK, Pool, Reading, Start, find_scan, history, submit_reading
from CovidQuantLib.hitl.rounds import Eyes, Means, PoolModel
from CovidQuantLib.hitl.simulated_reader import ModelledMinutes, modelled_minutes
from CovidQuantLib.hitl.simulation.cohort import CohortScan, read_truth
from CovidQuantLib.hitl.simulation.first_pool import READER
from CovidQuantLib.hitl.simulation.plan import Plan
from CovidQuantLib.progress import Progress
from CovidQuantLib.statistics import SimulatedCorrection, agreement


@dataclass
class Bench:
    """What all arms share: the plan, the scans by their codes, and what is known of them already."""

    output: Path
    plan: Plan
    scans: dict[str, CohortScan]
    means: Means
    eyes: Eyes
    _nothing: dict[int, ModelledMinutes] = field(default_factory=dict)

    def nothing(self, scan: CohortScan, truth: Truth) -> ModelledMinutes:
        """What drawing a scan from nothing costs."""
        if scan.number not in self._nothing:
            empty = np.zeros_like(truth.infection)
            self._nothing[scan.number] = modelled_minutes(empty, truth.infection, truth.ct.geometry)
        return self._nothing[scan.number]


def correction(
    bench: Bench, pool: Pool, code: str, model: PoolModel | None, progress: Progress, *, submit: bool
) -> SimulatedCorrection:
    """Correct the scan with this code from what `model` proposes (None: nothing); with `submit` into the pool as well.

    A scan that has a reading already is not submitted again. Raises `InputError` where a file cannot be used.
    """
    scan = bench.scans[code]
    truth = read_truth(scan)
    start = np.zeros_like(truth.infection)
    if model is not None:
        (start,) = bench.means.proposer(truth.ct, truth.lungs, (model.folder,), progress)
    if submit:
        _submit(pool, code, truth, start, model)
    grid = truth.ct.geometry
    nothing = bench.nothing(scan, truth)
    effort = modelled_minutes(start, truth.infection, grid)
    measured = agreement(truth.infection, start, grid, lungs=truth.lungs)
    return SimulatedCorrection(
        patient=scan.patient,
        painter=scan.painter,
        infection_ml=measured.reference_ml,
        dice=measured.dice if model is not None and measured.reference_ml > 0 else None,
        minutes=(effort.minutes, *effort.under),
        nothing=(nothing.minutes, *nothing.under),
        slices=effort.slices,
        path_mm=effort.path_mm,
    )


def _submit(pool: Pool, code: str, truth: Truth, start: LabelArray, model: PoolModel | None) -> None:
    scan = find_scan(pool, code)
    if history(pool, scan).readings:
        return
    origin = BLANK if model is None else Start("proposal", model.card.id)
    shown = None if model is None else start
    submit_reading(pool, scan, Reading(truth.infection, READER, origin, shown, classes="infection"))

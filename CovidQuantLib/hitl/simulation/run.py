"""The whole simulation: every arm with every seed, what is done already left as it is, and the table of it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from CovidQuantLib.hitl.rounds import Eyes, Means
from CovidQuantLib.hitl.simulated_reader import in_words
from CovidQuantLib.hitl.simulation.cohort import Cohort, cohort_code, read_cohort
from CovidQuantLib.hitl.simulation.correcting import Bench
from CovidQuantLib.hitl.simulation.course import run_course
from CovidQuantLib.hitl.simulation.first_pool import first_pool
from CovidQuantLib.hitl.simulation.memory import KnownAirways, Remembered
from CovidQuantLib.hitl.simulation.places import begin, read_round, work_folder
from CovidQuantLib.hitl.simulation.plan import Plan
from CovidQuantLib.long_jobs import claimed
from CovidQuantLib.messages import Cancelled, InputError
from CovidQuantLib.models import read_card
from CovidQuantLib.progress import Progress, no_progress, part_of
from CovidQuantLib.statistics import SimulatedRound, SimulationTable, simulation_rows

_KEPT = "Cancelled. What was done is kept: the same command goes on from there."


def simulate(
    cohort: Path,
    output: Path,
    plan: Plan,
    progress: Progress = no_progress,
    *,
    means: Means | None = None,
    eyes: Eyes | None = None,
) -> SimulationTable:
    """Send the data list `cohort` through the rounds of `plan`, with a reader who corrects to the truth.

    Every arm and seed gets a pool of its own in `output`, and real rounds: choice of scans, submission, snapshot,
    training, judgement. Each round is written down when it is done; a simulation that was stopped in any way goes on
    from there when it is called again. `means` and `eyes` are by what it trains, proposes and chooses. Raises
    `InputError` for a cohort, plan or folder that cannot be used; `Cancelled` out of `progress`.
    """
    means = means or Means(proposer=KnownAirways())
    try:
        read = read_cohort(cohort)
        _check(read, plan)
        begin(output, _values(read, plan, part_of(progress, 0.0, 0.01)))
        with claimed(work_folder(output), "simulation"):
            if len(_done(output, plan)) < _wanted(plan):
                _run(read, output, plan, replace(means, proposer=Remembered(means.proposer)), eyes or Eyes(), progress)
            shutil.rmtree(work_folder(output), ignore_errors=True)
    except (Cancelled, KeyboardInterrupt) as stop:
        raise Cancelled(_KEPT) from stop
    return table_of(read, output, plan)


def table_of(cohort: Cohort, output: Path, plan: Plan) -> SimulationTable:
    """The table of the rounds that are done in `output`."""
    rounds = _done(output, plan)
    return SimulationTable(
        rows=simulation_rows(rounds),
        painters=tuple(sorted({scan.painter for scan in cohort.holdout})),
        training_patients=len({scan.patient for scan in cohort.training}),
        holdout_patients=len({scan.patient for scan in cohort.holdout}),
        data=cohort.data,
        reference=cohort.reference,
        assumptions=in_words(),
        settings=_settings(plan),
    )


def _run(cohort: Cohort, output: Path, plan: Plan, means: Means, eyes: Eyes, progress: Progress) -> None:
    scans = first_pool(output, cohort, part_of(progress, 0.01, 0.05))
    bench = Bench(output, plan, scans, means, eyes)
    courses = [(arm, seed) for arm in plan.arms for seed in plan.seeds]
    for number, (arm, seed) in enumerate(courses):
        share = 0.95 / len(courses)
        run_course(bench, arm, seed, part_of(progress, 0.05 + number * share, 0.05 + (number + 1) * share))


def _check(cohort: Cohort, plan: Plan) -> None:
    if plan.batches[-1] > len(cohort.training):
        raise InputError(
            f"The largest batch holds {plan.batches[-1]} scans, and the cohort has {len(cohort.training)} in training."
        )
    if plan.start_model is not None and read_card(plan.start_model).part != "infection":
        raise InputError("The start model must be one for infection.")


def _values(cohort: Cohort, plan: Plan, progress: Progress) -> dict[str, object]:
    start = None if plan.start_model is None else read_card(plan.start_model).id
    return {"v": 1, "cohort": cohort_code(cohort, progress), "start_model": start, **plan.values()}


def _done(output: Path, plan: Plan) -> list[SimulatedRound]:
    numbers = range(len(plan.batches) + 1)
    found = (read_round(output, arm, seed, number) for arm in plan.arms for seed in plan.seeds for number in numbers)
    return [one for one in found if one is not None]


def _wanted(plan: Plan) -> int:
    return len(plan.arms) * len(plan.seeds) * (len(plan.batches) + 1)


def _settings(plan: Plan) -> str:
    training = plan.training
    name = f"{training.network}, " if training.network else ""
    spacing = "the network's own spacing" if training.spacing_mm is None else f"{training.spacing_mm[0]:g} mm"
    return (
        f"Models from nothing: {name}{spacing}, patches of {training.sides[0]} voxels, about {plan.steps} steps of "
        f"{training.batch} patches in each round; later rounds go on from the round before, so that later models have "
        "trained longer as well. The model of every round is taken, whatever the hold-out says."
    )

"""One arm with one seed: batches are corrected, rounds started, and the hold-out looked at after each."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from CovidQuantLib.hitl.pool import Pool
from CovidQuantLib.hitl.pool.layout import new_code
from CovidQuantLib.hitl.rounds import (
    RoundOptions,
    is_over,
    next_scans,
    promote_round,
    promoted_model,
    read_decision,
    resume_round,
    round_numbers,
    start_round,
)
from CovidQuantLib.hitl.rounds.models import keep_model
from CovidQuantLib.hitl.rounds.promotions import write_promotion
from CovidQuantLib.hitl.rounds.requests import has_request
from CovidQuantLib.hitl.simulation.correcting import Bench, correction
from CovidQuantLib.hitl.simulation.first_pool import READER, copied_pool
from CovidQuantLib.hitl.simulation.places import (
    course_name,
    read_corrections,
    read_names,
    read_round,
    work_folder,
    write_corrections,
    write_names,
    write_round,
)
from CovidQuantLib.hitl.simulation.plan import Arm
from CovidQuantLib.progress import Progress, part_of
from CovidQuantLib.statistics import SimulatedCorrection, SimulatedRound

_TAKEN = "simulated: the model of every round is taken, as Shan et al. did"


def run_course(bench: Bench, arm: Arm, seed: int, progress: Progress) -> None:
    """Do all rounds of an arm with one seed that are not done yet, and remove its pool."""
    rounds = len(bench.plan.batches)
    if all(read_round(bench.output, arm, seed, number) is not None for number in range(rounds + 1)):
        return
    course = _Course(bench, arm, seed, copied_pool(bench.output, course_name(arm, seed)))
    for number in range(rounds + 1):
        step = part_of(progress, number / (rounds + 1), (number + 1) / (rounds + 1))
        if read_round(bench.output, arm, seed, number) is None:
            write_round(bench.output, arm, course.round(number, step))
    shutil.rmtree(course.pool.folder, ignore_errors=True)


@dataclass(frozen=True)
class _Course:
    bench: Bench
    arm: Arm
    seed: int
    pool: Pool

    def round(self, number: int, progress: Progress) -> SimulatedRound:
        """Correct the batch, do the round and look at the hold-out; number 0 is the hold-out before any round."""
        batch: tuple[SimulatedCorrection, ...] = ()
        if number == 0:
            self._begin()
        else:
            batch = self._batch(number, part_of(progress, 0.0, 0.3))
            self._train(number, part_of(progress, 0.3, 0.9))
        held_out = [code for code, scan in self.bench.scans.items() if scan.is_held_out]
        return SimulatedRound(
            arm=self.arm.words,
            seed=self.seed,
            number=number,
            images=self.bench.plan.images(self.arm, number) if number else 0,
            batch=batch,
            holdout=self._corrected(held_out, part_of(progress, 0.9, 1.0)),
        )

    def _begin(self) -> None:
        """Make the start model the active one of the pool, where the arm begins with it."""
        start = self.bench.plan.start_model
        if self.arm.begin == "model" and start is not None and promoted_model(self.pool) is None:
            kept = keep_model(self.pool, start)
            write_promotion(
                self.pool, code=new_code(), model=kept.card.id, number=0, by=READER, reason="simulated: the start model"
            )

    def _batch(self, number: int, progress: Progress) -> tuple[SimulatedCorrection, ...]:
        if self.arm.order == "none" and number > 1:
            return ()
        kept = self._path(number, "corrected")
        done = read_corrections(kept)
        if done is None:
            chosen = self._chosen(number, part_of(progress, 0.0, 0.5))
            done = self._corrected(chosen, part_of(progress, 0.5, 1.0), submit=True)
            write_corrections(kept, done)
        return done

    def _chosen(self, number: int, progress: Progress) -> list[str]:
        """The scans of the batch. They are kept before the first is corrected, so that they stay the same."""
        path = self._path(number, "chosen")
        known: list[str] | None = read_names(path)
        if known is None:
            batches = self.bench.plan.batches
            rule = "random" if self.arm.order == "none" or promoted_model(self.pool) is None else self.arm.order
            found = next_scans(
                self.pool,
                rule,
                count=batches[number - 1] - (batches[number - 2] if number > 1 else 0),
                seed=self.seed,
                among=len(self.bench.scans),
                progress=progress,
                eyes=self.bench.eyes,
            )
            known = [one.scan for one in found]
            write_names(path, known)
        return known

    def _corrected(
        self, codes: Iterable[str], progress: Progress, *, submit: bool = False
    ) -> tuple[SimulatedCorrection, ...]:
        """The simulated reader corrects these scans from what the active model proposes, or from nothing."""
        model = promoted_model(self.pool)
        codes = list(codes)
        found = []
        for number, code in enumerate(codes):
            step = part_of(progress, number / len(codes), (number + 1) / len(codes))
            step(0.0, f"Correcting scan {number + 1} of {len(codes)} ({self.arm.words}, seed {self.seed})")
            found.append(correction(self.bench, self.pool, code, model, step, submit=submit))
        return tuple(found)

    def _train(self, number: int, progress: Progress) -> None:
        """Do the round, or what is left of it, and take its model whatever the rule says of it."""
        begun = round_numbers(self.pool)
        if number not in begun or not has_request(self.pool, number):
            options = RoundOptions(
                training=self.bench.plan.options(self.arm, self.seed, number),
                start_from="scratch" if number == 1 and self.arm.begin == "nothing" else "active",
            )
            start_round(self.pool, options, progress, means=self.bench.means)
        elif not is_over(self.pool, number):
            resume_round(self.pool, progress, means=self.bench.means)
        made = decision.model if (decision := read_decision(self.pool, number)) else None
        active = promoted_model(self.pool)
        if active is None or active.card.id != made:
            promote_round(self.pool, number, by=READER, reason=_TAKEN)

    def _path(self, number: int, what: str) -> Path:
        return work_folder(self.bench.output) / f"{course_name(self.arm, self.seed)}-{number}-{what}.json"

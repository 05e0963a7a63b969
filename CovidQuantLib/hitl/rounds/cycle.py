"""A round from its claim to its decision: snapshot, train, judge, promote. Each step is a record; what is there stays.

A step that finds its record does nothing, so that a round goes on wherever it was stopped: resuming is doing all steps.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from CovidQuantLib.hitl.pool import Pool
from CovidQuantLib.hitl.pool.layout import new_code
from CovidQuantLib.hitl.pool.revisions import check_reader
from CovidQuantLib.hitl.rounds.claims import Run, Timing, claim_number, working_on
from CovidQuantLib.hitl.rounds.decision import Decision, decide, read_decision, uses_of_holdout, write_decision
from CovidQuantLib.hitl.rounds.evaluation import evaluate_round, judged_scans
from CovidQuantLib.hitl.rounds.models import PoolModel, pool_model
from CovidQuantLib.hitl.rounds.places import (
    ABANDONED_FILE,
    promotions_folder,
    round_folder,
    round_numbers,
    write_record,
)
from CovidQuantLib.hitl.rounds.promotions import (
    BY_RULE,
    Promotion,
    active_in_pool,
    active_kept,
    check_reason,
    promoted_model,
    write_promotion,
)
from CovidQuantLib.hitl.rounds.proposals import Proposer, propose
from CovidQuantLib.hitl.rounds.requests import (
    LABEL_SETS,
    Request,
    RoundOptions,
    has_request,
    read_request,
    with_label_set,
    write_request,
)
from CovidQuantLib.hitl.rounds.snapshot import Taken, choose, snapshot_path, write_snapshot
from CovidQuantLib.hitl.rounds.training import Check, Trainer, options_of, train_round, trained_model
from CovidQuantLib.messages import Cancelled, InputError
from CovidQuantLib.progress import Progress, no_progress, part_of
from CovidQuantLib.training import check_options, train

_CHANGED = "Another model has become active since the round began, and was not compared: a person decides."
_KEPT = "Cancelled. What was done is kept: covidquant round resume POOL."


@dataclass(frozen=True)
class Means:
    """By what a round checks, trains and judges, and how often it shows that it lives; tests put in others."""

    check: Check = check_options
    trainer: Trainer = train
    proposer: Proposer = propose
    timing: Timing = field(default_factory=Timing)


def start_round(
    pool: Pool, options: RoundOptions | None = None, progress: Progress = no_progress, *, means: Means | None = None
) -> Decision:
    """Begin the next round and do all of it; gives what it decided.

    Raises `InputError` where a round is not finished yet, where another process has just started one, or where the data
    or settings cannot be used; `Cancelled` out of `progress`. What was done is kept then: see `resume_round`.
    """
    options, means = options or RoundOptions(), means or Means()
    numbers = round_numbers(pool)
    last = numbers[-1] if numbers else 0
    if last and not is_over(pool, last) and has_request(pool, last):
        raise InputError(
            f"Round {last} is not finished. Go on with it: covidquant round resume POOL; or give it up: covidquant "
            "round abandon POOL."
        )
    if not last or is_over(pool, last):
        last += 1
        claim_number(pool, last)
    # A folder without a request was left by a process that died while it claimed the number, or lives and is first.
    with _turn(pool, last, means, progress) as run:
        if has_request(pool, last):
            raise InputError("Another round has just been started. Two rounds at once are not possible.")
        request = _request(pool, last, options)
        progress(0.0, "Taking the snapshot")
        # What cannot be trained is refused before the round counts as begun.
        choice = _choice(pool, request)
        request = with_label_set(request, choice.selection.training)
        means.check(options_of(pool, request))
        run.check()
        write_request(pool, request)
        write_snapshot(pool, last, choice)
        return _go_on(run, means, progress)


def resume_round(pool: Pool, progress: Progress = no_progress, *, means: Means | None = None) -> Decision:
    """Go on with the round that is not finished; gives what it decided.

    Raises as `start_round`, and `InputError` where every round is finished or another process works on this one.
    """
    means = means or Means()
    with _turn(pool, _unfinished(pool), means, progress) as run:
        return _go_on(run, means, progress)


def abandon_round(pool: Pool, *, by: str, reason: str, means: Means | None = None) -> int:
    """Give up the round that is not finished, on record; gives its number. What it did stays, and its number too."""
    check_reader(by)
    check_reason(reason)
    number = _unfinished(pool)
    with _turn(pool, number, means or Means(), no_progress):
        write_record(pool, round_folder(pool, number) / ABANDONED_FILE, "abandoned", {"by": by, "reason": reason})
    return number


def promote_round(pool: Pool, number: int, *, by: str, reason: str) -> Promotion:
    """A person makes the model of a round the active one, whatever the rule said of it; both stand on record.

    Raises `InputError` where the round has no decision yet, or its model is the active one already.
    """
    check_reader(by)
    check_reason(reason)
    decision = read_decision(pool, number) if number in round_numbers(pool) else None
    if decision is None:
        raise InputError("This round has not decided yet, or does not exist. See: covidquant round table POOL.")
    model = pool_model(pool, decision.model)
    active = promoted_model(pool)
    if active is not None and active.card.id == model.card.id:
        raise InputError("The model of this round is the active one already.")
    return write_promotion(pool, code=new_code(), model=model.card.id, number=number, by=by, reason=reason)


def is_over(pool: Pool, number: int) -> bool:
    """Whether a round has decided, and promoted what it decided to promote; or was abandoned."""
    if (round_folder(pool, number) / ABANDONED_FILE).is_file():
        return True
    decision = read_decision(pool, number)
    if decision is None:
        return False
    return decision.promotion is None or (promotions_folder(pool) / f"{decision.promotion}.json").is_file()


def _unfinished(pool: Pool) -> int:
    numbers = round_numbers(pool)
    if not numbers or is_over(pool, numbers[-1]):
        raise InputError("Every round of this pool is finished. Start the next one: covidquant round start POOL.")
    if not has_request(pool, numbers[-1]):
        raise InputError(
            "The last round stopped before anything was asked of it. Start it again: covidquant round start POOL."
        )
    return numbers[-1]


@contextmanager
def _turn(pool: Pool, number: int, means: Means, progress: Progress) -> Iterator[Run]:
    try:
        with working_on(pool, number, means.timing, progress) as run:
            yield run
    except (Cancelled, KeyboardInterrupt) as stop:
        raise Cancelled(_KEPT) from stop


def _request(pool: Pool, number: int, options: RoundOptions) -> Request:
    active = active_in_pool(pool)
    if active is not None and active.card.label_set.name not in LABEL_SETS:
        raise InputError(
            "The active model finds high opacity, consolidation and effusion as one: nothing is trained on from it, "
            "and its percentages are not compared with those of a model of infection. Activate another model first: "
            "covidquant models activate NAME."
        )
    active = active_kept(pool)
    old = active.card.id if active else None
    if options.again is not None:
        past = read_request(pool, options.again)
        options = replace(past.options, margin=options.margin, again=options.again)
        return Request(number, options, old, past.parent)
    return Request(number, options, old, old if options.start_from == "active" else None)


def _choice(pool: Pool, request: Request) -> Taken:
    return choose(pool, request, pool_model(pool, request.parent).card if request.parent else None)


def _go_on(run: Run, means: Means, progress: Progress) -> Decision:
    pool, watched = run.pool, run.watched(progress)
    request = read_request(pool, run.number)
    if not snapshot_path(pool, run.number).is_file():
        watched(0.0, "Taking the snapshot")
        choice = _choice(pool, request)
        run.check()
        write_snapshot(pool, run.number, choice)
    model = trained_model(run)
    if model is None:
        model = train_round(run, request, means.trainer, part_of(watched, 0.02, 0.8))
    decision = read_decision(pool, run.number)
    if decision is None:
        decision = _decided(run, request, model, means.proposer, part_of(watched, 0.8, 0.98))
    if decision.promotion is not None:
        watched(0.98, "Promoting the model")
        run.check()
        write_promotion(
            pool,
            code=decision.promotion,
            model=decision.model,
            number=run.number,
            by=BY_RULE,
            reason=decision.reason,
        )
    watched(1.0, "The round is done")
    return decision


def _decided(run: Run, request: Request, model: PoolModel, proposer: Proposer, progress: Progress) -> Decision:
    pool = run.pool
    old = pool_model(pool, request.old) if request.old else None
    evaluate_round(run, old, model, proposer, progress)
    active = active_in_pool(pool)
    has_changed = (active.card.id if active else None) != request.old
    decision = decide(
        run.number,
        model.card.id,
        request.old,
        judged_scans(pool, run.number),
        margin=request.options.margin,
        least=pool.rule.minimum,
        uses=uses_of_holdout(pool, run.number),
        promotion=new_code(),
        obstacle=_CHANGED if has_changed else None,
    )
    run.check()
    write_decision(pool, decision)
    return decision

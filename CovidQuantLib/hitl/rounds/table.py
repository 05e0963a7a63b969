"""Shan's table 3 for a pool: what corrections cost and how good the models are, round after round."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from CovidQuantLib.hitl.pool import Pool, histories
from CovidQuantLib.hitl.pool.layout import is_code
from CovidQuantLib.hitl.pool.quality import proposal_scores
from CovidQuantLib.hitl.rounds.corrections import Correction
from CovidQuantLib.hitl.rounds.decision import patient_means, read_decision, uses_of_holdout
from CovidQuantLib.hitl.rounds.evaluation import ScanJudged, judged_scans
from CovidQuantLib.hitl.rounds.models import pool_model
from CovidQuantLib.hitl.rounds.places import models_folder, round_numbers
from CovidQuantLib.hitl.rounds.snapshot import snapshot_of
from CovidQuantLib.models import stored_models
from CovidQuantLib.segmentation.chest import THRESHOLD
from CovidQuantLib.statistics import Agreement, MinutesRow, ModelRow, Summary, Table3, summarise, table1

NO_MODEL = "no model"
_BASELINE = "threshold baseline"
_SHOWN_ID = 8
_STARTS = {"blank": "a blank start", "unknown": "an unknown start"}


@dataclass(frozen=True)
class _Round:
    """A round that has decided: its model, the one before, and what was judged."""

    number: int
    model: str
    old: str
    images: int
    scans: tuple[ScanJudged, ...]


@dataclass(frozen=True)
class _Judged:
    """One model on the held-out scans of the last round that judged it: agreement by scan, Dice by patient."""

    agreements: tuple[Agreement, ...]
    dice: Summary | None
    apart: Summary | None


def table3(pool: Pool, done: Sequence[Correction]) -> Table3:
    """The table of a pool; `done` is what `corrections` gives.

    A row for work without a model, one for each model that readers started from, and one for each round. Raises
    `InputError` where a record of a round is damaged.
    """
    rounds = _rounds(pool)
    own = {one.model for one in rounds}
    shown: list[str | None] = [None, *(one.old for one in rounds), *sorted(one.model for one in done if one.model)]
    order = [model for model in dict.fromkeys(shown) if model not in own] + [one.model for one in rounds]
    scans = [scan for one in rounds for scan in one.scans]
    counting = [scan for scan in scans if scan.standing in ("counts", "no infection")]
    scores = [one for past in histories(pool) for one in proposal_scores(past)]
    return Table3(
        models=tuple(_row(pool, model, rounds, [one for one in done if one.model == model]) for model in order),
        minutes=tuple(_minutes_rows(pool, order, rounds, done)),
        data=" and ".join(sorted({"synthetic" if scan.synthetic else "real" for scan in scans})) or None,
        drawn_by=", ".join(sorted({scan.reader for scan in counting})) or None,
        drawn_from=_starts(counting),
        seen=len({scan.scan for scan in scans if scan.standing == "seen in training"}),
        uses=uses_of_holdout(pool, max(round_numbers(pool), default=0)),
        estimated=any(scan.estimated for scan in scans),
        scored=len(scores),
        unfit=sum(not one.is_fit for one in scores),
    )


def _rounds(pool: Pool) -> tuple[_Round, ...]:
    found = []
    for number in round_numbers(pool):
        decision = read_decision(pool, number)
        if decision is not None:
            images, scans = len(snapshot_of(pool, number).training), judged_scans(pool, number)
            found.append(_Round(number, decision.model, decision.old or THRESHOLD, images, scans))
    return tuple(found)


def _row(pool: Pool, model: str | None, rounds: Sequence[_Round], done: Sequence[Correction]) -> ModelRow:
    own = next((one for one in rounds if one.model == model), None)
    judged = _judged(model, rounds)
    return ModelRow(
        model=model or "",
        name=_name(pool, model, rounds),
        images=own.images if own else None,
        minutes=summarise(one.minutes for one in done),
        untimed=sum(one.minutes is None for one in done),
        infection_ml=summarise(one.infection_ml for one in done),
        patients=judged.dice.count if judged and judged.dice else 0,
        dice=judged.dice if judged else None,
        errors=table1(judged.agreements) if judged and judged.agreements else None,
        apart=judged.apart if judged else None,
    )


def _judged(model: str | None, rounds: Sequence[_Round]) -> _Judged | None:
    """A round's model as it was judged there; another one as the old model of the last round that compared it."""
    of_own = [one for one in rounds if one.model == model]
    for one in of_own or reversed(rounds):
        if model in (one.model, one.old):
            which: Literal["old", "new"] = "new" if model == one.model else "old"
            pairs = [(scan, scan.new if which == "new" else scan.old) for scan in one.scans]
            counted = tuple(measured for scan, measured in pairs if scan.standing in ("counts", "no infection"))
            return _Judged(counted, summarise(patient_means(one.scans, which).values()), _apart(pairs))
    return None


def _apart(pairs: Iterable[tuple[ScanJudged, Agreement]]) -> Summary | None:
    """Dice over patients of the references that started from a proposal."""
    values: dict[str, list[float]] = {}
    for scan, measured in pairs:
        if scan.standing == "from a proposal" and measured.reference_ml > 0 and measured.dice is not None:
            values.setdefault(scan.patient, []).append(measured.dice)
    return summarise(sum(dices) / len(dices) for dices in values.values())


def _minutes_rows(
    pool: Pool, order: Sequence[str | None], rounds: Sequence[_Round], done: Sequence[Correction]
) -> Iterable[MinutesRow]:
    for model in order:
        of_model = [one for one in done if one.model == model]
        for reader, rule in sorted({(one.reader, one.rule) for one in of_model}):
            part = [one for one in of_model if (one.reader, one.rule) == (reader, rule)]
            yield MinutesRow(
                name=_name(pool, model, rounds),
                reader=reader,
                rule=rule,
                scans=len(part),
                minutes=summarise(one.minutes for one in part),
                untimed=sum(one.minutes is None for one in part),
                infection_ml=summarise(one.infection_ml for one in part),
            )


def _name(pool: Pool, model: str | None, rounds: Sequence[_Round]) -> str:
    """The model as a person reads it."""
    if model is None:
        return NO_MODEL
    if model == THRESHOLD:
        return _BASELINE
    number = next((one.number for one in rounds if one.model == model), None)
    if number is not None:
        return f"round {number} ({model[:_SHOWN_ID]})"
    if not is_code(model):
        return model
    name = _card_name(pool, model)
    return f"{name} ({model[:_SHOWN_ID]})" if name else model[:_SHOWN_ID]


def _card_name(pool: Pool, model: str) -> str | None:
    """What a model calls itself: one of the pool, or of this computer; None where it is neither."""
    if (models_folder(pool) / model).is_dir():
        return pool_model(pool, model).card.name
    return next((one.card.name for one in stored_models() if one.card.id == model), None)


def _starts(scans: Sequence[ScanJudged]) -> str | None:
    starts = Counter(start for _, start in {(scan.scan, scan.start) for scan in scans})
    return ", ".join(f"{count} from {_STARTS[start]}" for start, count in sorted(starts.items())) or None

"""Whether a round's model is promoted: by non-inferiority on held-out patients, or by a person where that is open."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal, get_args

import numpy as np

from CovidQuantLib.hitl.pool import Pool
from CovidQuantLib.hitl.rounds.evaluation import ScanJudged
from CovidQuantLib.hitl.rounds.places import (
    DECISION_FILE,
    damaged,
    evaluations_folder,
    read_record,
    round_folder,
    round_numbers,
    write_record,
)
from CovidQuantLib.statistics.paired import METHOD, paired_difference

Verdict = Literal["non-inferior", "not shown", "not decidable"]
LEAST_PATIENTS = 10
"""With fewer held-out patients a person decides, whatever lower minimum a pool was made with."""
_KIND = "decision"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What a round decided.

    `patients` counts those in the comparison; `difference` and `lower` are the mean paired difference of Dice (new
    minus old) and its lower 95 % bound, None where they cannot be had. `uses` is how often this hold-out has been used,
    this round included: a model that is picked among many on one hold-out looks better than it is. `promotion` is the
    name of the promotion that follows, None where the rule promotes nothing. `reason` is one sentence.
    """

    number: int
    model: str
    old: str | None
    verdict: Verdict
    patients: int
    difference: float | None
    sd: float | None
    lower: float | None
    margin: float
    method: str
    uses: int
    promotion: str | None
    reason: str


def decide(
    number: int,
    model: str,
    old: str | None,
    scans: Sequence[ScanJudged],
    *,
    margin: float,
    least: int,
    uses: int,
    promotion: str,
    obstacle: str | None = None,
) -> Decision:
    """The decision on a round: promoted where the lower 95 % bound of the paired patient-level Dice lies above -margin.

    A patient's Dice is the mean of those of its scans that count (`ScanJudged.standing`). With fewer than `least` or 10
    patients nothing can be decided, nor where there is an `obstacle` (a sentence). `promotion` is the name that a
    promotion would get.
    """
    before, after = patient_means(scans, "old"), patient_means(scans, "new")
    found = paired_difference([before[patient] for patient in before], [after[patient] for patient in before])
    least = max(least, LEAST_PATIENTS)
    if found.count < least:
        verdict: Verdict = "not decidable"
        reason = f"{found.count} of {least} held-out patients can be compared: a person decides."
    elif obstacle is not None or found.lower is None:
        verdict, reason = "not decidable", obstacle or "The difference has no bound: a person decides."
    elif found.lower > -margin:
        verdict, reason = "non-inferior", f"The lower 95 % bound {found.lower:+.3f} lies above {-margin:+.3f}."
    else:
        verdict, reason = "not shown", f"The lower 95 % bound {found.lower:+.3f} does not lie above {-margin:+.3f}."
    return Decision(
        number=number,
        model=model,
        old=old,
        verdict=verdict,
        patients=found.count,
        difference=found.mean,
        sd=found.sd,
        lower=found.lower,
        margin=margin,
        method=METHOD,
        uses=uses,
        promotion=promotion if verdict == "non-inferior" else None,
        reason=reason,
    )


def patient_means(scans: Iterable[ScanJudged], which: Literal["old", "new"]) -> dict[str, float]:
    """The mean Dice of each patient over the scans that count, for one of the models."""
    values: dict[str, list[float]] = {}
    for scan in scans:
        dice = (scan.old if which == "old" else scan.new).dice
        if scan.standing == "counts" and dice is not None:
            values.setdefault(scan.patient, []).append(dice)
    return {patient: float(np.mean(dices)) for patient, dices in sorted(values.items())}


def uses_of_holdout(pool: Pool, number: int) -> int:
    """How many rounds up to `number` have judged models on this pool's hold-out."""
    return sum(one <= number and evaluations_folder(pool, one).is_dir() for one in round_numbers(pool))


def write_decision(pool: Pool, decision: Decision) -> None:
    """Write the decision of a round. Raises `InputError` where the pool cannot be written."""
    write_record(pool, round_folder(pool, decision.number) / DECISION_FILE, _KIND, asdict(decision))


def read_decision(pool: Pool, number: int) -> Decision | None:
    """What a round decided; None where it has not yet. Raises `InputError` where the record is damaged."""
    path = round_folder(pool, number) / DECISION_FILE
    if not path.is_file():
        return None
    values = read_record(path, _KIND)
    try:
        decision = Decision(**{name: values[name] for name in Decision.__dataclass_fields__})
    except KeyError as error:
        raise damaged(_KIND) from error
    if decision.verdict not in get_args(Verdict):
        raise damaged(_KIND)
    return decision

"""What a person and a program read at the end of a round."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from CovidQuantLib.cli.channel import Channel
from CovidQuantLib.hitl.pool import Pool
from CovidQuantLib.hitl.rounds import Decision, ScanJudged, judged_scans, snapshot_facts, snapshot_of

SHOWN_ID = 8
"""Letters of a model's id that a person reads."""


def tell(pool: Pool, decision: Decision, channel: Channel) -> None:
    """Say what a round trained on, how its model compares, and what was decided."""
    facts, snapshot = snapshot_facts(pool, decision.number), snapshot_of(pool, decision.number)
    judged = judged_scans(pool, decision.number)
    by_reason = {reason: count for reason, count in facts["left_out"].items() if reason != "non-commercial"}
    left_out = {**by_reason, **{f"under {name}": count for name, count in facts["licences_left_out"].items()}}
    old = decision.old[:SHOWN_ID] if decision.old else "the threshold baseline"
    lines = [
        f"Round {decision.number}: model {decision.model[:SHOWN_ID]}, trained on {len(snapshot.training)} CTs "
        f"({facts['rule']}; left out: {_counted(left_out)}).",
        f"Against {old}, on {decision.patients} held-out patients: {_difference(decision)}",
        f"{decision.verdict.capitalize()}. {decision.reason}",
        f"Held-out references: {_references([one for one in judged if one.standing == 'counts'])}.",
        f"Method: {decision.method}. This hold-out has been used in {decision.uses} rounds.",
    ]
    apart = [one.standing for one in judged if one.standing != "counts"]
    if apart or len(judged) < len(snapshot.holdout):
        counts: dict[str, int] = {standing: apart.count(standing) for standing in dict.fromkeys(apart)}
        if missing := len(snapshot.holdout) - len(judged):
            counts["no lungs"] = missing
        lines.append(f"Held-out scans that do not count: {_counted(counts)}.")
    if decision.promotion is not None:
        lines.append("Its model is the active one in this pool now.")
    else:
        lines.append(
            f"Not promoted. To decide yourself: covidquant round promote POOL {decision.number} --by CODE --reason TEXT"
        )
    channel.result("\n".join(lines), {**asdict(decision), "snapshot": facts["rule"], "left_out": left_out})


def _references(judged: Sequence[ScanJudged]) -> str:
    """What the figures rest on: real or synthetic CT, who drew the references, from which start, and the overlap."""
    if not judged:
        return "none"
    data = " and ".join(sorted({"synthetic" if one.synthetic else "real" for one in judged}))
    readers = ", ".join(sorted({one.reader for one in judged}))
    starts = ", ".join(sorted({one.start for one in judged}))
    return f"{data} CT, drawn by {readers}, start {starts}; none of them is known to have been trained on"


def _difference(decision: Decision) -> str:
    if decision.difference is None:
        return "no difference of Dice can be had."
    bound = "" if decision.lower is None else f", lower 95 % bound {decision.lower:+.3f}"
    return f"Dice {decision.difference:+.3f} (new minus old{bound}; margin {decision.margin:.3f})."


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"

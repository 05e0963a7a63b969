"""What the screen says about rounds: the rows of table 3, the last decision, what is new in the pool."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slicer.i18n import tr as _

from CovidQuantLib.hitl.pool import Pool
from CovidQuantLib.hitl.rounds import Decision, is_over, read_decision, round_numbers, snapshot_of
from CovidQuantLib.messages import InputError
from CovidQuantLib.reports.wording import NOT_AVAILABLE

_SHOWN_ID = 8
_NONE = "-"


def last_decision(pool: Pool) -> Decision | None:
    """The decision of the newest round that has one."""
    found = (read_decision(pool, number) for number in reversed(round_numbers(pool)))
    return next((decision for decision in found if decision is not None), None)


def decision_text(decision: Decision | None) -> str:
    """How the last model compares, in some lines."""
    if decision is None:
        return _("No round has been finished in this pool.")
    difference = NOT_AVAILABLE if decision.difference is None else f"{decision.difference:+.3f}"
    bound = NOT_AVAILABLE if decision.lower is None else f"{decision.lower:+.3f}"
    lines = [
        _("Round {number}, model {model}: {verdict}.").format(
            number=decision.number, model=decision.model[:_SHOWN_ID], verdict=decision.verdict
        ),
        _("Dice, new minus old: {difference}; lower 95 % bound {bound}; margin {margin}.").format(
            difference=difference, bound=bound, margin=f"{decision.margin:.3f}"
        ),
        _("{patients} held-out patients; this hold-out was used in {uses} rounds.").format(
            patients=decision.patients, uses=decision.uses
        ),
        decision.reason,
    ]
    return "\n".join(lines)


def pool_text(pool: Pool, overview: Mapping[str, Any]) -> str:
    """What is in the pool, and what is new since the last round."""
    known = _last_training(pool)
    new = (
        ""
        if known is None
        else _(" ({new} more than in the last round)").format(new=max(0, overview["training_readings"] - known))
    )
    text = _("Readings: {training} for training{new}, {held_out} held out.").format(
        training=overview["training_readings"], new=new, held_out=overview["held_out_readings"]
    )
    if overview["held_out_with_reference"] < overview["minimum"]:
        text += "\n" + _(
            "Nothing is promoted by itself before {minimum} held-out patients have a reference; {now} have."
        ).format(minimum=overview["minimum"], now=overview["held_out_with_reference"])
    return text


def unfinished_round(pool: Pool) -> int | None:
    """The round that is not finished: it can be resumed, or given up."""
    numbers = round_numbers(pool)
    return numbers[-1] if numbers and not is_over(pool, numbers[-1]) else None


def model_cells(number: int, row: Mapping[str, Any]) -> list[str]:
    """A row of table 3 as texts: its number, model, CTs, minutes and their scans, Dice and its patients.

    The first letters of the model's id come before its name, of which a narrow column shows the beginning.
    """
    minutes, name, short = row["minutes"], str(row["name"]), str(row["model"])[:_SHOWN_ID]
    if short and name.endswith(f"({short})"):
        name = f"{short}  {name.removesuffix(f'({short})').strip()}"
    return [
        f"{number}  {name}",
        "" if row["images"] is None else str(row["images"]),
        _spread(minutes, 1),
        "" if minutes is None else str(minutes["count"]),
        _spread(row["dice"], 3),
        str(row["patients"]),
    ]


def table_note(table: Mapping[str, Any]) -> str:
    """What the figures of table 3 rest on, and how many proposals the quality score leaves out of them."""
    return "\n".join(filter(None, [_basis(table), _left_out(table)]))


def _basis(table: Mapping[str, Any]) -> str:
    if table["data"] is None:
        return _("Minutes are measured. No model has been judged on a hold-out yet.")
    text = _(
        "Minutes are measured. Dice on {data} lesions of the hold-out, drawn by {reader} ({starts}); this hold-out was "
        "used in {uses} rounds."
    ).format(
        data=table["data"],
        reader=table["drawn_by"] or NOT_AVAILABLE,
        starts=table["drawn_from"] or NOT_AVAILABLE,
        uses=table["uses"],
    )
    if table["seen"]:
        text += " " + _("{seen} held-out scans are left out: a model was trained on them.").format(seen=table["seen"])
    return text


def _left_out(table: Mapping[str, Any]) -> str:
    if not table["scored"]:
        return ""
    return _(
        "Proposals that readers scored: {scored}, of which {unfit} have a mean below 3 and are left out where nobody "
        "corrected them."
    ).format(scored=table["scored"], unfit=table["unfit"])


def _last_training(pool: Pool) -> int | None:
    for number in reversed(round_numbers(pool)):
        try:
            return len(snapshot_of(pool, number).training)
        except InputError:
            continue
    return None


def _spread(summary: Mapping[str, Any] | None, decimals: int) -> str:
    """Mean and standard deviation; one value alone has none."""
    if summary is None or summary.get("mean") is None:
        return _NONE
    mean, spread = f"{summary['mean']:.{decimals}f}", summary.get("sd")
    return mean if spread is None else f"{mean} \N{PLUS-MINUS SIGN} {spread:.{decimals}f}"

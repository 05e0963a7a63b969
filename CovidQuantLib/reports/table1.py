"""Shan's Table 1 as text for a terminal."""

from __future__ import annotations

from dataclasses import dataclass

from CovidQuantLib.reports.wording import NOT_AVAILABLE
from CovidQuantLib.statistics import Share, Summary, Table1

_HEAD = ("", "n", "mean ± SD", "median", "IQR", "range")
_NOT_STATED = "not stated"
Row = tuple[str, ...]


@dataclass(frozen=True)
class AccuracyFacts:
    """What must stand beside a figure of accuracy. None prints as "not stated".

    `data`: real or synthetic CT; `patients`: how many; `drawn_by`: who drew the reference; `drawn_from`: from a blank
    start or a proposal; `seen_in_training`: whether any of these cases was trained on. `with_effusion` counts the cases
    of which a mask is that of a model of high opacity: their POI is compared with none.
    """

    data: str | None = None
    patients: int | None = None
    drawn_by: str | None = None
    drawn_from: str | None = None
    seen_in_training: str | None = None
    with_effusion: int = 0

    def lines(self) -> list[str]:
        """One line for each fact."""
        facts = {
            "CT": self.data,
            "Patients": self.patients,
            "Reference drawn by": self.drawn_by,
            "Reference started from": self.drawn_from,
            "Overlap with training": self.seen_in_training,
        }
        return [f"{name}: {_NOT_STATED if fact is None else fact}" for name, fact in facts.items()]


def table1_text(table: Table1, facts: AccuracyFacts | None = None) -> str:
    """The table with aligned columns, for a terminal."""
    rows = [_HEAD, *_rows(table)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    rule = "-" * max(map(len, lines))
    return "\n".join([lines[0], rule, *lines[1:], rule, *_shares(table), "", *_notes(table, facts)]) + "\n"


def _rows(table: Table1) -> list[Row]:
    return [
        _row("Dice (%)", table.dice, scale=100.0),
        _row("Volume error (ml)", table.volume_error_ml),
        _row("POI error, lungs (points)", table.lungs_poi_error),
        _row("POI error, lobes (points)", table.lobes_poi_error),
        _row("POI error, segments (points)", table.segments_poi_error),
    ]


def _row(name: str, summary: Summary | None, *, scale: float = 1.0) -> Row:
    if summary is None:
        return (name, "0", NOT_AVAILABLE, "", "", "")

    def shown(value: float) -> str:
        return f"{scale * value:.1f}"

    spread = "" if summary.sd is None else f" ± {shown(summary.sd)}"
    return (
        name,
        str(summary.count),
        shown(summary.mean) + spread,
        shown(summary.median),
        f"{shown(summary.q1)} to {shown(summary.q3)}",
        f"{shown(summary.minimum)} to {shown(summary.maximum)}",
    )


def _shares(table: Table1) -> list[str]:
    return [
        f"POI within 1 point, lobes: {_share(table.lobes_within_a_point)}",
        f"POI within 1 point, segments: {_share(table.segments_within_a_point)}",
    ]


def _share(share: Share) -> str:
    if share.percent is None:
        return NOT_AVAILABLE
    absent = f"; {share.missing} not available, not counted" if share.missing else ""
    return f"{share.percent:.1f} % ({share.count} of {share.total}{absent})"


def _notes(table: Table1, facts: AccuracyFacts | None) -> list[str]:
    notes = [
        f"Cases: {table.cases}, of them without infection in either mask: {table.both_empty} (they have no Dice)",
        "Both masks are measured on one anatomy: this is the error of the infection only, not of lungs, lobes or"
        " segments.",
    ]
    if table.outside_lungs:
        notes.append(
            f"Cases with infection outside the lungs: {table.outside_lungs} (it counts in Dice and volume, not in POI)"
        )
    if facts is not None and facts.with_effusion:
        notes.append(
            f"Cases left out of the POI errors: {facts.with_effusion}. A mask of theirs is that of a model of high"
            " opacity: pleural effusion may be in it, in Dice and volume too."
        )
    return [*notes, *(facts or AccuracyFacts()).lines()]

"""Shan's table 3 as text for a terminal: measured minutes, and the accuracy of each model."""

from __future__ import annotations

from collections.abc import Sequence

from CovidQuantLib.reports.table1 import AccuracyFacts
from CovidQuantLib.reports.wording import NOT_AVAILABLE
from CovidQuantLib.statistics import MinutesRow, ModelRow, Summary, Table3

HEADING = "Correction minutes (measured: open time minus waiting), and accuracy on the hold-out, by model"
NO_REAL_FIGURE = "The lesions are synthetic: no accuracy on real CT of patients was measured here."
_MODELS = (
    "",
    "images",
    "scans",
    "minutes",
    "median",
    "infection (ml)",
    "patients",
    "Dice (%)",
    "volume error (ml)",
    "POI error: lungs",
    "lobes",
    "segments",
)
_MINUTES = ("started from", "reader", "chosen by", "scans", "minutes", "median", "infection (ml)")
_NONE = "-"


def table3_text(table: Table3, *, readers: bool = True) -> str:
    """The table with aligned columns; with `readers` False the rows by reader are left out."""
    lines = [HEADING, "", *_aligned([_MODELS, *(_model_cells(row) for row in table.models)])]
    apart = [row for row in table.models if row.apart is not None]
    if apart:
        lines += ["", "Apart, since it favours the model that made the proposal: Dice (%) on such references"]
        lines += [f"  {row.name}: {_spread(row.apart, 100.0)} ({_patients(row.apart)})" for row in apart]
    if readers and table.minutes:
        lines += ["", "By reader, and by the rule that chose the scans: scans chosen by different rules do not compare"]
        lines += _aligned([_MINUTES, *(_minutes_cells(row) for row in table.minutes)])
    return "\n".join([*lines, "", *_notes(table)]) + "\n"


def _model_cells(row: ModelRow) -> tuple[str, ...]:
    errors = row.errors
    return (
        row.name,
        _NONE if row.images is None else str(row.images),
        *_minutes(row),
        str(row.patients) if row.dice or row.errors else _NONE,
        _spread(row.dice, 100.0),
        _spread(errors.volume_error_ml if errors else None),
        _spread(errors.lungs_poi_error if errors else None),
        _spread(errors.lobes_poi_error if errors else None),
        _spread(errors.segments_poi_error if errors else None),
    )


def _minutes_cells(row: MinutesRow) -> tuple[str, ...]:
    return (row.name, row.reader, row.rule, *_minutes(row))


def _minutes(row: ModelRow | MinutesRow) -> tuple[str, ...]:
    timed = row.minutes.count if row.minutes else 0
    scans = f"{timed} (+{row.untimed} untimed)" if row.untimed else str(timed)
    median = f"{row.minutes.median:.1f}" if row.minutes else _NONE
    volume = f"median {row.infection_ml.median:.1f}" if row.infection_ml else _NONE
    return (scans, _spread(row.minutes), median, volume)


def _spread(summary: Summary | None, scale: float = 1.0) -> str:
    """Mean ± SD; a single value has no SD."""
    if summary is None:
        return _NONE
    mean = f"{scale * summary.mean:.1f}"
    return mean if summary.sd is None else f"{mean} ± {scale * summary.sd:.1f}"


def _patients(summary: Summary | None) -> str:
    count = summary.count if summary else 0
    return "1 patient" if count == 1 else f"{count} patients"


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [lines[0], "-" * max(map(len, lines)), *lines[1:]]


def _notes(table: Table3) -> list[str]:
    notes = [
        f"{_NONE}: {NOT_AVAILABLE}. Mean ± SD (of a sample). Dice: mean of patients; errors: of their scans.",
        f"This hold-out has been used in {table.uses} round{'' if table.uses == 1 else 's'}: the more often, the more "
        "the best figure flatters.",
    ]
    if table.data is not None and "synthetic" in table.data:
        notes.append(NO_REAL_FIGURE if table.data == "synthetic" else "Some of the lesions are synthetic.")
    if table.scored:
        notes.append(
            f"Proposals that readers scored: {table.scored}, of which {table.unfit} have a mean below 3 of 5 (Huang et "
            "al. 2020: 13 of 148). Uncorrected, their volumes are left out here, and no round takes them."
        )
    if table.estimated:
        notes.append("Lobes or segments are estimates: their POI errors are of the infection alone, on those borders.")
    facts = AccuracyFacts(
        data=table.data,
        patients=max((row.patients for row in table.models), default=0),
        drawn_by=table.drawn_by,
        drawn_from=table.drawn_from,
        seen_in_training=f"none; held-out scans left out because a model saw them: {table.seen}",
    )
    return [*notes, *facts.lines()]

"""Table 3 as CSV: one row for each model, and one for each reader and rule."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from CovidQuantLib.reports.table_csv import Cell, plain_cell
from CovidQuantLib.statistics import MinutesRow, ModelRow, Summary, Table3


def models_csv(table: Table3) -> str:
    """One row for each model: UTF-8, commas, a decimal point; an empty cell is "not available"."""
    return _csv([_model(row, table) for row in table.models])


def minutes_csv(table: Table3) -> str:
    """One row for each model, reader and rule."""
    return _csv([_minutes_row(row, table) for row in table.minutes])


def _model(row: ModelRow, table: Table3) -> dict[str, Cell]:
    errors = row.errors
    return {
        "model": row.model,
        "name": row.name,
        "training_images": row.images,
        **_timed(row.minutes, row.untimed, row.infection_ml),
        "holdout_patients": row.patients,
        **_values("dice", row.dice),
        **_values("volume_error_ml", errors.volume_error_ml if errors else None),
        **_values("poi_error_lungs", errors.lungs_poi_error if errors else None),
        **_values("poi_error_lobes", errors.lobes_poi_error if errors else None),
        **_values("poi_error_segments", errors.segments_poi_error if errors else None),
        **_values("dice_from_a_proposal", row.apart),
        "holdout_data": table.data,
        "reference_drawn_by": table.drawn_by,
        "reference_drawn_from": table.drawn_from,
        "holdout_uses": table.uses,
        **_scored(table),
    }


def _minutes_row(row: MinutesRow, table: Table3) -> dict[str, Cell]:
    names: dict[str, Cell] = {"started_from": row.name, "reader": row.reader, "chosen_by": row.rule}
    return {**names, "scans": row.scans, **_timed(row.minutes, row.untimed, row.infection_ml), **_scored(table)}


def _scored(table: Table3) -> dict[str, Cell]:
    """How many proposals of the pool were scored, and how many are left out by their mean score."""
    return {"scored_proposals": table.scored, "unfit_proposals": table.unfit}


def _timed(minutes: Summary | None, untimed: int, infection_ml: Summary | None) -> dict[str, Cell]:
    return {
        "timed_scans": minutes.count if minutes else 0,
        "untimed_scans": untimed,
        **_values("measured_minutes", minutes),
        **_values("infection_ml", infection_ml),
    }


def _values(name: str, summary: Summary | None) -> dict[str, Cell]:
    return {
        f"{name}_mean": summary.mean if summary else None,
        f"{name}_sd": summary.sd if summary else None,
        f"{name}_median": summary.median if summary else None,
    }


def _csv(rows: Sequence[dict[str, Cell]]) -> str:
    if not rows:
        return ""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows([{name: plain_cell(value) for name, value in row.items()} for row in rows])
    return text.getvalue()

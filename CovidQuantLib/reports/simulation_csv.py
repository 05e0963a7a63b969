"""A simulation as CSV: one row for each arm, model, and kind of CT."""

from __future__ import annotations

import csv
import io

from CovidQuantLib.reports.simulation import model_name
from CovidQuantLib.reports.table_csv import Cell, plain_cell
from CovidQuantLib.statistics import ModelledEffort, SimulationRow, SimulationTable


def simulation_csv(table: SimulationTable) -> str:
    """UTF-8, commas, a decimal point; an empty cell is "not available". Minutes are modelled, as their columns say."""
    rows = [
        _row(table, row, group, effort)
        for row in table.rows
        for group, effort in (*_held_out(row), ("next batch", row.batch))
        if effort is not None
    ]
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows([{name: plain_cell(value) for name, value in row.items()} for row in rows])
    return text.getvalue()


def _held_out(row: SimulationRow) -> list[tuple[str, ModelledEffort | None]]:
    return [(f"hold-out {painter}".strip(), effort) for painter, effort in row.holdout.items()]


def _row(table: SimulationTable, row: SimulationRow, group: str, effort: ModelledEffort) -> dict[str, Cell]:
    return {
        "arm": row.arm,
        "started_from": model_name(row),
        "training_cts": row.images,
        "cts": group,
        "patients": effort.patients,
        "scans_of_all_seeds": effort.scans,
        "seeds": " ".join(map(str, row.seeds)),
        "modelled_minutes": effort.minutes,
        "modelled_minutes_by_seed": " ".join(f"{one:.4g}" for one in effort.by_seed),
        "modelled_minutes_lowest": effort.lowest,
        "modelled_minutes_highest": effort.highest,
        "modelled_minutes_from_nothing": effort.nothing,
        "slices_touched": effort.slices,
        "added_path_mm": effort.path_mm,
        "share_percent": effort.share,
        "share_percent_lowest": effort.share_lowest,
        "share_percent_highest": effort.share_highest,
        "dice": effort.dice,
        "dice_by_seed": " ".join(f"{one:.4f}" for one in effort.dice_by_seed),
        "lesions": table.data,
        "reader": "simulated",
    }

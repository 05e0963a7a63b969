"""A comparison of networks as CSV: one row for each network and painter, and one for each step of a loss curve."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from CovidQuantLib.reports.table_csv import Cell, plain_cell
from CovidQuantLib.statistics.comparison import ComparisonTable, NetworkCost


def comparison_csv(table: ComparisonTable) -> str:
    """UTF-8, commas, a decimal point; an empty cell is "not available". Costs are those of the engine on the CPU."""
    on_cpu: dict[str, NetworkCost] = {}
    for one in table.costs:
        on_cpu.setdefault(one.network, one)
    costs: dict[str, Mapping[str, Cell]] = {name: asdict(one) for name, one in on_cpu.items()}
    names = (
        *("parameters", "engine", "seconds_16", "cpu_seconds_16", "memory_16_mb"),
        *("slices", "seconds", "cpu_seconds", "memory_mb"),
    )
    folds = len(table.folds)
    return _csv(
        {
            **asdict(row),
            "folds": folds,
            **{name: costs.get(row.network, {}).get(name) for name in names},
            "lesions": table.data,
        }
        for row in table.rows
    )


def losses_csv(losses: Mapping[tuple[str, int], Sequence[float]]) -> str:
    """The loss of every step."""
    return _csv(
        {"network": network, "fold": fold, "step": step, "loss": loss}
        for (network, fold), values in losses.items()
        for step, loss in enumerate(values, 1)
    )


def _csv(rows: Iterable[Mapping[str, Cell]]) -> str:
    rows = list(rows)
    text = io.StringIO()
    if rows:
        writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows([{name: plain_cell(value) for name, value in row.items()} for row in rows])
    return text.getvalue()

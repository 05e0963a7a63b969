"""A simulation as Markdown: modelled minutes, never beside measured ones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from CovidQuantLib.statistics import ModelledEffort, SimulationRow, SimulationTable

_NONE = "-"


def simulation_heading(table: SimulationTable) -> str:
    """What stands over every table and plot of modelled minutes."""
    return f"modelled minutes ({table.data} lesions, simulated reader)"


def simulation_markdown(table: SimulationTable) -> str:
    """Two tables, on the hold-out and on the batches, and what their figures rest on."""
    lines = [f"## {simulation_heading(table)}", ""]
    for painter in table.painters:
        of_painter = [row for row in table.rows if painter in row.holdout]
        lines += [f"### Held-out CTs{_by(painter)}", "", *_rows(of_painter, painter), ""]
    batches = [row for row in table.rows if row.batch is not None]
    lines += ["### The next batch, as it was corrected", "", *_rows(batches, None), ""]
    return "\n".join([*lines, *(f"{note}\n" for note in notes(table))])


def notes(table: SimulationTable) -> tuple[str, ...]:
    """What must stand beside the figures."""
    seeds = sorted({seed for row in table.rows for seed in row.seeds})
    reference = "" if table.reference is None else f" Truth: {table.reference}."
    return (
        table.assumptions,
        f"The unit is the patient: n = {table.holdout_patients} held out, n = {table.training_patients} in training; "
        f"seeds {', '.join(map(str, seeds))}. Each figure is the mean over patients, each the mean of its CTs, then "
        "over seeds; the figure of each seed stands in brackets. The range is that of the mean under all assumptions "
        "on the constants; the share is that of drawing the same CTs from nothing. The reader corrects every "
        "proposal, also where drawing from nothing would cost less.",
        f"Lesions: {table.data}.{reference} {table.settings}",
    )


def model_name(row: SimulationRow) -> str:
    """What readers of a row start from."""
    if row.model:
        return f"round {row.model}"
    return "start model" if row.arm.startswith("from the start model") else "nothing"


def _rows(rows: Sequence[SimulationRow], painter: str | None) -> Iterable[str]:
    yield (
        "| arm | started from | training CTs | CTs | modelled minutes | range | share of from nothing | slices touched "
        "| added path (mm) | Dice |"
    )
    yield "|---|---|---:|---:|---|---|---|---:|---:|---|"
    for row in rows:
        effort = row.batch if painter is None else row.holdout[painter]
        if effort is not None:
            cells = (row.arm, model_name(row), str(row.images or _NONE), *_cells(effort))
            yield f"| {' | '.join(cells)} |"


def _cells(effort: ModelledEffort) -> tuple[str, ...]:
    share = _NONE
    if effort.share is not None:
        share = f"{effort.share:.0f} % ({effort.share_lowest:.0f} to {effort.share_highest:.0f} %)"
    return (
        str(effort.scans // len(effort.by_seed)),
        f"{effort.minutes:.0f} ({', '.join(f'{one:.0f}' for one in effort.by_seed)})",
        f"{effort.lowest:.0f} to {effort.highest:.0f}",
        share,
        f"{effort.slices:.0f}",
        f"{effort.path_mm:.0f}",
        _NONE
        if effort.dice is None
        else f"{effort.dice:.3f} ({', '.join(f'{one:.3f}' for one in effort.dice_by_seed)})",
    )


def _by(painter: str) -> str:
    return f", painter {painter}" if painter else ""

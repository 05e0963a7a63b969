"""A simulation as a picture: modelled minutes and Dice on the hold-out, round after round, arm by arm."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from CovidQuantLib.reports.simulation import simulation_heading
from CovidQuantLib.statistics import ModelledEffort, SimulationRow, SimulationTable

_COLOURS = ("#4477aa", "#ee6677", "#228833", "#aa3377", "#66ccee", "#ccbb44")
_MARKERS = ("o", "s", "^", "D", "v", "P")
_PANEL_INCHES = (4.6, 3.4)
_APART = 0.06
_DPI = 150


def simulation_png(table: SimulationTable) -> bytes:
    """The plot as a PNG file without metadata: a column for each painter of the hold-out.

    A line is the mean over seeds, a small dot one seed; the dashed line is what drawing from nothing costs.
    """
    painters = table.painters
    size = (_PANEL_INCHES[0] * len(painters), _PANEL_INCHES[1] * 2 + 0.9)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(2, len(painters), squeeze=False, sharex=True, sharey="row")
    for column, painter in enumerate(painters):
        upper, lower = panels[0][column], panels[1][column]
        _column(upper, lower, table, painter)
        patients = f"n = {table.holdout_patients} held-out patients"
        upper.set_title(f"held out, painter {painter}\n{patients}" if painter else f"held out, {patients}", fontsize=9)
    panels[0][0].set_ylabel("modelled minutes for a CT")
    panels[1][0].set_ylabel("Dice of the proposal (%)")
    panels[0][0].set_ylim(bottom=0.0)
    panels[1][0].set_ylim(0.0, 100.0)
    figure.suptitle(simulation_heading(table))
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", fontsize=8, ncols=2)
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    return buffer.getvalue()


def _column(upper: Axes, lower: Axes, table: SimulationTable, painter: str) -> None:
    arms = list(dict.fromkeys(row.arm for row in table.rows))
    for number, arm in enumerate(arms):
        rows = [row for row in table.rows if row.arm == arm and painter in row.holdout]
        efforts = [row.holdout[painter] for row in rows]
        colour = _COLOURS[number % len(_COLOURS)]
        style: dict[str, Any] = {"color": colour, "marker": _MARKERS[number % len(_MARKERS)]}
        shift = _APART * (number - (len(arms) - 1) / 2)
        places = [row.model + shift for row in rows]
        upper.plot(places, [one.minutes for one in efforts], markersize=5, linewidth=1.4, label=arm, **style)
        _dots(upper, places, [one.by_seed for one in efforts], colour)
        known = [(place, one) for place, one in zip(places, efforts, strict=True) if one.dice is not None]
        lower.plot([p for p, _ in known], [100 * (e.dice or 0) for _, e in known], markersize=5, linewidth=1.4, **style)
        _dots(lower, [p for p, _ in known], [[100 * one for one in e.dice_by_seed] for _, e in known], colour)
    _from_nothing(upper, table.rows, painter)
    lower.set_xlabel("rounds done")
    lower.set_xticks(sorted({row.model for row in table.rows}))
    for axes in (upper, lower):
        axes.spines[["top", "right"]].set_visible(False)


def _dots(axes: Axes, places: Sequence[float], values: Sequence[Sequence[float]], colour: str) -> None:
    for place, of_seeds in zip(places, values, strict=True):
        axes.plot([place] * len(of_seeds), of_seeds, ".", color=colour, markersize=4, alpha=0.6)


def _from_nothing(axes: Axes, rows: Sequence[SimulationRow], painter: str) -> None:
    efforts: list[ModelledEffort] = [row.holdout[painter] for row in rows if painter in row.holdout]
    if efforts:
        axes.axhline(efforts[0].nothing, color="#555555", linestyle="--", linewidth=1.0, label="drawn from nothing")

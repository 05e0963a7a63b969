"""Table 3 as a picture: measured minutes, and Dice on the hold-out, model by model."""

from __future__ import annotations

import io
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from CovidQuantLib.statistics import Summary, Table3

_MINUTES_COLOUR, _DICE_COLOUR = "#4477aa", "#228833"
_INCHES = (10.0, 4.4)
_DPI = 150


def table3_png(table: Table3) -> bytes:
    """The plot as a PNG file without metadata: mean ± SD as bars, the median as a dash, the number of scans below."""
    figure = Figure(figsize=_INCHES, layout="constrained")
    left, right = figure.subplots(1, 2)
    models = [row for row in table.models if row.minutes or row.dice]
    names = [row.name.replace(" (", "\n(") for row in models]
    _bars(left, names, [row.minutes for row in models], _MINUTES_COLOUR, "scans")
    left.set_ylabel("correction minutes (measured)")
    _bars(right, names, [_percent(row.dice) for row in models], _DICE_COLOUR, "patients")
    right.set_ylabel("Dice on the hold-out (%)")
    right.set_ylim(0.0, 100.0)
    if table.data is not None and "synthetic" in table.data:
        figure.suptitle("synthetic lesions" if table.data == "synthetic" else "real and synthetic lesions")
    figure.supxlabel("mean ± SD, dotted: median", fontsize=8)
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    return buffer.getvalue()


def _bars(axes: Axes, names: Sequence[str], summaries: Sequence[Summary | None], colour: str, unit: str) -> None:
    for place, summary in enumerate(summaries):
        if summary is None:
            axes.text(
                place, 0.02, "n/a", ha="center", va="bottom", color="#777777", transform=axes.get_xaxis_transform()
            )
            continue
        axes.bar(place, summary.mean, width=0.6, color=colour, alpha=0.55)
        if summary.sd is not None:
            axes.errorbar(place, summary.mean, yerr=summary.sd, color="#222222", capsize=4, linewidth=1.2)
        axes.plot([place - 0.3, place + 0.3], [summary.median] * 2, color="#222222", linewidth=1.2, linestyle=":")
    counts = [0 if summary is None else summary.count for summary in summaries]
    labels = [f"{name}\nn = {count} {unit}" for name, count in zip(names, counts, strict=True)]
    axes.set_xticks(range(len(names)), labels, fontsize=8)
    axes.set_xlim(-0.6, max(len(names), 1) - 0.4)
    axes.set_ylim(bottom=0.0)
    axes.spines[["top", "right"]].set_visible(False)


def _percent(summary: Summary | None) -> Summary | None:
    if summary is None:
        return None
    scaled = {
        name: None if value is None else 100.0 * value
        for name, value in vars(summary).items()
        if name not in ("count", "missing")
    }
    return Summary(count=summary.count, missing=summary.missing, **scaled)  # type: ignore[arg-type]

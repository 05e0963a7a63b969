"""The loss curves of a comparison as a picture: a panel for each network, a line for each fold."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from CovidQuantLib.reports.comparison import NOT_CONVERGED
from CovidQuantLib.statistics.comparison import ComparisonTable

_COLOURS = ("#4477aa", "#ee6677", "#228833", "#aa3377", "#66ccee", "#ccbb44")
_PANEL_INCHES = (3.3, 2.6)
_COLUMNS = 3
_SHARE_OF_MEAN = 20
_DPI = 130


def losses_png(losses: Mapping[tuple[str, int], Sequence[float]], table: ComparisonTable) -> bytes:
    """The plot as a PNG file without metadata. Lines are means over a twentieth of the steps."""
    networks = list(dict.fromkeys(network for network, _ in losses))
    columns = min(_COLUMNS, len(networks))
    rows = -(-len(networks) // columns)
    figure = Figure(figsize=(_PANEL_INCHES[0] * columns, _PANEL_INCHES[1] * rows + 0.6), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True).ravel()
    unfinished = {one.network for one in table.trainings if one.not_converged is not None}
    for panel, network in zip(panels, networks, strict=False):
        for number, (name, fold) in enumerate(key for key in losses if key[0] == network):
            values = np.asarray(losses[name, fold], np.float64)
            if not values.size:
                continue
            width = max(1, len(values) // _SHARE_OF_MEAN)
            means = np.convolve(values, np.full(width, 1.0 / width), mode="valid")
            steps = np.arange(len(means)) + (width + 1) / 2
            panel.plot(steps, means, color=_COLOURS[number % len(_COLOURS)], linewidth=1.3, label=f"fold {fold}")
        panel.xaxis.set_major_locator(MaxNLocator(5, integer=True))
        panel.set_title(f"{network}, {NOT_CONVERGED}" if network in unfinished else network, fontsize=9)
        panel.spines[["top", "right"]].set_visible(False)
        panel.legend(fontsize=7, frameon=False)
    for panel in panels[len(networks) :]:
        panel.set_visible(False)
    panels[0].set_ylim(bottom=0.0)
    figure.supxlabel("steps", fontsize=9)
    figure.supylabel("loss of the training", fontsize=9)
    figure.suptitle(f"Loss curves ({table.data} lesions)", fontsize=11)
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", dpi=_DPI, metadata={"Software": None})
    return buffer.getvalue()

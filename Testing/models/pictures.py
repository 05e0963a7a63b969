"""Make docs/pictures/painted_lesions.png: both painters beside the chests that they painted in.

    python -m Testing.models.pictures DATA OUTPUT.png

DATA is the folder of the data sets (its prepared chests are used, or made).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from CovidQuantLib.ct import HuArray, LabelArray
from CovidQuantLib.training.synthetic_lesions import BURDENS, canvas_of, paint_chest
from Testing.models.chests import SOURCES, prepared

WINDOW_HU = (-1200.0, 0.0)
# Chest, painter, burden and seed: one with much and one with little of each painter.
SHOWN = (
    ("lidc_0293", "fields", "moderate", 21),
    ("lidc_0350", "fields", "severe", 15),
    ("lidc_0293", "clusters", "severe", 4),
    ("lidc_0028", "clusters", "severe", 2),
)
CAPTION = (
    "Synthetic lesions painted into chests without known pneumonia (LIDC-IDRI, CC BY 3.0): no real pneumonia. "
    "Top: before. Middle: painted. Bottom: the mask (green ground glass, red consolidation)."
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m Testing.models.pictures", description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    figure, axes = plt.subplots(3, len(SHOWN), figsize=(4.0 * len(SHOWN), 9.6))
    for column, (name, painter, burden, seed) in zip(axes.T, SHOWN, strict=True):
        chest = prepared(name, arguments.data / "chests").near
        painted = paint_chest(canvas_of(chest), painter, BURDENS[burden], seed)
        k = int(np.argmax(np.count_nonzero(painted.labels, axis=(1, 2))))
        aspect = chest.spacing_kji[1] / chest.spacing_kji[2]
        for axis, hu in zip(column, (chest.hu, painted.hu, painted.hu), strict=True):
            _show(axis, hu[k], aspect)
        _outline(column[2], painted.labels[k])
        column[0].set_title(f"{SOURCES[name].attribution}, painter “{painter}”", fontsize=11)
    figure.text(0.5, 0.012, CAPTION, ha="center", fontsize=10)
    figure.subplots_adjust(0.005, 0.045, 0.995, 0.96, 0.01, 0.01)
    figure.savefig(arguments.output, dpi=70, metadata={"Software": None})


def _show(axis: Axes, slice_hu: HuArray, aspect: float) -> None:
    low, high = WINDOW_HU
    axis.imshow(slice_hu, cmap="gray", vmin=low, vmax=high, aspect=aspect, interpolation="bilinear")
    axis.axis("off")


def _outline(axis: Axes, labels: LabelArray) -> None:
    for label, colour in ((1, "lime"), (2, "red")):
        if (labels == label).any():
            axis.contour(labels == label, [0.5], colors=colour, linewidths=0.7)


if __name__ == "__main__":
    main()

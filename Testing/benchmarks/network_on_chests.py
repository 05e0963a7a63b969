"""Infection by network and by threshold in real CTs: chests without known pneumonia as they are, and one COVID-19 CT.

    python -m Testing.benchmarks.network_on_chests MODELS [PICTURES]

MODELS is the folder of `python -m Testing.models.training`: a chest that a model was trained on is judged by the model
that was trained without it, the COVID-19 CT by the one trained on all. Nobody drew an infection in these CTs: what is
found in the chests without known pneumonia is wrong (but for nodules); of the COVID-19 CT no error can be stated.
PICTURES gets overlays of the COVID-19 CT in three planes, the CT alone, network and threshold side by side.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import ListedColormap

from CovidQuantLib.ct import CtVolume, LabelArray
from CovidQuantLib.ct.grid import bounding_box
from CovidQuantLib.ct.reading import read_ct
from CovidQuantLib.inference import engine_names, open_engine, predict
from CovidQuantLib.models import LoadedModel, load_model
from CovidQuantLib.segmentation.infection import threshold_infection
from CovidQuantLib.segmentation.infection_network import MARGIN_MM, network_infection
from CovidQuantLib.segmentation.lungs import segment_lungs
from Testing.benchmarks.cases import COVID, WITHOUT_PNEUMONIA
from Testing.benchmarks.infection import dice, header, volumes

_PLANES = ("axial", "coronal", "sagittal")
_CUTS = (0.2, 0.35, 0.5, 0.65, 0.8)
_WINDOW = (-1200.0, 0.0)
_CLASSES = ListedColormap(["lime", "red"])
"""Ground glass green, consolidation red."""


def rows(name: str, ct: CtVolume, model: LoadedModel) -> tuple[list[str], LabelArray, LabelArray]:
    """Rows of both methods within the same lungs, and what they found."""
    lungs = segment_lungs(ct)
    seen = network_infection(ct, lungs.labels, lungs, model).labels
    threshold = threshold_infection(ct, lungs.labels, lungs.airways)
    found = {"network": seen, "threshold": threshold}
    cells = [f"| {name} | {method} | {volumes(ct, lungs.labels, labels)} |" for method, labels in found.items()]
    return cells, seen, threshold


def engine_rows(ct: CtVolume, model: LoadedModel) -> list[str]:
    """Seconds of the network alone on the lungs of `ct`, by engine, the best of three."""
    lungs = segment_lungs(ct).labels > 0
    box = bounding_box(lungs, ct.geometry, MARGIN_MM)
    found = []
    for name in engine_names():
        engine = open_engine(model.module, name)
        seconds = []
        for _ in range(3):
            start = time.perf_counter()
            predict(ct.hu, ct.geometry, box, engine, model.card.preprocessing, lungs=lungs)
            seconds.append(time.perf_counter() - start)
        found.append(f"| {name} | {min(seconds):.1f} | {max(seconds):.1f} |")
    return found


def draw(ct: CtVolume, seen: LabelArray, threshold: LabelArray, folder: Path) -> None:
    """Overlays in three planes, each a row of cuts: the CT alone, the network, the threshold."""
    inside = np.argwhere((seen > 0) | (threshold > 0))
    for axis, plane in enumerate(_PLANES):
        cuts = np.unique(np.quantile(inside[:, axis], _CUTS).astype(int))
        figure, axes = plt.subplots(3, len(cuts), figsize=(5 * len(cuts), 13), squeeze=False)
        spacing = [step for number, step in enumerate(ct.geometry.spacing_kji) if number != axis]
        for column, cut in enumerate(cuts):
            picture = ct.hu.take(cut, axis)
            for row, labels in enumerate((None, seen, threshold)):
                view = axes[row, column]
                view.imshow(
                    picture,
                    cmap="gray",
                    vmin=_WINDOW[0],
                    vmax=_WINDOW[1],
                    aspect=spacing[0] / spacing[1],
                    origin="lower" if axis else "upper",
                )
                if labels is not None:
                    mask = labels.take(cut, axis)
                    shown = np.ma.masked_equal(mask, 0)
                    view.imshow(
                        shown,
                        cmap=_CLASSES,
                        vmin=1,
                        vmax=2,
                        alpha=0.4,
                        interpolation="nearest",
                        aspect=spacing[0] / spacing[1],
                        origin="lower" if axis else "upper",
                    )
                view.axis("off")
        figure.suptitle(f"{plane}: CT, network, threshold")
        figure.tight_layout()
        figure.savefig(folder / f"{plane}.png", dpi=70)
        plt.close(figure)


def main() -> None:
    """Print the tables."""
    models = Path(sys.argv[1]) / "infection"
    columns = ("lungs ml", "infection ml", "GGO ml", "consolidation ml", "largest ml", "POI %")
    print("Chests without known pneumonia (real, n = 4), each by a model that was trained without it.\n")
    print(header("CT", "method", *columns), flush=True)
    for name, path in WITHOUT_PNEUMONIA.items():
        folder = models / f"without_{name.lower().replace('lidc-idri-', 'lidc_')}"
        if path.exists() and folder.is_dir():
            print("\n".join(rows(name, read_ct(path), load_model(folder))[0]), flush=True)
    if not COVID.exists():
        return
    print("\nOne COVID-19 CT (real; no reference was drawn: no error can be stated).\n")
    print(header("CT", "method", *columns), flush=True)
    ct, model = read_ct(COVID), load_model(models / "all")
    cells, seen, threshold = rows("MIDRC-RICORD-1A 419639-001012", ct, model)
    print("\n".join(cells))
    print(f"\nNetwork and threshold agree with a Dice of {dice(seen > 0, threshold > 0)} %.\n")
    print(header("engine", "network seconds", "slowest of three"))
    print("\n".join(engine_rows(ct, model)), flush=True)
    if len(sys.argv) > 2:
        draw(ct, seen, threshold, Path(sys.argv[2]))


if __name__ == "__main__":
    main()

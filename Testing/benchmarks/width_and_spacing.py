"""How wide a VB-Net and how fine a grid: Dice against seconds.

    python -m Testing.benchmarks.width_and_spacing DATA MODELS

DATA is the folder of `python -m Testing.models`; MODELS gets a model for each row. `covidquant train` trains each
with the same short recipe (180 steps, some minutes of one core) on the CTs at 1 mm that painter `fields` made of
three chests, and judged on those that painter `clusters` made of the fourth. Seconds are of the network alone on the
lungs of that chest, by engine, the best of three, all in one run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from CovidQuantLib.ct import CtVolume
from CovidQuantLib.ct.grid import bounding_box
from CovidQuantLib.inference import engine_names, open_engine, predict
from CovidQuantLib.models import load_model
from CovidQuantLib.segmentation.infection_network import MARGIN_MM
from Testing.benchmarks.infection import header
from Testing.benchmarks.painted_lesions import dice, read_painted
from Testing.models.chests import prepared

TRAINED_ON, JUDGED_ON = ("lidc_0001", "lidc_0028", "lidc_0293"), "lidc_0350"
ROWS = ((8, 2, 2.0), (4, 2, 2.0), (16, 2, 2.0), (16, 4, 2.0), (8, 2, 3.0), (8, 2, 1.5))
"""Width, reduction of the bottlenecks, spacing in mm."""
RECIPE = (
    *("--set", "norm=batch", "--lungs-alone", "--batch", "4", "--patch", "48"),
    *("--patches-per-case", "10", "--epochs", "3", "--lesion-share", "0.6", "--augmentation", "0.3"),
    *("--precision", "bfloat16", "--threads", "1", "--seed", "1"),
)


def datalist(data: Path) -> Path:
    """The data list of the short trainings, beside their data."""
    root = data / "evaluation" / "fields"
    entries = [
        {
            **{what: f"{name}/{place.name}/{file}.nii.gz" for what, file in _FILES.items()},
            "patient": name,
        }
        for name in TRAINED_ON
        for place in sorted((root / name).glob("[0-9]*"))
    ]
    path = root / "datalist.json"
    path.write_text(json.dumps({"name": "width and spacing", "training": entries, "validation": []}), encoding="utf-8")
    return path


_FILES = {"image": "image", "label": "infection", "lungs": "lungs"}


def trained(data: Path, models: Path, width: int, reduction: int, spacing: float) -> Path:
    """The model of one row, trained where it is not there yet."""
    output = models / f"width_{width}_reduction_{reduction}_spacing_{spacing:g}"
    if not output.exists():
        verb = [sys.executable, "-m", "CovidQuantLib.cli", "train", str(datalist(data)), "--output", str(output)]
        shape = ("--set", f"width={width}", "--set", f"reduction={reduction}", "--spacing", f"{spacing:g}")
        subprocess.run([*verb, *shape, *RECIPE], check=True)
    return output


def row(data: Path, folder: Path) -> tuple[list[float], list[float]]:
    """Dice in % on each CT, and seconds by engine."""
    model = load_model(folder)
    chest = prepared(JUDGED_ON, data / "chests").near
    lungs = chest.lungs > 0
    box = bounding_box(lungs, chest.geometry, MARGIN_MM)
    places = sorted((data / "evaluation" / "clusters" / JUDGED_ON).glob("[0-9]*"))
    painted = [read_painted(place) for place in places]

    def found(ct: CtVolume, name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        engine = engines[name]
        labels = predict(ct.hu, ct.geometry, box, engine, model.card.preprocessing, lungs=lungs).labels
        return np.asarray((labels > 0) & lungs)

    engines = {name: open_engine(model.module, name) for name in engine_names()}
    first = engine_names()[0]
    scores = [100.0 * dice(found(one.ct, first), one.infection) for one in painted]
    seconds = []
    for name in engines:
        taken = []
        for _ in range(3):
            start = time.perf_counter()
            found(painted[0].ct, name)
            taken.append(time.perf_counter() - start)
        seconds.append(min(taken))
    return scores, seconds


def main() -> None:
    """Print the table."""
    data, models = Path(sys.argv[1]), Path(sys.argv[2])
    folders = [trained(data, models, *shape) for shape in ROWS]
    print("Synthetic lesions of a painter and in a chest (n = 1) that no model saw; 180 training steps each.\n")
    seconds_by = (f"s, {name}" for name in engine_names())
    print(header("width", "reduction", "spacing mm", "Dice %, mean", "worst CT", "CTs", *seconds_by))
    for (width, reduction, spacing), folder in zip(ROWS, folders, strict=True):
        scores, seconds = row(data, folder)
        cells = [f"{np.mean(scores):.1f}", f"{min(scores):.1f}", str(len(scores)), *(f"{one:.2f}" for one in seconds)]
        print(f"| {width} | {reduction} | {spacing:g} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()

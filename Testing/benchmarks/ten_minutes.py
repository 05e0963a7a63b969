"""What ten minutes of `covidquant train` make of a weak model, on a chest and a painter that neither saw.

    python -m Testing.benchmarks.ten_minutes DATA MODELS

DATA is the folder of `python -m Testing.models`; MODELS that of `width_and_spacing`, whose model of width 8 at 2 mm is
the parent: 180 steps on 24 painted CTs of three chests. Ten minutes more on the same CTs train it on. Both are judged
on the CTs that both painters made of the fourth chest: their number is that of CTs, n = 1 chest.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from CovidQuantLib.models import load_model
from CovidQuantLib.segmentation.airways import AirwayTree
from CovidQuantLib.segmentation.infection_network import network_infection
from CovidQuantLib.segmentation.lungs import Lungs
from Testing.benchmarks.infection import header
from Testing.benchmarks.painted_lesions import dice, read_painted
from Testing.benchmarks.width_and_spacing import JUDGED_ON, datalist, trained
from Testing.models.chests import prepared
from Testing.models.recipe import EVALUATION_PAINTERS

MINUTES = 10
PARENT = (8, 2, 2.0)
"""Width, reduction, spacing in mm."""
RECIPE = (
    *("--minutes", str(MINUTES), "--batch", "4", "--patch", "48", "--patches-per-case", "10", "--lesion-share", "0.6"),
    *("--augmentation", "0.3", "--precision", "bfloat16", "--threads", "1", "--seed", "1"),
)


def child_of(parent: Path, data: Path) -> Path:
    """The parent trained for ten minutes more, where it is not there yet."""
    output = parent.with_name(f"{parent.name}_ten_minutes_on")
    if not output.exists():
        verb = [sys.executable, "-m", "CovidQuantLib.cli", "train", str(datalist(data)), "--output", str(output)]
        subprocess.run([*verb, "--parent", str(parent), *RECIPE], check=True)
    return output


def scores(folder: Path, data: Path) -> dict[str, list[float]]:
    """Dice in % of each CT of the held-out chest, by painter."""
    chest = prepared(JUDGED_ON, data / "chests").near
    lungs = Lungs(chest.lungs, chest.airways, (), AirwayTree())
    model = load_model(folder)
    found: dict[str, list[float]] = {}
    for painter in EVALUATION_PAINTERS:
        for place in sorted((data / "evaluation" / painter / JUDGED_ON).glob("[0-9]*")):
            painted = read_painted(place)
            labels = network_infection(painted.ct, lungs.labels, lungs, model).labels
            found.setdefault(painter, []).append(100.0 * dice(labels > 0, painted.infection))
    return found


def main() -> None:
    """Print the table."""
    data, models = Path(sys.argv[1]), Path(sys.argv[2])
    parent = trained(data, models, *PARENT)
    child = child_of(parent, data)
    before, after = scores(parent, data), scores(child, data)
    steps = load_model(child).card.recipe["steps"]
    print(
        f"Synthetic lesions in a chest (n = 1) that no model saw; the parent, and {MINUTES} minutes more: {steps} ",
        end="",
    )
    print("steps on one core.\n")
    print(header("painter", "CTs", "parent, Dice % (worst)", "ten minutes on (worst)", "difference ± SD", "better in"))
    for painter, old in before.items():
        new = after[painter]
        change = np.asarray(new) - np.asarray(old)
        print(
            f"| {painter} | {len(old)} | {np.mean(old):.1f} ({min(old):.1f}) | {np.mean(new):.1f} ({min(new):.1f}) | "
            f"{change.mean():+.1f} ± {change.std(ddof=1):.1f} | {np.count_nonzero(change > 0)} of {len(old)} |"
        )


if __name__ == "__main__":
    main()

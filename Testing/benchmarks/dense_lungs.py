"""Lungs with half of one lung consolidated, in chests that the lungs model never saw: the threshold alone, and backed.

    python -m Testing.benchmarks.dense_lungs DATA MODELS [OUT.json]

DATA is the folder of `python -m Testing.models`, MODELS that of `python -m Testing.models.training`. The truth is the
lung that was found before half of it was painted dense: real chests, synthetic consolidation, 1.5 mm voxels. OUT.json
gets the Dice of each.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from CovidQuantLib.anatomy import LUNGS
from CovidQuantLib.ct import CtVolume, LabelArray, ScanFacts, StoredOrder
from CovidQuantLib.ct.reading import read_ct
from CovidQuantLib.models import load_model
from CovidQuantLib.segmentation.lungs import segment_lungs
from CovidQuantLib.segmentation.lungs_network import back_up_lungs
from CovidQuantLib.training.synthetic_lesions import Chest, canvas_of, consolidate
from Testing.benchmarks.cases import COVID
from Testing.benchmarks.infection import header
from Testing.models.chests import SOURCES, SYNTHETIC, prepared

SHARE = 0.5
SEEDS = (0, 1)


def as_ct(chest: Chest) -> CtVolume:
    return CtVolume(chest.hu, chest.geometry, StoredOrder(), chest.geometry, ScanFacts(b"painted"))


def dice(one: LabelArray, other: LabelArray, label: int) -> float:
    """Dice in % of one label."""
    a, b = one == label, other == label
    return 200.0 * np.count_nonzero(a & b) / int(np.count_nonzero(a) + np.count_nonzero(b))


def added_by_all(data: Path, models: Path) -> None:
    """Print what the model that was trained on all chests adds to them and to the COVID-19 CT."""
    if not (models / "lungs" / "all").is_dir():
        return
    model = load_model(models / "lungs" / "all")
    cts = {name: as_ct(prepared(name, data / "chests").whole) for name in SOURCES if name != SYNTHETIC}
    if COVID.exists():
        cts["COVID-19 CT (real, no reference)"] = read_ct(COVID)
    print("\nThe model that was trained on all chests: on them as they are, and on the COVID-19 CT.\n")
    print(header("CT", "ml added"), flush=True)
    for name, ct in cts.items():
        print(f"| {name} | {back_up_lungs(ct, segment_lungs(ct), model).added_ml:.0f} |", flush=True)


def main() -> None:
    """Print the tables."""
    data, models = Path(sys.argv[1]), Path(sys.argv[2])
    print("Half of one lung dense (synthetic consolidation in real chests); Dice of that lung in %.\n")
    print(header("chest", "lung", "threshold", "backed by the network", "ml added"), flush=True)
    scores: list[tuple[float, float]] = []
    chests: list[str] = []
    for name in SOURCES:
        if name == SYNTHETIC or not (models / "lungs" / f"without_{name}").is_dir():
            continue
        whole = prepared(name, data / "chests").whole
        model = load_model(models / "lungs" / f"without_{name}")
        canvas = canvas_of(whole)
        for lung in LUNGS:
            for seed in SEEDS:
                ct = as_ct(consolidate(canvas, lung.label, SHARE, seed))
                plain = segment_lungs(ct)
                backed = back_up_lungs(ct, plain, model)
                pair = (
                    dice(plain.labels, whole.lungs, lung.label),
                    dice(backed.lungs.labels, whole.lungs, lung.label),
                )
                scores.append(pair)
                chests.append(name)
                print(f"| {name} | {lung.key} | {pair[0]:.1f} | {pair[1]:.1f} | {backed.added_ml:.0f} |", flush=True)
    threshold, network = np.array(scores).T
    print(f"\nMean: threshold {threshold.mean():.1f} (worst {threshold.min():.1f}), ", end="")
    print(f"backed {network.mean():.1f} (worst {network.min():.1f}), n = {len(scores)} CTs.\n")
    print("The chests as they are (nothing should be added).\n")
    print(header("chest", "ml added"), flush=True)
    for name in SOURCES:
        if name != SYNTHETIC and (models / "lungs" / f"without_{name}").is_dir():
            ct = as_ct(prepared(name, data / "chests").whole)
            backed = back_up_lungs(ct, segment_lungs(ct), load_model(models / "lungs" / f"without_{name}"))
            print(f"| {name} | {backed.added_ml:.0f} |", flush=True)
    added_by_all(data, models)
    if len(sys.argv) > 3:
        rows = [
            {"chest": chest, "threshold": pair[0], "backed": pair[1]}
            for chest, pair in zip(chests, scores, strict=True)
        ]
        Path(sys.argv[3]).write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()

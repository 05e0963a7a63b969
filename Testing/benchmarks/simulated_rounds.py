"""Rounds with a simulated reader on painted lesions: the figures of docs/hitl.md.

    python -m Testing.benchmarks.simulated_rounds DATA MODELS OUT

DATA is the folder of `python -m Testing.models DATA --only infection`; it gets `simulated/`, the cohort. MODELS gets
the start model. OUT is the folder of `covidquant simulate`. What is there already is kept: the same command goes on
where it was stopped. About an hour of one core, of which the cohort takes five minutes and the start model three.

The settings below were committed before the first run. Patches of 32 voxels would be faster, but in bfloat16 their
gradients differ from one call to the next (PyTorch 2.13 on this CPU), and once were no numbers; those of 48 do not.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

from CovidQuantLib.ct.grid import Box
from CovidQuantLib.training.synthetic_lesions import canvas_of, chest_on_grid
from Testing.models import recipe
from Testing.models.__main__ import write_case
from Testing.models.chests import SOURCES, SYNTHETIC, prepared
from Testing.models.painting import at_spacing, infection_case

TRAINING = ("lidc_0001", "lidc_0028")
HELD_OUT = ("lidc_0293", "lidc_0350")
PIXEL_MM, SLICE_MM = 1.0, 3.0
"""The grid of the cohort: pixels of the size of the border that the simulated reader accepts, and thick slices."""
START = (
    *("--spacing", "3", "--patch", "48", "--lungs-alone", "--label-set", "infection", "--batch", "2"),
    *("--set", "width=8", "--set", "reduction=2", "--set", "norm=batch", "--augmentation", "0.3"),
    *("--patches-per-case", "6", "--epochs", "1", "--lesion-share", "0.6", "--precision", "bfloat16"),
    *("--threads", "1", "--seed", "1"),
)
"""`covidquant train` of the start model, on the other cases of the chests in training and of the synthetic one."""
SIMULATION = (
    *("--arms", "nothing:random,model:random,nothing:uncertain", "--seeds", "1,2,3"),
    *("--batches", "4,12,24", "--steps", "80", "--spacing", "3", "--patch", "48", "--threads", "1", "--bfloat16"),
)


def main() -> int:
    """Paint what is missing, train the start model where it is missing, and simulate."""
    parser = argparse.ArgumentParser(prog="python -m Testing.benchmarks.simulated_rounds", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the painted data sets")
    parser.add_argument("models", type=Path, help="folder for the start model")
    parser.add_argument("output", type=Path, help="folder of the simulation")
    arguments = parser.parse_args()
    cohort = _cohort(arguments.data)
    start = arguments.models / f"without_{'_'.join(HELD_OUT)}"
    if not start.exists():
        _covidquant("train", _start_list(arguments.data), "--output", start, "--name", "Start model", *START)
    return _covidquant("simulate", cohort, "--output", arguments.output, "--start-model", start, *SIMULATION)


def _covidquant(*words: str | Path) -> int:
    return subprocess.run([sys.executable, "-m", "CovidQuantLib.cli", *map(str, words)], check=True).returncode


def _cohort(data: Path) -> Path:
    """The data list of the cohort, painted where it is not there yet."""
    folder = data / "simulated"
    lists = {
        "training": [one for name in TRAINING for one in _painted(data, name, recipe.TRAINING_PAINTER, held_out=False)],
        "validation": [
            one
            for name in HELD_OUT
            for painter in recipe.EVALUATION_PAINTERS
            for one in _painted(data, name, painter, held_out=True)
        ],
    }
    content = {
        "name": "simulated rounds",
        "data": "synthetic",
        "reference": "the painter's own masks, exact by construction",
        "licence": "CC BY 3.0",
        "attribution": [f"{SOURCES[name].attribution} ({SOURCES[name].licence})" for name in (*TRAINING, *HELD_OUT)],
        **lists,
    }
    path = folder / "cohort.json"
    path.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return path


def _painted(data: Path, name: str, painter: str, *, held_out: bool) -> list[dict[str, str]]:
    """The entries of one chest and painter."""
    folder = data / "simulated"
    chest = tuple(SOURCES).index(name)
    cases = recipe.simulated_holdout_cases(chest, painter) if held_out else recipe.simulated_cases(chest)
    places = [folder / painter / name / case.name for case in cases]
    if not all(place.exists() for place in places):
        near = prepared(name, data / "chests").near
        canvas = canvas_of(chest_on_grid(near, Box((0, 0, 0), near.hu.shape), PIXEL_MM))
        for case, place in zip(cases, places, strict=True):
            write_case(
                place,
                case,
                lambda case=case: at_spacing(infection_case(canvas, painter, case), PIXEL_MM, SLICE_MM),  # type: ignore[misc]
            )
    return [
        {
            **{what: f"{painter}/{name}/{place.name}/{file}.nii.gz" for what, file in _FILES.items()},
            "patient": name,
            "painter": painter,
        }
        for place in places
    ]


_FILES = {"image": "image", "label": "infection", "lungs": "lungs"}


def _start_list(data: Path) -> Path:
    """The painted cases of `Testing.models` of all chests but the held-out ones."""
    every = json.loads((data / "infection" / "datalist_all.json").read_text(encoding="utf-8"))
    known = (*TRAINING, SYNTHETIC)
    every["training"] = [
        {**entry, **{what: f"../infection/{entry[what]}" for what in _FILES}}
        for entry in every["training"]
        if entry["patient"] in known
    ]
    every["attribution"] = [f"{SOURCES[name].attribution} ({SOURCES[name].licence})" for name in known]
    path = data / "simulated" / "start.json"
    path.write_text(json.dumps(every, indent=1), encoding="utf-8")
    return path


if __name__ == "__main__":
    sys.exit(main())

"""Train the shipped models, and the same without each chest (leave-one-chest-out), from the painted data sets.

    python -m Testing.models.training DATA MODELS [--only infection|lungs] [--list all|without_...]

DATA is the folder of `python -m Testing.models`. MODELS gets `infection/all`, `infection/without_lidc_0028` and so on:
each is one call of `covidquant train` with the settings below, on one CPU thread, so that it can be repeated. A run
that was stopped goes on where it stood; a model that is there already is kept.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from Testing.models.chests import SYNTHETIC

PARTS = ("infection", "lungs")
_SHARED = (
    *("--set", "norm=batch", "--batch", "4"),
    *("--precision", "bfloat16", "--threads", "1", "--seed", "1"),
)
SETTINGS = {
    "infection": (
        *("--set", "width=8", "--set", "reduction=2"),
        *("--label-set", "infection", "--spacing", "2", "--lungs-alone", "--patch", "48", "--augmentation", "0.3"),
        *("--threshold", "0.3"),
        *("--patches-per-case", "6", "--epochs", "6", "--lesion-share", "0.6"),
    ),
    "lungs": (
        *("--set", "width=8", "--set", "reduction=2"),
        *("--label-set", "lungs", "--spacing", "5", "--patch", "64", "--augmentation", "0.3"),
        *("--patches-per-case", "4", "--epochs", "6", "--lesion-share", "0.5"),
    ),
}
"""What `covidquant train` is called with, by the part that the model gives. Lungs: a patch of 320 mm holds a whole
chest and so tells where a lung without air must end; patches of 192 mm at 3 mm did not."""
NAMES = {"infection": "Infection, VB-Net of width 8 at 2 mm", "lungs": "Lungs, VB-Net of width 8 at 5 mm"}
LICENCE = "Apache-2.0"
_NOT_JUDGED = f"without_{SYNTHETIC}"
ATTRIBUTION = (
    "Trained on four CTs of LIDC-IDRI (Armato et al. 2011; The Cancer Imaging Archive; CC BY 3.0), changed: lesions "
    "were painted into them."
)
LIMITS = {
    "infection": (
        "Trained on painted lesions in four chests and a synthetic one: no accuracy on real 3D COVID-19 CT has been "
        "measured.",
        "Opacity is taken as infection: atelectasis, oedema, fibrosis, tumour and motion are not told apart.",
        "A proposal to be corrected by a reader. Not for diagnosis or treatment, and not to be used without review.",
    ),
    "lungs": (
        "Trained on four chests and one synthetic chest with painted consolidation: no accuracy on real dense disease "
        "has been measured.",
        "Meant to add dense parts to threshold lungs. Effusion, tumour and collapsed lung are not told apart.",
        "A proposal to be corrected by a reader. Not for diagnosis or treatment, and not to be used without review.",
    ),
}


def main() -> int:
    """Train what is asked for, one after the other."""
    parser = argparse.ArgumentParser(prog="python -m Testing.models.training", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the painted data sets")
    parser.add_argument("models", type=Path, help="folder for the models")
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--list", dest="lists", nargs="*", help="names of data lists: all, without_lidc_0028, ...")
    arguments = parser.parse_args()
    failed = 0
    for part in [arguments.only] if arguments.only else PARTS:
        for path in sorted((arguments.data / part).glob("datalist_*.json")):
            name = path.stem.removeprefix("datalist_")
            output = arguments.models / part / name
            if name != _NOT_JUDGED and (not arguments.lists or name in arguments.lists) and not output.exists():
                failed += subprocess.run(command(part, path, output), check=False).returncode != 0
    return failed


def command(part: str, datalist: Path, output: Path) -> list[str]:
    """The call that trains one model."""
    card = ["--name", NAMES[part], "--licence", LICENCE, "--attribution", ATTRIBUTION]
    for limit in LIMITS[part]:
        card += ["--limit", limit]
    verb = [sys.executable, "-m", "CovidQuantLib.cli", "train"]
    return [*verb, str(datalist), "--output", str(output), *_SHARED, *SETTINGS[part], *card]


if __name__ == "__main__":
    sys.exit(main())

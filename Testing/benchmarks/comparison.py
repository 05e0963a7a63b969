"""Write the data list with which docs/networks.md compares networks: painted lesions in four chests and a fifth.

    python -m Testing.benchmarks.comparison DATA LIST.json [--all]
    covidquant compare LIST.json --output DIR --minutes 5 --patch 32,64,64 --augmentation 0.3 --threads 1

DATA is the folder of `python -m Testing.models`. Networks learn from CTs of one painter in all chests but one, and are
judged by CTs of both painters in that one. A few cases of each chest, for short trainings; with --all every one. Cases
without consolidation are among those that are learnt from, more than with it, as the patients' labels need them.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from CovidQuantLib.anatomy import CONSOLIDATION
from CovidQuantLib.ct.labelmaps import read_labelmap_alone
from Testing.models.chests import SOURCES, SYNTHETIC
from Testing.models.recipe import EVALUATION_PAINTERS, TRAINING_PAINTER

LEARNT = ("000", "014", "024", "033")
"""A moderate, a severe and a scattered disease, and a chest without one; those of ground glass alone come on top."""
JUDGED = ("002", "003", "005")
"""A moderate, a severe and a scattered disease."""


def list_of(data: Path, *, whole: bool) -> dict[str, Any]:
    """The data list, as `covidquant compare` reads it; paths are absolute."""
    data = data.resolve()
    training = [
        _entry(place, name, TRAINING_PAINTER)
        for name in SOURCES
        for place in (
            *_places(data / "infection" / name, None if whole else LEARNT),
            *_places(data / "ground_glass" / name, None),
        )
    ]
    judged = [
        _entry(place, name, painter)
        for name in SOURCES
        if name != SYNTHETIC
        for painter in EVALUATION_PAINTERS
        for place in _places(data / "evaluation" / painter / name, None if whole else JUDGED)
    ]
    return {
        "name": "painted lesions",
        "licence": "CC BY 3.0",
        "attribution": [f"{source.attribution} (CC BY 3.0)" for name, source in SOURCES.items() if name != SYNTHETIC],
        "data": "synthetic",
        "reference": "the painter's own masks, exact by construction",
        "training": training,
        "validation": judged,
    }


def _places(folder: Path, names: Sequence[str] | None) -> list[Path]:
    return [place for place in sorted(folder.glob("[0-9]*")) if names is None or place.name in names]


def _entry(place: Path, patient: str, painter: str) -> dict[str, Any]:
    files = {"image": "image", "label": "classes", "lungs": "lungs"}
    paths = {key: str(place / f"{name}.nii.gz") for key, name in files.items()}
    return {
        **paths,
        "patient": patient,
        "painter": painter,
        "has_consolidation": int(read_labelmap_alone(Path(paths["label"]))[0].max()) == CONSOLIDATION.label,
    }


def main() -> None:
    """Write the list."""
    parser = argparse.ArgumentParser(prog="python -m Testing.benchmarks.comparison", description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--all", action="store_true", help="every case")
    arguments = parser.parse_args()
    arguments.output.write_text(json.dumps(list_of(arguments.data, whole=arguments.all), indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()

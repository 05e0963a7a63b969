"""Paint the data sets of the shipped models, and the sets they are judged by.

    python -m Testing.models DATA [--only infection|ground_glass|lungs|evaluation] [--chest NAME ...]

DATA gets `infection/`, `ground_glass/`, `lungs/` and `evaluation/` with a folder for each chest and case, and data
lists: one with all chests and one without each. Cases that are there already are kept. About a second of one core for a
case, a few of ground glass alone.
"""

from __future__ import annotations

import argparse
import json
import logging
import shutil
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from CovidQuantLib.ct.grid import Box
from CovidQuantLib.ct.orientation import image_of
from CovidQuantLib.training.synthetic_lesions import Canvas, canvas_of, chest_on_grid
from Testing.models import recipe
from Testing.models.chests import SOURCES, SYNTHETIC, prepared
from Testing.models.painting import PaintedCase, at_spacing, ground_glass_case, infection_case, lungs_case
from Testing.models.recipe import Case

_LOG = logging.getLogger("Testing.models")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m Testing.models", description=__doc__)
    parser.add_argument("data", type=Path, help="folder for the data sets")
    parser.add_argument("--only", choices=PARTS, help="one of the sets")
    parser.add_argument("--chest", nargs="*", choices=tuple(SOURCES), help="some of the chests")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    names = tuple(arguments.chest or SOURCES)
    for part in [arguments.only] if arguments.only else PARTS:
        for name in names:
            PARTS[part](arguments.data, name)
    write_datalists(arguments.data)


def infection(data: Path, name: str) -> None:
    """The training cases of a chest at the infection model's spacing."""
    chest = prepared(name, data / "chests").near
    canvas = canvas_of(chest_on_grid(chest, Box((0, 0, 0), chest.hu.shape), recipe.PAINTING_MM))
    for case in recipe.infection_cases(_number(name)):
        write_case(
            data / "infection" / name / case.name,
            case,
            lambda case=case: at_spacing(infection_case(canvas, recipe.TRAINING_PAINTER, case), recipe.INFECTION_MM),  # type: ignore[misc]
        )
    _LOG.info(f"infection {name}: {len(recipe.infection_cases(_number(name)))} cases")


def ground_glass(data: Path, name: str) -> None:
    """The cases of a chest without consolidation, as those of the infection model: for `benchmarks.comparison`."""
    chest = prepared(name, data / "chests").near
    canvas = canvas_of(chest_on_grid(chest, Box((0, 0, 0), chest.hu.shape), recipe.PAINTING_MM))
    for case in recipe.ground_glass_cases(_number(name)):
        write_case(
            data / "ground_glass" / name / case.name,
            case,
            lambda case=case: at_spacing(ground_glass_case(canvas, recipe.TRAINING_PAINTER, case), recipe.INFECTION_MM),  # type: ignore[misc]
        )
    _LOG.info(f"ground glass {name}: {len(recipe.ground_glass_cases(_number(name)))} cases")


def lungs(data: Path, name: str) -> None:
    """The training cases of a whole chest at the lungs model's spacing."""
    canvas = canvas_of(prepared(name, data / "chests").whole)
    for case in recipe.lungs_cases(_number(name)):
        write_case(
            data / "lungs" / name / case.name,
            case,
            lambda case=case: at_spacing(lungs_case(canvas, recipe.TRAINING_PAINTER, case), recipe.LUNGS_MM),  # type: ignore[misc]
        )
    _LOG.info(f"lungs {name}: {len(recipe.lungs_cases(_number(name)))} cases")


def evaluation(data: Path, name: str) -> None:
    """The CTs of both painters in a chest, at about 1 mm, with the numbers of their lesions."""
    if name == SYNTHETIC:
        return
    canvas: Canvas = canvas_of(prepared(name, data / "chests").near)
    for painter in recipe.EVALUATION_PAINTERS:
        count = 0
        for case in recipe.evaluation_cases(_number(name), painter):
            place = data / "evaluation" / painter / name / case.name
            write_case(place, case, lambda case=case: infection_case(canvas, painter, case))  # type: ignore[misc]  # noqa: B023
            count += len(json.loads((place / "case.json").read_text(encoding="utf-8"))["lesions"])
        _LOG.info(f"evaluation {painter} {name}: {count} lesions")


PARTS = {"infection": infection, "ground_glass": ground_glass, "lungs": lungs, "evaluation": evaluation}


def _number(name: str) -> int:
    return tuple(SOURCES).index(name)


def write_case(place: Path, case: Case, made: Callable[[], PaintedCase]) -> None:
    """Write the case; the folder gets its name when it is whole."""
    if place.exists():
        return
    unfinished = place.with_name(f".{place.name}")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    painted = made()
    arrays: dict[str, np.ndarray] = {
        "image": painted.hu,
        "lungs": painted.lungs,
        "infection": (painted.classes > 0).astype(np.uint8),
        "classes": painted.classes,
    }
    if painted.numbers.any():
        arrays["lesions"] = painted.numbers
    for name, values in arrays.items():
        sitk.WriteImage(image_of(values, painted.geometry), str(unfinished / f"{name}.nii.gz"), useCompression=True)
    facts = {"case": asdict(case), "lesions": [asdict(lesion) for lesion in painted.lesions]}
    (unfinished / "case.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
    unfinished.rename(place)


def write_datalists(data: Path) -> None:
    """The lists of each training set: with all chests, and without each (for leave-one-chest-out)."""
    for part, label in (("infection", "infection"), ("lungs", "lungs")):
        there = [name for name in SOURCES if (data / part / name).is_dir()]
        if not there:
            continue
        lists = {"all": there, **{f"without_{name}": [one for one in there if one != name] for name in there}}
        for list_name, names in lists.items():
            entries = [entry for name in names for entry in _entries(data, part, label, name)]
            content = {
                "name": f"synthetic lesions, {part}, {list_name}",
                "description": "COVID-19 pneumonia painted into chests without known pneumonia (LIDC-IDRI, CC BY 3.0)",
                "licence": "CC BY 3.0",
                "attribution": [f"{SOURCES[name].attribution} ({SOURCES[name].licence})" for name in names],
                "data": "synthetic",
                "reference": "the painter's own masks, exact by construction",
                "training": entries,
                "validation": [],
            }
            path = data / part / f"datalist_{list_name}.json"
            path.write_text(json.dumps(content, indent=1), encoding="utf-8")


def _entries(data: Path, part: str, label: str, name: str) -> list[dict[str, str]]:
    digest = json.loads((data / "chests" / name / "chest.json").read_text(encoding="utf-8"))["sha256"]
    source = SOURCES[name]
    # A network that is to find the lungs must see, and be told, what is none: the entry names no lungs to stay in.
    names = ("image", "label", "lungs") if part != "lungs" else ("image", "label")
    files = {"image": "image", "label": label, "lungs": "lungs"}
    return [
        {
            **{what: f"{name}/{place.name}/{files[what]}.nii.gz" for what in names},
            "patient": name,
            "hash": digest,
            "licence": source.licence,
            "attribution": source.attribution,
        }
        for place in sorted((data / part / name).glob("[0-9]*"))
    ]


if __name__ == "__main__":
    main()

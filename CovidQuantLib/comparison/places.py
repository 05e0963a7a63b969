"""What a comparison writes into its output folder, and how it finds there what is done.

plan.json                    what it was begun with
models/NETWORK-fold-N/       a model, with its log in NETWORK-fold-N.training
results/NETWORK-fold-N.json  the training and what was found in the CTs left out; mean-..., cost-... likewise
work/                        probabilities, until everything is done
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from CovidQuantLib.files import check_free, whole_file
from CovidQuantLib.messages import InputError
from CovidQuantLib.models.strict_json import parse_json

PLAN_FILE = "plan.json"
_LARGEST = 16 << 20
_OTHER = (
    "The output folder holds another comparison: of other data, folds or settings. Choose a new folder, or give what "
    "it was begun with."
)


def begin(output: Path, plan: Mapping[str, Any]) -> None:
    """Make `output` the folder of this comparison. Raises `InputError` where it holds anything else."""
    if (output / PLAN_FILE).is_file():
        if _read(output / PLAN_FILE) != json.loads(json.dumps(plan)):
            raise InputError(_OTHER)
        return
    check_free(output)
    try:
        for folder in (models_folder(output), results_folder(output)):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError("The output folder cannot be written. Choose another one.") from error
    write_values(output / PLAN_FILE, plan)


def models_folder(output: Path) -> Path:
    """The models, one for each network and fold."""
    return output / "models"


def results_folder(output: Path) -> Path:
    """One file for each network and fold that is done."""
    return output / "results"


def work_folder(output: Path) -> Path:
    """What is kept until everything is done."""
    return output / "work"


def write_values(path: Path, values: Mapping[str, Any]) -> None:
    """Write a file that is done; it appears whole."""
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(values, indent=1, allow_nan=False), encoding="utf-8")


def read_values(path: Path) -> dict[str, Any] | None:
    """What `write_values` has written; None where it has not yet. Raises `InputError` where it is damaged."""
    return _read(path) if path.is_file() else None


def damaged() -> InputError:
    """What is said of a file that does not hold what this program writes."""
    return InputError("A file of this comparison is damaged. Remove its results and models, or choose a new folder.")


def _read(path: Path) -> dict[str, Any]:
    try:
        return parse_json(path.read_bytes(), "A file of this comparison", largest=_LARGEST)
    except OSError as error:
        raise damaged() from error

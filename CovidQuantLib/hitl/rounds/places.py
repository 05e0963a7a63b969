"""Where rounds, their models and promotions lie in a pool, and records there that appear whole."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from CovidQuantLib.hitl.pool.durable import ensure_folder, refuse, write_file
from CovidQuantLib.hitl.pool.layout import rounds_folder
from CovidQuantLib.hitl.pool.opening import FORMAT, Pool
from CovidQuantLib.hitl.pool.sealed import read_sealed, seal
from CovidQuantLib.messages import InputError

REQUEST_FILE = "request.json"
TRAINED_FILE = "trained.json"
DECISION_FILE = "decision.json"
ABANDONED_FILE = "abandoned.json"
TRAINING_OUTPUT = "model"
EVALUATION_FOLDER = "evaluation"
RUNS_FOLDER = "runs"
_NUMBER = re.compile(r"[0-9]{3,}")


def round_folder(pool: Pool, number: int) -> Path:
    """The folder of one round."""
    return rounds_folder(pool.folder) / f"{number:03d}"


def round_numbers(pool: Pool) -> tuple[int, ...]:
    """The numbers that rounds of this pool have claimed, in order."""
    folder = rounds_folder(pool.folder)
    found = folder.iterdir() if folder.is_dir() else ()
    return tuple(sorted(int(path.name) for path in found if is_round_name(path.name) and path.is_dir()))


def is_round_name(name: str) -> bool:
    """Whether a folder of this name is one of a round."""
    return _NUMBER.fullmatch(name) is not None


def evaluations_folder(pool: Pool, number: int) -> Path:
    """The folder with one record for each held-out scan that a round was judged on."""
    return round_folder(pool, number) / EVALUATION_FOLDER


def models_folder(pool: Pool) -> Path:
    """The folder of the pool's models, each under its id."""
    return pool.folder / "models"


def promotions_folder(pool: Pool) -> Path:
    """The folder of the promotions."""
    return pool.folder / "promotions"


def choices_folder(pool: Pool) -> Path:
    """The folder of what `next` chose."""
    return rounds_folder(pool.folder) / "choices"


def ensure_folders(pool: Pool, path: Path) -> None:
    """Make `path`, a folder somewhere in the pool, with every folder above it. Raises `OSError`."""
    missing = [path, *(above for above in path.parents if above.is_relative_to(pool.folder) and above != pool.folder)]
    for folder in reversed(missing):
        if not folder.is_dir():
            ensure_folder(pool.disk, folder, pool.folder)


def write_record(pool: Pool, path: Path, kind: str, values: dict[str, Any]) -> None:
    """Write a record that appears whole. Raises `InputError` where the pool cannot be written."""
    try:
        ensure_folders(pool, path.parent)
        write_file(pool.disk, path, seal({"v": FORMAT, "kind": kind, **values}), lambda one: _is_record(one, kind))
    except OSError as error:
        refuse(error, "What was done before is kept: try again, or go on with covidquant round resume POOL.")


def read_record(path: Path, kind: str) -> dict[str, Any]:
    """What a record says. Raises `InputError` where it is missing, damaged, or none of this kind."""
    what = f"A round's record ({kind})"
    values = read_sealed(path, what)
    if values.get("v") != FORMAT or values.get("kind") != kind:
        raise InputError(f"{what} is of another format. Restore it from a backup of the pool, or update CovidQuant.")
    return values


def damaged(kind: str) -> InputError:
    """The refusal of a record that lacks something."""
    return InputError(f"A round's record ({kind}) is not whole. Restore it from a backup of the pool.")


def _is_record(path: Path, kind: str) -> bool:
    try:
        read_record(path, kind)
    except InputError:
        return False
    return True

"""What a simulation writes into its output folder, and how it finds there what is done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from CovidQuantLib.files import check_free, whole_file
from CovidQuantLib.hitl.simulation.plan import Arm
from CovidQuantLib.messages import InputError
from CovidQuantLib.models.strict_json import parse_json
from CovidQuantLib.statistics import SimulatedCorrection, SimulatedRound

PLAN_FILE = "plan.json"
_LARGEST = 16 << 20
_OTHER = (
    "The output folder holds another simulation: another cohort, start model or other settings. Choose a new folder, "
    "or give what it was begun with."
)


def begin(output: Path, plan: Mapping[str, Any]) -> None:
    """Make `output` the folder of this simulation. Raises `InputError` where it holds anything else."""
    if (output / PLAN_FILE).is_file():
        if _read(output / PLAN_FILE) != json.loads(json.dumps(plan)):
            raise InputError(_OTHER)
        return
    check_free(output)
    try:
        rounds_folder(output).mkdir(parents=True, exist_ok=True)
        work_folder(output).mkdir(exist_ok=True)
    except OSError as error:
        raise InputError("The output folder cannot be written. Choose another one.") from error
    _write(output / PLAN_FILE, plan)


def rounds_folder(output: Path) -> Path:
    """One file for each round that is done."""
    return output / "rounds"


def work_folder(output: Path) -> Path:
    """The pools of the arms that are not done yet."""
    return output / "work"


def course_name(arm: Arm, seed: int) -> str:
    """The name of an arm with one seed, safe as a file name."""
    return f"{arm.begin}-{arm.order}-{seed}"


def write_round(output: Path, arm: Arm, done: SimulatedRound) -> None:
    """Write down a round that is done; the file appears whole."""
    _write(_round_path(output, arm, done.seed, done.number), asdict(done))


def read_round(output: Path, arm: Arm, seed: int, number: int) -> SimulatedRound | None:
    """A round that is done; None where it is not. Raises `InputError` where its file is damaged."""
    path = _round_path(output, arm, seed, number)
    if not path.is_file():
        return None
    values = _read(path)
    try:
        return SimulatedRound(
            arm=values["arm"],
            seed=values["seed"],
            number=values["number"],
            images=values["images"],
            batch=corrections_from(values["batch"]),
            holdout=corrections_from(values["holdout"]),
        )
    except (KeyError, TypeError) as error:
        raise _damaged() from error


def write_corrections(path: Path, done: tuple[SimulatedCorrection, ...]) -> None:
    """Keep the corrections of a batch until its round is done."""
    _write(path, {"corrections": [asdict(one) for one in done]})


def read_corrections(path: Path) -> tuple[SimulatedCorrection, ...] | None:
    """Corrections that were kept; None where there are none."""
    return corrections_from(_read(path)["corrections"]) if path.is_file() else None


def write_names(path: Path, names: Mapping[str, int] | list[str]) -> None:
    """Keep scan codes, with the numbers that they stand for or in an order."""
    _write(path, {"names": names})


def read_names(path: Path) -> Any:
    """Scan codes that were kept; None where there are none."""
    return _read(path)["names"] if path.is_file() else None


def corrections_from(values: Any) -> tuple[SimulatedCorrection, ...]:
    """Corrections out of their JSON values."""
    return tuple(
        SimulatedCorrection(**{**one, "minutes": tuple(one["minutes"]), "nothing": tuple(one["nothing"])})
        for one in values
    )


def _round_path(output: Path, arm: Arm, seed: int, number: int) -> Path:
    return rounds_folder(output) / f"{course_name(arm, seed)}-{number}.json"


def _write(path: Path, values: Mapping[str, Any]) -> None:
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(values, indent=1), encoding="utf-8")


def _read(path: Path) -> dict[str, Any]:
    try:
        return parse_json(path.read_bytes(), "A file of this simulation", largest=_LARGEST)
    except OSError as error:
        raise _damaged() from error


def _damaged() -> InputError:
    return InputError("A file of this simulation is damaged. Start it again in a new folder.")

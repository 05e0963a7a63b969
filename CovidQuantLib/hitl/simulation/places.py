"""What a simulation writes into its output folder, and how it finds there what is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from CovidQuantLib.hitl.simulation.plan import Arm
from CovidQuantLib.long_jobs import LongJob
from CovidQuantLib.statistics import SimulatedCorrection, SimulatedRound

JOB = LongJob("simulation", "another cohort, start model or other settings", "Start it again in a new folder.")


def begin(output: Path, plan: Mapping[str, Any]) -> None:
    """Make `output` the folder of this simulation. Raises `InputError` where it holds anything else."""
    JOB.begin(output, plan, (rounds_folder(output), work_folder(output)))


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
    JOB.write(_round_path(output, arm, done.seed, done.number), asdict(done))


def read_round(output: Path, arm: Arm, seed: int, number: int) -> SimulatedRound | None:
    """A round that is done; None where it is not. Raises `InputError` where its file is damaged."""
    path = _round_path(output, arm, seed, number)
    values = JOB.read(path)
    if values is None:
        return None
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
        raise JOB.damaged() from error


def write_corrections(path: Path, done: tuple[SimulatedCorrection, ...]) -> None:
    """Keep the corrections of a batch until its round is done."""
    JOB.write(path, {"corrections": [asdict(one) for one in done]})


def read_corrections(path: Path) -> tuple[SimulatedCorrection, ...] | None:
    """Corrections that were kept; None where there are none."""
    values = JOB.read(path)
    return None if values is None else corrections_from(values["corrections"])


def write_names(path: Path, names: Mapping[str, int] | list[str]) -> None:
    """Keep scan codes, with the numbers that they stand for or in an order."""
    JOB.write(path, {"names": names})


def read_names(path: Path) -> Any:
    """Scan codes that were kept; None where there are none."""
    values = JOB.read(path)
    return None if values is None else values["names"]


def corrections_from(values: Any) -> tuple[SimulatedCorrection, ...]:
    """Corrections out of their JSON values."""
    return tuple(
        SimulatedCorrection(**{**one, "minutes": tuple(one["minutes"]), "nothing": tuple(one["nothing"])})
        for one in values
    )


def _round_path(output: Path, arm: Arm, seed: int, number: int) -> Path:
    return rounds_folder(output) / f"{course_name(arm, seed)}-{number}.json"

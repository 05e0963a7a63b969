"""What is done of a comparison, written down part by part and read again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, TypeVar

from CovidQuantLib.comparison.places import JOB, cost_file, mean_file, model_folder, result_file
from CovidQuantLib.messages import InputError
from CovidQuantLib.statistics.comparison import JudgedCt, NetworkCost, TrainedFold
from CovidQuantLib.training.log import step_losses

Judged = tuple[JudgedCt, ...]
_Record = TypeVar("_Record", JudgedCt, NetworkCost, TrainedFold)
_KINDS: Mapping[str, tuple[type, ...]] = {
    "str": (str,),
    "int": (int,),
    "float": (int, float),
    "None": (type(None),),
    "tuple[str, ...]": (tuple,),
}


def write_result(output: Path, trained: TrainedFold, judged: Sequence[JudgedCt]) -> None:
    """Write down a network that is trained and judged in a fold."""
    path = result_file(output, trained.network, trained.fold)
    JOB.write(path, {"trained": asdict(trained), "judged": [asdict(one) for one in judged]})


def read_result(output: Path, network: str, fold: int) -> tuple[TrainedFold, Judged]:
    """What `write_result` has written. Raises `InputError` where it is missing or damaged."""
    values = JOB.read(result_file(output, network, fold)) or {}
    trained, judged = _record(TrainedFold, values.get("trained")), _judged(values)
    named = {(trained.network, trained.fold), *((one.network, one.fold) for one in judged)}
    if named != {(network, fold)}:
        raise JOB.damaged()
    return trained, judged


def write_mean(output: Path, group: tuple[str, ...], fold: int, judged: Sequence[JudgedCt]) -> None:
    """Write down what the mean of these networks found in a fold."""
    JOB.write(mean_file(output, group, fold), {"judged": [asdict(one) for one in judged]})


def read_mean(output: Path, group: tuple[str, ...], fold: int) -> Judged:
    """What `write_mean` has written; nothing where one of the networks has no model. Raises `InputError`."""
    values = JOB.read(mean_file(output, group, fold))
    return () if values is None else _judged(values)


def write_cost(output: Path, cost: NetworkCost) -> None:
    """Write down what a network costs."""
    JOB.write(cost_file(output, cost.network, cost.engine), asdict(cost))


def read_cost(output: Path, network: str, engine: str) -> NetworkCost | None:
    """What `write_cost` has written; None where it has not yet. Raises `InputError` where it is damaged."""
    values = JOB.read(cost_file(output, network, engine))
    return None if values is None else _record(NetworkCost, values)


def losses_of(output: Path, network: str, fold: int) -> list[float]:
    """The loss of every step of a training. Raises `InputError` where its log is damaged."""
    try:
        return step_losses(model_folder(output, network, fold))
    except InputError as error:
        raise JOB.damaged() from error


def _judged(values: Mapping[str, Any]) -> Judged:
    listed = values.get("judged")
    if not isinstance(listed, list):
        raise JOB.damaged()
    return tuple(_record(JudgedCt, one) for one in listed)


def _record(kind: type[_Record], values: Any) -> _Record:
    """A record out of its JSON values, where lists stand for tuples; fields that an earlier version lacked may miss."""
    try:
        held: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
        }
        found = kind(**held)
    except (AttributeError, TypeError) as error:
        raise JOB.damaged() from error
    if not all(_is(str(one.type), getattr(found, one.name)) for one in fields(found)):
        raise JOB.damaged()
    return found


def _is(kinds: str, value: Any) -> bool:
    """Whether a value is of the kind that a record's field is annotated with."""
    allowed = tuple(kind for name in kinds.split(" | ") for kind in _KINDS[name])
    parts = value if isinstance(value, tuple) else ()
    return not isinstance(value, bool) and isinstance(value, allowed) and all(isinstance(one, str) for one in parts)

"""What a round was asked to do: written first, so that it can go on, and be repeated, exactly so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Literal, get_args

import numpy as np

from CovidQuantLib.anatomy import INFECTION
from CovidQuantLib.hitl.pool import Item, Pool
from CovidQuantLib.hitl.pool.grids import read_map
from CovidQuantLib.hitl.pool.layout import INFECTION_FILE
from CovidQuantLib.hitl.rounds.places import REQUEST_FILE, damaged, read_record, round_folder, write_record
from CovidQuantLib.messages import InputError
from CovidQuantLib.networks import network
from CovidQuantLib.training import TrainingOptions

StartFrom = Literal["active", "scratch"]

LABEL_SETS = ("infection", "classes")
"""What a round's network may tell apart."""
DEFAULT_MARGIN = 0.02
"""Dice: under the spread between readers (3.5 % in table 2 of Shan et al.)."""
_KIND = "request"


@dataclass(frozen=True, kw_only=True)
class RoundOptions:
    """What a round is told.

    training         how to train; its `parent` is set by the round
    start_from       "active": the weights of the active model; "scratch": fresh ones
    batches          numbers of scans that grow, of which the next one is taken; empty: all references
    non_commercial   False leaves out scans whose licence does not allow commercial use, or is not stated
    margin           Dice (0 to 1) that the new model may be worse, with 95 % confidence, and still be promoted
    again            the number of a past round whose snapshot, recipe and parent are taken once more; the fields
                     above, but for the margin, then count for nothing
    """

    training: TrainingOptions = field(default_factory=lambda: TrainingOptions(minutes=60.0))
    start_from: StartFrom = "active"
    batches: tuple[int, ...] = ()
    non_commercial: bool = True
    margin: float = DEFAULT_MARGIN
    again: int | None = None

    def __post_init__(self) -> None:
        if self.start_from not in get_args(StartFrom):
            raise InputError(f"A round starts from one of: {', '.join(get_args(StartFrom))}.")
        if not 0.0 <= self.margin <= 1.0:
            raise InputError("The margin is a difference of Dice, from 0 to 1.")
        if self.training.first_weights is not None:
            raise InputError("A round takes no first weights. Train a model with them, and start from that one.")
        if self.training.label_set not in (None, *LABEL_SETS):
            raise InputError(f"A round trains infection: the label set is one of: {', '.join(LABEL_SETS)}.")


@dataclass(frozen=True)
class Request:
    """What a round was asked, and by which models: `old` is the one to compare with, `parent` the one to train on.

    Both are ids; `old` None is the threshold baseline, `parent` None fresh weights.
    """

    number: int
    options: RoundOptions
    old: str | None
    parent: str | None


def with_label_set(request: Request, training: Sequence[Item]) -> Request:
    """The request with what its network tells apart, where nobody has said it and the round starts from scratch.

    A network that tells classes by itself in its paper learns them where every reading of `training` tells them and
    their masks hold both; any other network learns infection. Raises `InputError` where a mask cannot be read.
    """
    options = request.options.training
    is_open = request.parent is None and request.options.again is None and options.label_set is None
    if not is_open or options.network is None:
        return request
    spec = network(options.network)
    if not spec.tells_classes or spec.label_set is not None or not _tell_classes(training):
        return request
    return replace(request, options=replace(request.options, training=replace(options, label_set="classes")))


def _tell_classes(readings: Sequence[Item]) -> bool:
    if any(item.revision.classes == "infection" for item in readings):
        return False
    wanted, held = {structure.label for structure in INFECTION}, set[int]()
    for item in readings:
        held |= set(np.unique(read_map(item.revision.folder / INFECTION_FILE, item.scan.grid)).tolist())
        if wanted <= held:
            return True
    return False


def write_request(pool: Pool, request: Request) -> None:
    """Write down what the round is asked to do. Raises `InputError` where the pool cannot be written."""
    options = asdict(request.options)
    # A path of this computer; the request says the parent's id.
    del options["training"]["parent"]
    values = {"number": request.number, "options": _plain(options), "old": request.old, "parent": request.parent}
    write_record(pool, round_folder(pool, request.number) / REQUEST_FILE, _KIND, values)


def has_request(pool: Pool, number: int) -> bool:
    """Whether the round got as far as saying what it was asked."""
    return (round_folder(pool, number) / REQUEST_FILE).is_file()


def read_request(pool: Pool, number: int) -> Request:
    """What a round was asked. Raises `InputError` where there is no such round, or its record is damaged."""
    if not has_request(pool, number):
        raise InputError("There is no such round in this pool. See: covidquant round table POOL.")
    values = read_record(round_folder(pool, number) / REQUEST_FILE, _KIND)
    try:
        options = dict(values["options"])
        training = TrainingOptions(**_typed(TrainingOptions, options.pop("training")))
        found = RoundOptions(training=training, **_typed(RoundOptions, options))
        return Request(int(values["number"]), found, values["old"], values["parent"])
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(_KIND) from error


def _plain(value: Any) -> Any:
    """Tuples as lists, as JSON has them."""
    if isinstance(value, Mapping):
        return {name: _plain(one) for name, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _typed(kind: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that are known, lists as tuples again; settings of a network stay as JSON has them."""
    known = {one.name for one in fields(kind)}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items() if name in known}

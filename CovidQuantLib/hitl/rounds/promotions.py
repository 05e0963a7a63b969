"""Promotions: which model of a pool is active. Each is a record that is added; rolling back is one more."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from CovidQuantLib.hitl.pool import Pool
from CovidQuantLib.hitl.pool.layout import coded_entries, is_code, new_code
from CovidQuantLib.hitl.pool.own_words import check_own_words
from CovidQuantLib.hitl.pool.revisions import check_reader
from CovidQuantLib.hitl.rounds.models import PoolModel, keep_model, pool_model
from CovidQuantLib.hitl.rounds.places import damaged, promotions_folder, read_record, write_record
from CovidQuantLib.messages import InputError
from CovidQuantLib.models import active_model

Action = Literal["promote", "rollback"]
_KIND = "promotion"
_REASON = re.compile(r"[A-Za-z0-9][A-Za-z0-9 .,;:?!+()/%<>=_-]{2,199}")
BY_RULE = "rule"


@dataclass(frozen=True)
class Promotion:
    """From now on `model` (an id) is the pool's active one; None: the one that this user's own choice gives.

    `round` is where the model was judged, None for a rollback. `by` is a person's code, or `"rule"` for a round that
    met the margin; `reason` is why.
    """

    id: str
    sequence: int
    action: Action
    model: str | None
    round: int | None
    by: str
    reason: str

    @property
    def order(self) -> tuple[int, str]:
        """Sorts promotions; of two made at once the id decides, the same everywhere."""
        return (self.sequence, self.id)


def promotions(pool: Pool) -> tuple[Promotion, ...]:
    """All promotions of the pool, in order. Raises `InputError` where one is damaged: none is passed over."""
    return tuple(
        sorted((read_promotion(path) for path in coded_entries(promotions_folder(pool))), key=lambda one: one.order)
    )


def promoted_model(pool: Pool) -> PoolModel | None:
    """The model of the pool's newest promotion; None where there is none, or all were rolled back.

    Raises `InputError` where that model is no longer in the pool: another one is never taken silently.
    """
    stack = _stack(pool)
    return pool_model(pool, stack[-1]) if stack else None


def active_in_pool(pool: Pool) -> PoolModel | None:
    """The model that proposals in this pool come from: the promoted one, else this user's; None: the threshold method.

    Raises `InputError` as `promoted_model`.
    """
    promoted = promoted_model(pool)
    if promoted is not None:
        return promoted
    own = active_model("infection")
    return None if own is None else PoolModel(own.card, own.folder)


def active_kept(pool: Pool) -> PoolModel | None:
    """As `active_in_pool`, copied into the pool where it comes from elsewhere: a past round must find it there."""
    active = active_in_pool(pool)
    return None if active is None else keep_model(pool, active.folder)


def check_reason(reason: str) -> str:
    """`reason`, where it is a short plain text. Raises `InputError` else."""
    if _REASON.fullmatch(reason) is None:
        raise InputError("A reason is 3 to 200 plain letters, digits and signs, and names no patient.")
    return check_own_words("A reason", reason)


def write_promotion(pool: Pool, *, code: str, model: str, number: int, by: str, reason: str) -> Promotion:
    """Add a promotion under the name `code` (see `new_code`); one that is there under it stays as it is."""
    path = promotions_folder(pool) / f"{code}.json"
    if path.is_file():
        return read_promotion(path)
    return _append(pool, Promotion(code, _next(pool), "promote", model, number, by, reason))


def rollback(pool: Pool, *, by: str, reason: str) -> Promotion:
    """Go back to the model that was active before the last promotion that was not rolled back.

    Raises `InputError` where there is none, or where the model before it is no longer in the pool.
    """
    check_reader(by)
    check_reason(reason)
    stack = _stack(pool)
    if not stack:
        raise InputError("No model was promoted in this pool: there is nothing to roll back.")
    before = pool_model(pool, stack[-2]).card.id if len(stack) > 1 else None
    return _append(pool, Promotion(new_code(), _next(pool), "rollback", before, None, by, reason))


def _stack(pool: Pool) -> list[str]:
    """The promotions that were not rolled back, oldest first."""
    stack: list[str] = []
    for one in promotions(pool):
        if one.action == "rollback":
            del stack[-1:]
        elif one.model is not None:
            stack.append(one.model)
    return stack


def _next(pool: Pool) -> int:
    return 1 + max((one.sequence for one in promotions(pool)), default=0)


def _append(pool: Pool, promotion: Promotion) -> Promotion:
    write_record(pool, promotions_folder(pool) / f"{promotion.id}.json", _KIND, asdict(promotion))
    return promotion


def read_promotion(path: Path) -> Promotion:
    """The promotion in a file. Raises `InputError` where it is damaged."""
    values = read_record(path, _KIND)
    try:
        one = Promotion(**{name: values[name] for name in Promotion.__dataclass_fields__})
    except KeyError as error:
        raise damaged(_KIND) from error
    known = one.action in ("promote", "rollback") and isinstance(one.sequence, int)
    if not known or f"{one.id}.json" != path.name or not (one.model is None or is_code(one.model)):
        raise damaged(_KIND)
    return one

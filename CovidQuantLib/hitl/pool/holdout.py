"""The frozen hold-out: which patients no model of this pool ever trains on, decided once and by hash.

The rule stands in the pool from the beginning; a patient's side follows from the codes alone, so that every machine
finds the same, in whatever order patients come. Nothing moves a patient afterwards.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

from CovidQuantLib.hitl.pool.layout import is_code
from CovidQuantLib.messages import InputError

DEFAULT_FRACTION = 0.2
DEFAULT_MINIMUM = 10

Decided = Literal["rule", "init", "add"]
"""Who decided on a patient's side: the hash, a name given at `init`, or a name given at the patient's first `add`."""


@dataclass(frozen=True)
class HoldoutRule:
    """The rule of one pool.

    `fraction` (0 to 1) of patients is held out by hash. `minimum` is how many held-out patients a round needs before
    it may promote a model: it moves nobody. `held_out` and `training` are the kin codes of patients named at `init`.
    """

    fraction: float = DEFAULT_FRACTION
    minimum: int = DEFAULT_MINIMUM
    held_out: tuple[str, ...] = ()
    training: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0.0 <= self.fraction <= 1.0:
            raise InputError("The held-out share of patients lies between 0 and 1.")
        if self.minimum < 0:
            raise InputError("The least number of held-out patients cannot be negative.")
        if set(self.held_out) & set(self.training):
            raise InputError("A patient is named both for the hold-out and for training. Name each on one side.")


@dataclass(frozen=True)
class Side:
    """Where a patient stands for good, and who decided."""

    held_out: bool
    by: Decided


def side_by_rule(rule: HoldoutRule, pool_id: str, kin: str) -> Side:
    """The side of the patient with the kin code `kin` in the pool `pool_id`, unless it is named at its first `add`."""
    if kin in rule.held_out:
        return Side(held_out=True, by="init")
    if kin in rule.training:
        return Side(held_out=False, by="init")
    digest = hashlib.sha256(f"hold-out {pool_id} {kin}".encode()).digest()
    # 53 bits fit a float exactly: the same number on every machine.
    share = (int.from_bytes(digest[:8], "big") >> 11) / (1 << 53)
    return Side(held_out=share < rule.fraction, by="rule")


def rule_values(rule: HoldoutRule) -> dict[str, Any]:
    """The rule as it stands in `pool.json`."""
    return {
        "fraction": rule.fraction,
        "minimum": rule.minimum,
        "held_out": list(rule.held_out),
        "training": list(rule.training),
    }


def rule_from(values: dict[str, Any]) -> HoldoutRule:
    """The rule in `pool.json`. Raises `InputError` where it is none."""
    try:
        named = tuple(values["held_out"]), tuple(values["training"])
        if not all(isinstance(code, str) and is_code(code) for codes in named for code in codes):
            raise ValueError
        return HoldoutRule(float(values["fraction"]), int(values["minimum"]), *named)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError("The pool's hold-out rule cannot be read. Restore pool.json from a backup.") from error

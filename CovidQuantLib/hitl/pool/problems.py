"""A broken promise of the pool, as `verify` names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ProblemCode = Literal[
    "damaged_record",
    "damaged_event",
    "missing_file",
    "changed_file",
    "unlisted_file",
    "another_grid",
    "unreadable_map",
    "labels_out_of_range",
    "infection_outside_lungs",
    "anatomy_not_nested",
    "unknown_anatomy",
    "unknown_parent",
    "holdout_moved",
    "kin_on_both_sides",
    "scan_of_two_patients",
    "held_out_in_training",
    "unknown_entry",
    "training_in_held_out",
    "missing_round",
    "missing_reading",
    "changed_reading",
    "missing_model",
    "damaged_model",
    "missing_promotion",
    "unfounded_promotion",
    "contradiction",
]


@dataclass(frozen=True)
class Problem:
    """`code` for programs, `where` by codes only, and the sentence that a person reads."""

    code: ProblemCode
    where: str
    sentence: str

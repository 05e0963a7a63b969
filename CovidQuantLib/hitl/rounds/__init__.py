"""Rounds: a snapshot of the pool becomes a model, which is judged on the hold-out and promoted, or not.

    decision = start_round(pool, RoundOptions(training=TrainingOptions(minutes=60)))
    active_in_pool(pool)                                           # the model that the next proposal comes from

Everything that a round does is a record of its own in the pool, written once; a round that was stopped goes on from
there (`resume_round`). `docs/rounds.md` has the files and the rules. Importing this room needs no PyTorch.
"""

from CovidQuantLib.hitl.rounds.choices import Rule
from CovidQuantLib.hitl.rounds.claims import Timing
from CovidQuantLib.hitl.rounds.corrections import Correction, corrections
from CovidQuantLib.hitl.rounds.cycle import (
    Means,
    abandon_round,
    is_over,
    promote_round,
    resume_round,
    start_round,
)
from CovidQuantLib.hitl.rounds.decision import Decision, read_decision
from CovidQuantLib.hitl.rounds.evaluation import ScanJudged, judged_scans
from CovidQuantLib.hitl.rounds.models import PoolModel
from CovidQuantLib.hitl.rounds.next_scan import MEASURES, Eyes, Suggestion, lungs_of, next_scans
from CovidQuantLib.hitl.rounds.places import round_numbers
from CovidQuantLib.hitl.rounds.promotions import Promotion, active_in_pool, promoted_model, promotions, rollback
from CovidQuantLib.hitl.rounds.proposals import propose
from CovidQuantLib.hitl.rounds.requests import DEFAULT_MARGIN, RoundOptions
from CovidQuantLib.hitl.rounds.snapshot import rebuilt, snapshot_facts, snapshot_of
from CovidQuantLib.hitl.rounds.table import table3
from CovidQuantLib.hitl.rounds.verify import verify_pool

__all__ = [
    "DEFAULT_MARGIN",
    "MEASURES",
    "Correction",
    "Decision",
    "Eyes",
    "Means",
    "PoolModel",
    "Promotion",
    "RoundOptions",
    "Rule",
    "ScanJudged",
    "Suggestion",
    "Timing",
    "abandon_round",
    "active_in_pool",
    "corrections",
    "is_over",
    "judged_scans",
    "lungs_of",
    "next_scans",
    "promote_round",
    "promoted_model",
    "promotions",
    "propose",
    "read_decision",
    "rebuilt",
    "resume_round",
    "rollback",
    "round_numbers",
    "snapshot_facts",
    "snapshot_of",
    "start_round",
    "table3",
    "verify_pool",
]

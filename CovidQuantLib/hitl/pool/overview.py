"""`status`: what is in a pool, how far its scans are, and what somebody has to do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from CovidQuantLib.hitl.pool.clinical import Clinical
from CovidQuantLib.hitl.pool.drafts import drafts
from CovidQuantLib.hitl.pool.history import History, State, histories
from CovidQuantLib.hitl.pool.leases import leases
from CovidQuantLib.hitl.pool.opening import Pool
from CovidQuantLib.hitl.pool.origins import origin
from CovidQuantLib.hitl.pool.patients import patients
from CovidQuantLib.hitl.pool.quality import proposal_scores
from CovidQuantLib.hitl.pool.selection import select


@dataclass(frozen=True)
class ScanRow:
    """One scan in the list. `reference_start`: what the work on its reference began with; None without a reference."""

    scan: str
    patient: str
    day: int | None
    held_out: bool
    state: State
    drafts: tuple[str, ...]
    readers: tuple[str, ...]
    readings: tuple[str, ...]
    reference: str | None
    reference_start: str | None
    has_anatomy: bool
    licence: str
    source: str
    clinical: Clinical


@dataclass(frozen=True)
class Overview:
    """The pool in numbers. `drafts` are this user's, on this computer; `leases` may be expired.

    `scored_proposals` counts those that readers gave points, `unfit_proposals` those of them with a mean below 3.
    """

    pool: str
    training_patients: int
    held_out_patients: int
    held_out_with_reference: int
    minimum: int
    by_state: dict[State, int]
    training_readings: int
    held_out_readings: int
    held_out_from_a_proposal: int
    left_out: dict[str, int]
    drafts: int
    leases: int
    rows: tuple[ScanRow, ...]
    scored_proposals: int = 0
    unfit_proposals: int = 0

    @property
    def can_promote(self) -> bool:
        """Whether enough held-out patients have a reference for a round to promote a model."""
        return self.held_out_with_reference >= self.minimum


def overview(pool: Pool) -> Overview:
    """The pool as it is now."""
    sides = {patient.code: patient.side.held_out for patient in patients(pool)}
    past = histories(pool)
    mine = drafts(pool)
    chosen = select(pool)
    started: dict[str, list[str]] = {}
    for name in mine:
        started.setdefault(name.scan, []).append(name.reader)
    rows = tuple(_row(one, sides.get(one.scan.patient, False), tuple(started.get(one.scan.code, ()))) for one in past)
    scored = [one for each in past for one in proposal_scores(each)]
    return Overview(
        pool=pool.id,
        training_patients=sum(not held_out for held_out in sides.values()),
        held_out_patients=sum(sides.values()),
        held_out_with_reference=chosen.holdout_patients,
        minimum=pool.rule.minimum,
        by_state=dict(Counter(row.state for row in rows)),
        training_readings=len(chosen.training),
        held_out_readings=len(chosen.holdout),
        held_out_from_a_proposal=sum(not item.started_blank for item in chosen.holdout),
        left_out={str(reason): count for reason, count in chosen.left_out.items()},
        drafts=len(mine),
        leases=len(leases(pool)),
        rows=rows,
        scored_proposals=len(scored),
        unfit_proposals=sum(not one.is_fit for one in scored),
    )


def _row(past: History, held_out: bool, started: tuple[str, ...]) -> ScanRow:  # noqa: FBT001 - called by place once
    reference = past.reference
    return ScanRow(
        scan=past.scan.code,
        patient=past.scan.patient,
        day=past.scan.day,
        held_out=held_out,
        state=past.state,
        drafts=started,
        readers=tuple(sorted({one.reader or "" for one in past.readings})),
        readings=tuple(one.id for one in past.readings),
        reference=reference.id if reference else None,
        reference_start=origin(reference, past.revisions).kind if reference else None,
        has_anatomy=past.anatomy is not None,
        licence=past.scan.details.licence.name,
        source=past.scan.details.source,
        clinical=past.clinical,
    )

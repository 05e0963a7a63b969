"""Which readings a model is trained on, and on which it is judged: the references of a pool, parted for good."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from CovidQuantLib.hitl.pool.history import History, histories
from CovidQuantLib.hitl.pool.layout import CT_FILE, INFECTION_FILE, LUNGS_FILE, is_code
from CovidQuantLib.hitl.pool.opening import Pool
from CovidQuantLib.hitl.pool.origins import origin
from CovidQuantLib.hitl.pool.patients import Patient, patients
from CovidQuantLib.hitl.pool.quality import is_unfit
from CovidQuantLib.hitl.pool.revisions import Revision, Start
from CovidQuantLib.hitl.pool.scans import Scan

Reason = Literal[
    "no reading",
    "no reference chosen",
    "non-commercial",
    "reopened",
    "no whole patient record",
    "no whole anatomy",
    "uncorrected proposal below 3",
]

_TOLD = {"yes": True, "no": False}


@dataclass(frozen=True)
class Item:
    """One scan with its reference. `found` are all revisions of the scan, for maps that the reference stands on.

    `has_consolidation` is the scan's clinical fact; None where nobody has said, or it is not known.
    """

    patient: Patient
    scan: Scan
    revision: Revision
    found: tuple[Revision, ...]
    has_consolidation: bool | None = None

    @property
    def anatomy(self) -> Revision | None:
        """The revision that the reference names for its lungs, or began with before its reader changed them."""
        return next((one for one in self.found if one.id == self.revision.anatomy), None)

    @property
    def files(self) -> dict[str, Path]:
        """The CT ("image"), the mask ("label") and, where they are known, the "lungs", as they lie in the pool."""
        files = {"image": self.scan.folder / CT_FILE, "label": self.revision.folder / INFECTION_FILE}
        owner = self.revision if self.revision.has_lungs else self.anatomy
        return files if owner is None or not owner.has_lungs else {**files, "lungs": owner.folder / LUNGS_FILE}

    @property
    def start(self) -> Start:
        """What the work on the reference began with, whoever continued it."""
        return origin(self.revision, self.found)

    @property
    def started_blank(self) -> bool:
        """Whether the work on the reference began with nothing; another start favours the model that made it."""
        return self.start.kind == "blank"


@dataclass(frozen=True)
class Selection:
    """Items for training and of the hold-out, no patient in both; and how many scans were left out, by reason."""

    training: tuple[Item, ...]
    holdout: tuple[Item, ...]
    left_out: dict[Reason, int]

    @property
    def holdout_patients(self) -> int:
        """How many held-out patients have a reference."""
        return len({item.patient.code for item in self.holdout})


def select(pool: Pool, *, non_commercial: bool = True) -> Selection:
    """The references of the pool as it is now, by patient and scan.

    With `non_commercial` False only scans whose licence is known to allow commercial use are taken. A reopened scan
    waits until it is submitted again.
    """
    owners = {patient.code: patient for patient in patients(pool)}
    taken: list[Item] = []
    left_out: Counter[Reason] = Counter()
    for past in histories(pool):
        reason = _reason(past, owners, non_commercial=non_commercial)
        if reason is None and past.reference is not None:
            told = _TOLD.get(past.clinical.has_consolidation or "")
            taken.append(Item(owners[past.scan.patient], past.scan, past.reference, past.revisions, told))
        elif reason is not None:
            left_out[reason] += 1
    return Selection(
        training=tuple(item for item in taken if not item.patient.side.held_out),
        holdout=tuple(item for item in taken if item.patient.side.held_out),
        left_out=dict(left_out),
    )


def held_out_among(pool: Pool, codes: Iterable[str]) -> tuple[str, ...]:
    """Those of `codes` (of patients) that are held out, or that this pool cannot place: no model may train on them."""
    sides = {patient.code: patient.side.held_out for patient in patients(pool)}
    return tuple(sorted({code for code in codes if not is_code(code) or sides.get(code, True)}))


def _reason(past: History, owners: dict[str, Patient], *, non_commercial: bool) -> Reason | None:
    if past.scan.patient not in owners:
        return "no whole patient record"
    if not past.readings:
        return "no reading"
    if not non_commercial and not past.scan.details.licence.is_free:
        return "non-commercial"
    if past.state == "reopened":
        return "reopened"
    reference = past.reference
    if reference is None:
        return "no reference chosen"
    if is_unfit(past, reference):
        return "uncorrected proposal below 3"
    return None if _has_its_lungs(reference, past.revisions) else "no whole anatomy"


def _has_its_lungs(reference: Revision, found: tuple[Revision, ...]) -> bool:
    """Whether the lungs that a reading names are there, whole; one that names none was made without."""
    return reference.has_lungs or reference.anatomy is None or any(one.id == reference.anatomy for one in found)

"""What people decide about readings (approval, return, consensus, reopening, reference, quality), and facts they add.

Each decision is an event that is added; none takes back an earlier one. All raise `InputError` where the decision is
not lawful for the scan as it is, or the pool cannot be written.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from CovidQuantLib.hitl.pool.clinical import checked_facts
from CovidQuantLib.hitl.pool.events import Event, EventKind, Value, write_event
from CovidQuantLib.hitl.pool.history import history
from CovidQuantLib.hitl.pool.opening import Pool
from CovidQuantLib.hitl.pool.revisions import Revision, find_revision
from CovidQuantLib.hitl.pool.scans import Scan, scans
from CovidQuantLib.messages import InputError


def approve(pool: Pool, scan: Scan, revision: str, reader: str) -> Event:
    """`reader` has looked at another reader's reading and takes it: the scan is reviewed."""
    return _review(pool, scan, revision, reader, "approval")


def return_reading(pool: Pool, scan: Scan, revision: str, reader: str) -> Event:
    """`reader` has looked at another reader's reading and gives it back: the scan is reopened."""
    return _review(pool, scan, revision, reader, "return")


def agree_on(pool: Pool, scan: Scan, revision: str, reader: str) -> Event:
    """Several readers have agreed on this reading: the scan has a consensus. It takes readings by two readers."""
    past = history(pool, scan)
    if len({one.reader for one in past.readings} | {reader}) < 2:
        raise InputError("A consensus takes two readers, and only one has read this scan.")
    return _of_revision(pool, scan, find_revision(past.readings, revision), reader, "consensus")


def reopen(pool: Pool, scan: Scan, reader: str) -> Event:
    """Work on the scan begins again; its readings stay, and it counts in no round until somebody submits."""
    past = history(pool, scan)
    if not past.readings:
        raise InputError("Nobody has submitted a reading of this scan: there is nothing to reopen.")
    return write_event(
        pool, "reopening", patient=scan.patient, sequence=past.next_sequence, reader=reader, scan=scan.code
    )


def choose_reference(pool: Pool, scan: Scan, revision: str, reader: str) -> Event:
    """This reading is the scan's reference from now on."""
    return _of_revision(pool, scan, find_revision(history(pool, scan).readings, revision), reader, "reference")


def score_quality(pool: Pool, scan: Scan, revision: str, reader: str, score: int) -> Event:
    """`reader` gives the proposal that a reading began with 0 (useless) to 5 (nothing to correct) points."""
    found = find_revision(history(pool, scan).readings, revision)
    return _of_revision(pool, scan, found, reader, "quality", {"score": score})


def note_clinical(pool: Pool, scan: Scan, reader: str, facts: Mapping[str, Any]) -> Event:
    """Facts of a scan by the names of `Clinical`: `{"psi_class": 3}`; the last one counts, None takes it back."""
    return write_event(
        pool,
        "clinical",
        patient=scan.patient,
        sequence=history(pool, scan).next_sequence,
        reader=reader,
        scan=scan.code,
        values=checked_facts(facts),
    )


def label_patient(pool: Pool, patient: str, reader: str, labels: Mapping[str, Value]) -> Event:
    """Facts of a patient (a code): short words, whole numbers or truths by name; a name said again is replaced."""
    own = scans(pool, patient)
    if not own:
        raise InputError("There is no such patient in the pool.")
    numbers = [history(pool, scan).next_sequence for scan in own]
    return write_event(pool, "labels", patient=patient, sequence=max(numbers), reader=reader, values=labels)


def _review(pool: Pool, scan: Scan, revision: str, reader: str, kind: EventKind) -> Event:
    found = find_revision(history(pool, scan).readings, revision)
    if found.reader == reader:
        raise InputError("A reading is reviewed by somebody else than its reader.")
    return _of_revision(pool, scan, found, reader, kind)


def _of_revision(
    pool: Pool, scan: Scan, revision: Revision, reader: str, kind: EventKind, values: Mapping[str, Value] | None = None
) -> Event:
    sequence = history(pool, scan).next_sequence
    return write_event(
        pool,
        kind,
        patient=scan.patient,
        sequence=sequence,
        reader=reader,
        scan=scan.code,
        revision=revision.id,
        values=values,
    )

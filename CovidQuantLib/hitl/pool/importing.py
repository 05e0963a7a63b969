"""Importing: masks that were made elsewhere become readings with an unknown start, each scan with its licence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from CovidQuantLib.anatomy import LEFT_LUNG, RIGHT_LUNG
from CovidQuantLib.ct import CtVolume, LabelArray
from CovidQuantLib.ct.reading import read_ct, read_labelmap
from CovidQuantLib.hitl.pool.adding import AddedScan, add_scan
from CovidQuantLib.hitl.pool.durable import PoolWriteError
from CovidQuantLib.hitl.pool.events import Value, labels_of, write_event
from CovidQuantLib.hitl.pool.history import history
from CovidQuantLib.hitl.pool.licences import Licence
from CovidQuantLib.hitl.pool.opening import Pool
from CovidQuantLib.hitl.pool.public_sets import PublicCase, PublicSet
from CovidQuantLib.hitl.pool.reading_maps import AnatomyMaps, Reading
from CovidQuantLib.hitl.pool.revisions import UNKNOWN, Classes, Revision
from CovidQuantLib.hitl.pool.scans import ScanDetails
from CovidQuantLib.hitl.pool.subjects import Subject
from CovidQuantLib.hitl.pool.submit import submit_anatomy, submit_reading
from CovidQuantLib.messages import InputError
from CovidQuantLib.progress import Progress, no_progress, part_of


@dataclass(frozen=True)
class ImportedMask:
    """A mask to import with its CT: uint8 maps, axes (k, j, i), on the CT's grid. `labels` are facts of the patient."""

    ct: CtVolume
    infection: LabelArray
    reader: str
    classes: Classes
    lungs: LabelArray | None = None
    lungs_source: str = "imported"
    labels: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class ImportReport:
    """What became of the cases of a set: new ones, ones that were here, and ones left out, by the sentence why."""

    imported: int
    known: int
    left_out: dict[str, int]


def import_mask(
    pool: Pool, mask: ImportedMask, subject: Subject, details: ScanDetails, *, held_out: bool | None = None
) -> tuple[AddedScan, Revision | None]:
    """Add the CT and submit the mask as a reading with an unknown start; the reading is None where it is here already.

    Infection outside the lungs is added to them: whoever drew the mask took it for lung. Errors as `add_scan` and
    `submit_reading`.
    """
    added = add_scan(pool, mask.ct, subject, details=details, held_out=held_out)
    past = history(pool, added.scan)
    if past.newest_by(mask.reader) is not None:
        return added, None
    if mask.lungs is not None and past.anatomy is None:
        submit_anatomy(pool, added.scan, AnatomyMaps(mask.lungs, sources={"lungs": mask.lungs_source}))
    reading = Reading(mask.infection, mask.reader, UNKNOWN, classes=mask.classes, outside="add")
    revision = submit_reading(pool, added.scan, reading)
    known = labels_of(past.events)
    if news := {name: value for name, value in mask.labels.items() if known.get(name) != value}:
        sequence = history(pool, added.scan).next_sequence
        patient = added.patient.code
        write_event(pool, "labels", patient=patient, sequence=sequence, reader=mask.reader, values=news)
    return added, revision


def import_set(
    pool: Pool,
    public: PublicSet,
    cases: tuple[PublicCase, ...],
    *,
    licence: Licence | None = None,
    progress: Progress = no_progress,
) -> ImportReport:
    """Import the cases of a public set, each as a patient of its own; what cannot be used is left out and counted.

    `licence` takes the place of the set's own. Raises `InputError` where the pool cannot be written.
    """
    details = ScanDetails(licence=licence or public.licence, source=public.name)
    imported, known = 0, 0
    left_out: Counter[str] = Counter()
    for number, case in enumerate(cases):
        step = part_of(progress, number / len(cases), (number + 1) / len(cases))
        try:
            subject = Subject(case.patient_id, issuer=public.name)
            _, revision = import_mask(pool, _read(public, case, step), subject, details)
        except PoolWriteError:
            raise
        except InputError as error:
            left_out[str(error)] += 1
            continue
        imported, known = imported + (revision is not None), known + (revision is None)
    return ImportReport(imported, known, dict(left_out))


def _read(public: PublicSet, case: PublicCase, progress: Progress) -> ImportedMask:
    ct = read_ct(case.image, progress=part_of(progress, 0.0, 0.6))
    infection = _translated(read_labelmap(case.mask, ct), public.mask_labels)
    lungs = None
    if case.lungs is not None:
        lungs = _translated(read_labelmap(case.lungs, ct), public.lung_labels)
        _check_sides(lungs)
    return ImportedMask(ct, infection, public.reader, public.classes, lungs, public.name, case.labels)


def _translated(labels: LabelArray, meaning: Mapping[int, int]) -> LabelArray:
    """Their labels as ours. Raises `InputError` for one that the set's description does not name."""
    table = np.zeros(256, np.uint8)
    table[list(meaning)] = list(meaning.values())
    if unknown := set(np.unique(labels).tolist()) - set(meaning):
        raise InputError(f"A mask holds the label {min(unknown)}, which the data set's description does not name.")
    return table[labels]


def _check_sides(lungs: LabelArray) -> None:
    """Refuse lungs whose right one lies on the patient's left: the file's orientation is then not to be trusted."""
    means = [
        float(np.flatnonzero((lungs == lung.label).any(axis=(0, 1))).mean()) if (lungs == lung.label).any() else None
        for lung in (RIGHT_LUNG, LEFT_LUNG)
    ]
    if means[0] is not None and means[1] is not None and means[0] > means[1]:
        raise InputError("Right and left lung are swapped against the file's own orientation: one of both is wrong.")


def read_mask(path: Path, ct: CtVolume) -> tuple[LabelArray, Classes]:
    """An infection mask of any editor on the CT's grid, and what its labels mean: 2 stands for consolidation.

    Raises `InputError` where it holds other labels than 0, 1 and 2, or stands on another grid.
    """
    labels = read_labelmap(path, ct)
    highest = int(labels.max(initial=0))
    if highest > 2:
        raise InputError(
            f"The mask holds the label {highest}. Give infection as 1 ground glass and 2 consolidation, or as 1 alone."
        )
    return labels, "ground glass and consolidation" if highest > 1 else "infection"

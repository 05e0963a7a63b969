"""The pool: a folder of CTs and readings that several readers use at once, in which nothing is ever overwritten.

    pool = open_pool(folder)                                       # or init_pool(folder)
    added = add_scan(pool, ct, Subject(patient_id))                # CtVolume in, a scan with a code
    submit_anatomy(pool, added.scan, AnatomyMaps(lungs, lobes, segments, sources))
    revision = submit_reading(pool, added.scan, Reading(infection, "R1", BLANK))
    history(pool, added.scan).reference                            # the reading that counts

Every function that is given something unlawful, or a disk that refuses, raises `InputError` with one sentence for the
user. `docs/pool.md` has the layout and the promises.
"""

from CovidQuantLib.hitl.pool.adding import AddedScan, add_scan, known_scan
from CovidQuantLib.hitl.pool.clinical import Clinical
from CovidQuantLib.hitl.pool.drafts import (
    Draft,
    DraftName,
    draft_name,
    drafts,
    load_draft,
    reading_of,
    remove_draft,
    save_draft,
    saving_draft,
)
from CovidQuantLib.hitl.pool.events import Event, events, labels_of
from CovidQuantLib.hitl.pool.export_datalist import export_datalist
from CovidQuantLib.hitl.pool.export_nnunet import export_nnunet
from CovidQuantLib.hitl.pool.history import History, State, histories, history
from CovidQuantLib.hitl.pool.holdout import HoldoutRule, Side
from CovidQuantLib.hitl.pool.importing import ImportedMask, import_mask, import_set
from CovidQuantLib.hitl.pool.keys import export_key, import_key
from CovidQuantLib.hitl.pool.leases import Lease, LeaseWatch, beat, leases, release, take_lease
from CovidQuantLib.hitl.pool.licences import Licence, licence
from CovidQuantLib.hitl.pool.marks import (
    agree_on,
    approve,
    choose_reference,
    label_patient,
    note_clinical,
    reopen,
    return_reading,
    score_quality,
)
from CovidQuantLib.hitl.pool.opening import Pool, init_pool, open_pool
from CovidQuantLib.hitl.pool.overview import Overview, ScanRow, overview
from CovidQuantLib.hitl.pool.patients import Patient, patients
from CovidQuantLib.hitl.pool.problems import Problem
from CovidQuantLib.hitl.pool.public_sets import PublicCase, PublicSet, public_sets, recognise
from CovidQuantLib.hitl.pool.readers_agree import PairOfReadings, compare_readers, compare_readings
from CovidQuantLib.hitl.pool.reading_maps import AnatomyMaps, Reading, read_anatomy_map, read_lungs
from CovidQuantLib.hitl.pool.revisions import BLANK, UNKNOWN, Revision, Start, revisions
from CovidQuantLib.hitl.pool.scans import Scan, ScanDetails, find_scan, read_scan_ct, scans
from CovidQuantLib.hitl.pool.selection import Item, Selection, held_out_among, select
from CovidQuantLib.hitl.pool.snapshots import Snapshot, format_snapshot, read_snapshot, take_snapshot
from CovidQuantLib.hitl.pool.subjects import Subject
from CovidQuantLib.hitl.pool.submit import submit_anatomy, submit_reading
from CovidQuantLib.hitl.pool.verify import Verification, verify

__all__ = [
    "BLANK",
    "UNKNOWN",
    "AddedScan",
    "AnatomyMaps",
    "Clinical",
    "Draft",
    "DraftName",
    "Event",
    "History",
    "HoldoutRule",
    "ImportedMask",
    "Item",
    "Lease",
    "LeaseWatch",
    "Licence",
    "Overview",
    "PairOfReadings",
    "Patient",
    "Pool",
    "Problem",
    "PublicCase",
    "PublicSet",
    "Reading",
    "Revision",
    "Scan",
    "ScanDetails",
    "ScanRow",
    "Selection",
    "Side",
    "Snapshot",
    "Start",
    "State",
    "Subject",
    "Verification",
    "add_scan",
    "agree_on",
    "approve",
    "beat",
    "choose_reference",
    "compare_readers",
    "compare_readings",
    "draft_name",
    "drafts",
    "events",
    "export_datalist",
    "export_key",
    "export_nnunet",
    "find_scan",
    "format_snapshot",
    "held_out_among",
    "histories",
    "history",
    "import_key",
    "import_mask",
    "import_set",
    "init_pool",
    "known_scan",
    "label_patient",
    "labels_of",
    "leases",
    "licence",
    "load_draft",
    "note_clinical",
    "open_pool",
    "overview",
    "patients",
    "public_sets",
    "read_anatomy_map",
    "read_lungs",
    "read_scan_ct",
    "read_snapshot",
    "reading_of",
    "recognise",
    "release",
    "remove_draft",
    "reopen",
    "return_reading",
    "revisions",
    "save_draft",
    "saving_draft",
    "scans",
    "score_quality",
    "select",
    "submit_anatomy",
    "submit_reading",
    "take_lease",
    "take_snapshot",
    "verify",
]
